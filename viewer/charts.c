#include "viewer/charts.h"
#include "viewer/colors.h"

#include "base/number.h"
#include "base/ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMOOTHING = 5 /* timesteps to either side */, MOST_POINTS = 400 };

struct ks_charts {
    const mjrContext* con;
    double unit;
    mjvFigure figure; /* 800 kB */
};

static const float PAPER[3] = {0.975f, 0.98f, 0.985f};
static const float INK[3] = {0.20f, 0.23f, 0.27f};
static const float RULE[3] = {0.78f, 0.81f, 0.84f};

ks_charts* ks_charts_create(const mjrContext* context, double unit, ks_error* err) {
    ks_charts* c = calloc(1, sizeof *c);
    if (!c) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    c->con = context;
    c->unit = unit;
    mjv_defaultFigure(&c->figure);
    mjvFigure* f = &c->figure;
    for (int i = 0; i < 3; i++) {
        f->figurergba[i] = PAPER[i];
        f->panergba[i] = 1;
        f->textrgb[i] = INK[i];
        f->gridrgb[i] = 0.86f;
    }
    f->figurergba[3] = f->panergba[3] = 1;
    f->flg_legend = 0;
    f->linewidth = (float)(1.8 * unit);
    f->gridwidth = (float)unit;
    return c;
}

void ks_charts_destroy(ks_charts* c) {
    free(c);
}

static int px(const ks_charts* c, double units) {
    return (int)lround(units * c->unit);
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------------- */

int ks_charts_text_width(const ks_charts* c, const char* text) {
    int width = 0;
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        width += letter < 127 ? c->con->charWidth[letter] : 0;
    }
    return width;
}

void ks_charts_text(const ks_charts* c, int left, int middle, const char* text, const float rgb[3]) {
    mjrRect r = {left, middle - c->con->charHeight / 2, ks_charts_text_width(c, text), c->con->charHeight};
    mjr_label(r, mjFONT_NORMAL, text, 0, 0, 0, 0, rgb[0], rgb[1], rgb[2], c->con);
}

void ks_charts_headline(const ks_charts* c, mjrRect where, const char* text, const float rgb[3]) {
    int width = 0;
    for (const char* at = text; *at; at++) {
        unsigned char letter = (unsigned char)*at;
        width += letter < 127 ? c->con->charWidthBig[letter] : 0;
    }
    int middle = where.bottom + where.height / 2;
    mjrRect r = {where.left + (where.width - width) / 2, middle - c->con->charHeightBig / 2, width,
                 c->con->charHeightBig};
    mjr_label(r, mjFONT_BIG, text, 0, 0, 0, 0, rgb[0], rgb[1], rgb[2], c->con);
}

void ks_charts_text_ends(const ks_charts* c, mjrRect r, const char* left, const char* right, const float rgb[3]) {
    int margin = px(c, 10), used = ks_charts_text_width(c, left), width = ks_charts_text_width(c, right);
    int middle = r.bottom + r.height / 2;
    bool both = used + width + 3 * margin <= r.width;
    if (used + 2 * margin <= r.width || both) {
        ks_charts_text(c, r.left + margin, middle, left, rgb);
    }
    if (both) {
        ks_charts_text(c, r.left + r.width - margin - width, middle, right, rgb);
    }
}

/* ---- bars ------------------------------------------------------------------------------------------------------------------------ */

static void fill(int left, int bottom, int width, int height, const float rgb[3]) {
    mjr_rectangle((mjrRect){left, bottom, width, height}, rgb[0], rgb[1], rgb[2], 1);
}

/* Lowest and highest return of a trajectory, 0 included. */
static void return_range(double range[2], const ks_play* play) {
    range[0] = range[1] = 0;
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps; j++) {
            const ks_act* act = &play->acts[r][j];
            range[0] = fmin(range[0], act->mean_return);
            range[1] = fmax(range[1], act->mean_return);
            for (size_t i = 0; i < act->num_sampled; i++) {
                range[0] = fmin(range[0], act->returns[i]);
                range[1] = fmax(range[1], act->returns[i]);
            }
        }
    }
}

static void centred(const ks_charts* c, int left, int right, int middle, const char* text) {
    ks_charts_text(c, (left + right - ks_charts_text_width(c, text)) / 2, middle, text, INK);
}

/* One act's: its mean as a bar from 0, every trajectory's return as a thin line, that of the one shown as a dark one. */
static void bar(const ks_charts* c, mjrRect r, int zero, double scale, const ks_act* act, const float rgb[3]) {
    int end = zero + (int)lround(act->mean_return * scale), low = end < zero ? end : zero;
    int thin = px(c, 1) > 0 ? px(c, 1) : 1, inset = r.width / 5;
    fill(r.left, low, r.width, abs(end - zero) > thin ? abs(end - zero) : thin, rgb);
    for (size_t i = 0; i < act->num_sampled; i++) {
        int at = zero + (int)lround(act->returns[i] * scale);
        mjr_rectangle((mjrRect){r.left + inset, at, r.width - 2 * inset, thin}, INK[0], INK[1], INK[2], 0.35f);
    }
    if (act->world) { /* goes on, and is none of them */
        return;
    }
    int shown = zero + (int)lround(act->ret[act->length] * scale);
    shown = shown < r.bottom ? r.bottom : shown > r.bottom + r.height ? r.bottom + r.height : shown;
    fill(r.left, shown - thin, r.width, 2 * thin, INK);
}

/* One policy's bars over the width of `r`, with means above and the number of steps below. */
static void bars(const ks_charts* c, mjrRect r, const ks_act* acts, int count, const double range[2]) {
    int line = c->con->charHeight;
    double scale = r.height / fmax(range[1] - range[0], 1e-9);
    int zero = r.bottom + (int)(-range[0] * scale);
    for (int j = 0; j < count; j++) {
        float rgb[3];
        char text[32];
        int left = r.left + r.width * j / count, right = r.left + r.width * (j + 1) / count;
        int inset = (right - left) / 6;
        ks_step_color(rgb, j);
        bar(c, (mjrRect){left + inset, r.bottom, right - left - 2 * inset, r.height}, zero, scale, &acts[j], rgb);
        ks_snprintf(text, sizeof text, fabs(acts[j].mean_return) < 10 ? "%.1f" : "%.0f", acts[j].mean_return);
        centred(c, left, right, r.bottom + r.height + line, text);
        snprintf(text, sizeof text, j == 0 ? "before" : j == 1 ? "1 step" : "%d steps", j);
        if (ks_charts_text_width(c, text) > (right - left) * 9 / 10) {
            snprintf(text, sizeof text, "%d", j);
        }
        centred(c, left, right, r.bottom - line, text);
    }
    fill(r.left, zero, r.width, px(c, 1), RULE);
}

/* The longest of what may be said that has room. */
static void bars_title(char* out, size_t room, const ks_charts* c, const ks_act* act, const char* label, int width) {
    const char* colon = label ? ": " : "";
    size_t n = act->num_sampled;
    label = label ? label : "";
    for (int brevity = 0; brevity < 5; brevity++) {
        switch (brevity) {
            case 0:
                snprintf(out, room, "%s%smean return of %zu   (lines: each, dark: the one shown)", label, colon, n);
                break;
            case 1:
                snprintf(out, room, "%s%smean of %zu  (lines: each, dark: shown)", label, colon, n);
                break;
            case 2:
                snprintf(out, room, "%s%smean return of %zu", label, colon, n);
                break;
            case 3:
                snprintf(out, room, "%s%smean of %zu", label, colon, n);
                break;
            default:
                snprintf(out, room, "%s", *label ? label : "mean");
        }
        if (ks_charts_text_width(c, out) <= width) {
            return;
        }
    }
}

void ks_charts_returns(ks_charts* c, mjrRect w, const ks_play* play, const char* const* labels) {
    int line = c->con->charHeight, margin = px(c, 10);
    double range[2];
    return_range(range, play);
    fill(w.left, w.bottom, w.width, w.height, PAPER);
    for (int row = 0; row < play->rows; row++) {
        int left = w.left + w.width * row / play->rows + margin;
        int width = w.left + w.width * (row + 1) / play->rows - margin - left;
        char title[128];
        bars_title(title, sizeof title, c, &play->acts[row][0], labels[row], width);
        ks_charts_text(c, left, w.bottom + w.height - margin - line / 2, title, INK);
        /* below the title a line for the means; below the bars one for the steps */
        mjrRect r = {left, w.bottom + margin / 2 + 3 * line / 2, width, w.height - 9 * line / 2 - 5 * margin / 2};
        if (r.height > 0) {
            bars(c, r, play->acts[row], play->steps + 1, range);
        }
    }
}

/* ---- curves ---------------------------------------------------------------------------------------------------------------------- */

static double smoothed(const ks_act* act, size_t i) {
    size_t first = i > SMOOTHING ? i - SMOOTHING : 0;
    size_t last = i + SMOOTHING < act->length ? i + SMOOTHING : act->length - 1;
    return (act->ret[last + 1] - act->ret[first]) / (double)(last + 1 - first);
}

static void curve(mjvFigure* f, int line, const ks_play* play, const ks_act* act, double time) {
    size_t stride = 1 + act->length / MOST_POINTS;
    int points = 0;
    for (size_t i = 0; i < act->length && (double)i * play->dt <= time; i += stride) {
        f->linedata[line][2 * points] = (float)((double)i * play->dt);
        f->linedata[line][2 * points + 1] = (float)smoothed(act, i);
        points++;
    }
    f->linepnt[line] = points;
}

/* of all that will be drawn, so that the axis stays as it is */
static void reward_range(double range[2], const ks_play* play) {
    range[0] = INFINITY;
    range[1] = -INFINITY;
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps; j++) {
            const ks_act* act = &play->acts[r][j];
            for (size_t i = 0; i < act->length; i++) {
                range[0] = fmin(range[0], smoothed(act, i));
                range[1] = fmax(range[1], smoothed(act, i));
            }
        }
    }
    if (!(range[0] <= range[1])) { /* nobody has done a step */
        range[0] = range[1] = 0;
    }
}

/* From the first mark to the last: MuJoCo draws marks at equal distances between the ends of an axis. */
static void set_axis(mjvFigure* f, int axis, char* format, size_t room, ks_ticks t) {
    f->range[axis][0] = (float)t.low;
    f->range[axis][1] = (float)t.high;
    f->gridsize[axis] = t.count;
    snprintf(format, room, "%%.%df", t.decimals);
}

/* How many steps between marks a chart has room for. */
static int room_for(const ks_charts* c, int pixels, double units) {
    int most = (int)(pixels / (units * c->unit));
    return most < 2 ? 2 : most > 6 ? 6 : most;
}

void ks_charts_rewards(ks_charts* c, mjrRect w, const ks_play* play, const char* const* labels, double time) {
    mjvFigure* f = &c->figure;
    double range[2];
    reward_range(range, play);
    set_axis(f, 1, f->yformat, sizeof f->yformat, ks_ticks_around(range[0], range[1], room_for(c, w.height, 40)));
    set_axis(f, 0, f->xformat, sizeof f->xformat,
             ks_ticks_around(0, fmax(ks_play_duration(play), play->dt), room_for(c, w.width / play->rows, 80)));
    for (int r = 0; r < play->rows; r++) { /* a chart each, since the colours are those of the steps */
        int left = w.width * r / play->rows, right = w.width * (r + 1) / play->rows;
        memset(f->linepnt, 0, sizeof f->linepnt);
        char title[96];
        snprintf(title, sizeof title, "%s%sreward per timestep%s", labels[r] ? labels[r] : "", labels[r] ? ": " : "",
                 play->rows < 3 ? ", over seconds" : "");
        for (int j = 0; j <= play->steps && j < mjMAXLINE; j++) {
            ks_step_color(f->linergb[j], j);
            curve(f, j, play, &play->acts[r][j], time);
        }
        int line = c->con->charHeight, margin = px(c, 10);
        mjrRect whole = {w.left + left, w.bottom, right - left, w.height}, below = whole;
        below.height -= margin + line;
        fill(whole.left, whole.bottom, whole.width, whole.height, PAPER);
        ks_charts_text(c, whole.left + margin, w.bottom + w.height - margin - line / 2, title, INK);
        mjr_figure(below, f, c->con);
    }
}

#include "viewer/charts.h"
#include "viewer/colors.h"

#include "base/number.h"
#include "viewer/scene.h"

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
    f->gridsize[0] = 5;
    f->gridsize[1] = 3;
    f->linewidth = (float)(1.8 * unit);
    f->gridwidth = (float)unit;
    snprintf(f->xformat, sizeof f->xformat, "%%.1f");
    snprintf(f->yformat, sizeof f->yformat, "%%.1f");
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

/* Lowest and highest mean return, 0 included. */
static void return_range(double range[2], const ks_play* play) {
    range[0] = range[1] = 0;
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps; j++) {
            range[0] = fmin(range[0], play->acts[r][j].mean_return);
            range[1] = fmax(range[1], play->acts[r][j].mean_return);
        }
    }
}

static void bar(const ks_charts* c, int left, int width, int zero, int end, double value, const float rgb[3]) {
    char text[32];
    int low = end < zero ? end : zero;
    fill(left, low, width, abs(end - zero) > 0 ? abs(end - zero) : 1, rgb);
    ks_snprintf(text, sizeof text, fabs(value) < 10 ? "%.1f" : "%.0f", value);
    int half = c->con->charHeight / 2 + px(c, 2);
    ks_charts_text(c, left + (width - ks_charts_text_width(c, text)) / 2, value < 0 ? end - half : end + half, text,
                   INK);
}

/* One policy's bars over the width of `r`, which leaves room for numbers at the ends of bars. */
static void bars(const ks_charts* c, mjrRect r, const ks_act* acts, int count, const double range[2]) {
    double scale = r.height / fmax(range[1] - range[0], 1e-9);
    int zero = r.bottom + (int)(-range[0] * scale);
    for (int j = 0; j < count; j++) {
        float rgb[3];
        char text[16];
        int left = r.left + r.width * j / count, right = r.left + r.width * (j + 1) / count;
        int inset = (right - left) / 6;
        ks_step_color(rgb, j);
        bar(c, left + inset, right - left - 2 * inset, zero, zero + (int)(acts[j].mean_return * scale),
            acts[j].mean_return, rgb);
        snprintf(text, sizeof text, "%d", j);
        int middle = r.bottom - (range[0] < 0 ? 2 : 1) * c->con->charHeight;
        ks_charts_text(c, (left + right - ks_charts_text_width(c, text)) / 2, middle, text, INK);
    }
    fill(r.left, zero, r.width, px(c, 1), RULE);
}

void ks_charts_returns(ks_charts* c, mjrRect w, const ks_play* play, const char* const* labels) {
    static const char* const LONG = "mean return after gradient steps";
    int line = c->con->charHeight, margin = px(c, 10);
    double range[2];
    return_range(range, play);
    fill(w.left, w.bottom, w.width, w.height, PAPER);
    for (int row = 0; row < play->rows; row++) {
        int left = w.left + w.width * row / play->rows + margin;
        int width = w.left + w.width * (row + 1) / play->rows - margin - left;
        char title[96];
        snprintf(title, sizeof title, "%s%s%s", labels[row] ? labels[row] : "", labels[row] ? ": " : "", LONG);
        if (ks_charts_text_width(c, title) > width) {
            snprintf(title, sizeof title, "%s", labels[row] ? labels[row] : "mean return");
        }
        ks_charts_text(c, left, w.bottom + w.height - margin - line / 2, title, INK);
        /* a line each for the title, the numbers above bars, those below, and those of the steps */
        int above = range[1] > 0 ? 5 * line / 2 : 3 * line / 2, below = range[0] < 0 ? 5 * line / 2 : 3 * line / 2;
        mjrRect r = {left, w.bottom + margin / 2 + below, width, w.height - above - below - 2 * margin};
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
static void reward_range(float range[2], const ks_play* play) {
    double low = INFINITY, high = -INFINITY;
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps; j++) {
            const ks_act* act = &play->acts[r][j];
            for (size_t i = 0; i < act->length; i++) {
                double value = smoothed(act, i);
                low = fmin(low, value);
                high = fmax(high, value);
            }
        }
    }
    double margin = 0.05 * (high - low) + 1e-6;
    range[0] = (float)(low - margin);
    range[1] = (float)(high + margin);
}

void ks_charts_rewards(ks_charts* c, mjrRect w, const ks_play* play, double time) {
    mjvFigure* f = &c->figure;
    int line = 0;
    memset(f->linepnt, 0, sizeof f->linepnt);
    snprintf(f->title, sizeof f->title, "reward per timestep, over seconds");
    f->range[0][0] = 0;
    f->range[0][1] = (float)fmax(ks_play_duration(play), play->dt);
    reward_range(f->range[1], play);
    for (int r = 0; r < play->rows; r++) {
        for (int j = 0; j <= play->steps && line < mjMAXLINE; j++, line++) {
            ks_step_color(f->linergb[line], j);
            curve(f, line, play, &play->acts[r][j], time);
        }
    }
    mjr_figure(w, f, c->con);
}

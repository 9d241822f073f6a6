#include "viewer/picture.h"
#include "viewer/colors.h"

#include "base/number.h"
#include "viewer/charts.h"
#include "viewer/task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_ROOM = 512, READOUT_ROOM = 64 };
enum {
    TITLE_HEIGHT = 24,
    READOUT_HEIGHT = 20,
    READOUT_FROM = 120
}; /* units: of a pane's strips, and of a pane that has both */

static const double SPEED_OVER = 0.5; /* s, that a speed is the mean of */

struct ks_picture {
    ks_scene* scene;
    double unit;
    ks_charts* charts;
};

static const float WHITE[3] = {1, 1, 1};
static const float DARK[3] = {0.14f, 0.17f, 0.21f};
static const float PALE[3] = {0.72f, 0.77f, 0.82f};
static const float AWAITED[3] = {0.10f, 0.46f, 0.27f}; /* the goal's green */
static const float PAPER[3] = {0.975f, 0.98f, 0.985f};

ks_picture* ks_picture_create(ks_scene* scene, double unit, ks_error* err) {
    ks_picture* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->scene = scene;
    p->unit = unit;
    p->charts = ks_charts_create(ks_scene_context(scene), unit, err);
    if (!p->charts) {
        ks_picture_destroy(p);
        return NULL;
    }
    return p;
}

void ks_picture_destroy(ks_picture* p) {
    if (p) {
        ks_charts_destroy(p->charts);
        free(p);
    }
}

/* ---- layout ------------------------------------------------------------------------------------------------------------------ */

static int px(const ks_picture* p, double units) {
    return (int)lround(units * p->unit);
}

/* Whether there is something to read off: how far it has come, or has to go. */
static bool has_readout(const ks_picture* p) {
    const ks_env_look* look = ks_scene_look(p->scene);
    return look->track || look->goal == KS_GOAL_PLACE;
}

typedef struct layout {
    mjrRect header, panes, bars, curves; /* the last two: width 0 if there is no room */
    int rows, columns;                   /* of panes */
    bool wrapped;                        /* one policy's panes go over several rows */
} layout;

static layout lay_out(const ks_picture* p, mjrRect w, const ks_play* play, const ks_caption* caption) {
    layout l = {.rows = play->rows, .columns = play->steps + 1};
    int header = px(p, w.height < px(p, 300) ? 22 : 32);
    int charts = caption->charts && w.height >= px(p, 360) && w.width >= px(p, 360) ? w.height * 31 / 100 : 0;
    charts = charts > px(p, 190) ? px(p, 190) : charts;
    l.header = (mjrRect){w.left, w.bottom + w.height - header, w.width, header};
    l.panes = (mjrRect){w.left, w.bottom + charts, w.width, w.height - header - charts};
    if (charts > 0) {
        int left = w.width * 38 / 100;
        l.bars = (mjrRect){w.left, w.bottom, left, charts};
        l.curves = (mjrRect){w.left + left, w.bottom, w.width - left, charts};
    }
    /* panes much higher than wide would show more sky than actor */
    double aspect = (double)l.panes.width / l.columns / ((double)l.panes.height / l.rows);
    if (play->rows == 1 && l.columns > 2 && aspect < 0.6) {
        l.wrapped = true;
        l.columns = (play->steps + 2) / 2;
        l.rows = 2;
    }
    return l;
}

static mjrRect pane_at(const ks_picture* p, const layout* l, int row, int step) {
    int column = l->wrapped ? step % l->columns : step;
    int line = l->wrapped ? step / l->columns : row;
    int gap = px(p, 2);
    int left = l->panes.left + l->panes.width * column / l->columns;
    int right = l->panes.left + l->panes.width * (column + 1) / l->columns;
    int top = l->panes.bottom + l->panes.height - l->panes.height * line / l->rows;
    int bottom = l->panes.bottom + l->panes.height - l->panes.height * (line + 1) / l->rows;
    return (mjrRect){left + (column > 0 ? gap : 0), bottom + gap, right - left - (column > 0 ? gap : 0),
                     top - bottom - gap};
}

/* Where a pane's scene is: between its title and what is read off. */
static mjrRect scene_in(const ks_picture* p, mjrRect pane) {
    int top = px(p, TITLE_HEIGHT) < pane.height / 6 ? px(p, TITLE_HEIGHT) : pane.height / 6;
    int low = has_readout(p) && pane.height >= px(p, READOUT_FROM) ? px(p, READOUT_HEIGHT) : 0;
    return (mjrRect){pane.left, pane.bottom + low, pane.width, pane.height - top - low};
}

bool ks_picture_find_pane(const ks_picture* p, mjrRect where, const ks_play* play, const ks_caption* caption, double x,
                          double y, mjrRect* pane, int* row, int* step) {
    layout l = lay_out(p, where, play, caption);
    for (*row = 0; *row < play->rows; ++*row) {
        for (*step = 0; *step <= play->steps; ++*step) {
            *pane = scene_in(p, pane_at(p, &l, *row, *step));
            if (x >= pane->left && x < pane->left + pane->width && y >= pane->bottom &&
                y < pane->bottom + pane->height) {
                return true;
            }
        }
    }
    return false;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------------- */

enum { BRIEFEST = 2 };
/* "after 2 gradient steps", "after 2 steps", "2 steps" */
static void steps_text(char* out, size_t room, int steps, int brevity) {
    static const char* const BEFORE[] = {"before adapting", "before adapting", "before"};
    static const char* const AFTER[] = {"after %d gradient step%s", "after %d step%s", "%d step%s"};
    if (steps == 0) {
        snprintf(out, room, "%s", BEFORE[brevity]);
    } else {
        snprintf(out, room, AFTER[brevity], steps, steps == 1 ? "" : "s");
    }
}

static void fill(mjrRect r, const float rgb[3], float alpha) {
    mjr_rectangle(r, rgb[0], rgb[1], rgb[2], alpha);
}

/* A strip with a text at each end; the right one goes first when there is no room for both. */
static void strip(ks_picture* p, mjrRect r, const char* left, const char* right, const float back[3], float alpha,
                  const float ink[3]) {
    fill(r, back, alpha);
    int margin = px(p, 8);
    int used = ks_charts_text_width(p->charts, left);
    ks_charts_text(p->charts, r.left + margin, r.bottom + r.height / 2, left, ink);
    if (right) {
        int width = ks_charts_text_width(p->charts, right);
        if (used + width + 3 * margin <= r.width) {
            ks_charts_text(p->charts, r.left + r.width - margin - width, r.bottom + r.height / 2, right, ink);
        }
    }
}

/* Environment and task, with as many of its numbers as there is room for beside the text on the right. */
static void title(char out[TITLE_ROOM], const ks_picture* p, int width, const ks_play* play, const ks_caption* caption,
                  const char* right) {
    int taken = (right ? ks_charts_text_width(p->charts, right) : 0) + px(p, 24);
    for (int most = KS_TASK_NAMED; most >= 0; most--) {
        char task[TITLE_ROOM / 2];
        ks_task_text(task, sizeof task, play->def, play->task, most);
        snprintf(out, TITLE_ROOM, "%s:  %s", caption->title, task);
        if (ks_charts_text_width(p->charts, out) + taken <= width) {
            break;
        }
    }
}

/* Which of many trajectories the panes have. */
static void shown_text(char* out, size_t room, const ks_play* play) {
    if (play->is_median) {
        snprintf(out, room, "shown: the median of %zu by return", play->acts[0][0].num_sampled);
    } else {
        snprintf(out, room, "shown: the mean actions");
    }
}

static void header(ks_picture* p, mjrRect r, const ks_play* play, double time, const ks_caption* caption) {
    char left[TITLE_ROOM], right[192], what[64];
    shown_text(what, sizeof what, play);
    ks_snprintf(right, sizeof right, "%s     %s%s%.2f s", what, caption->status ? caption->status : "",
                caption->status ? "     " : "", fmin(time, ks_play_duration(play)));
    title(left, p, r.width, play, caption, right);
    strip(p, r, left, right, DARK, 1, WHITE);
}

/* In place of the header: what is coming, and how far it is. */
static void announce(ks_picture* p, mjrRect r, const ks_caption* caption) {
    mjrRect done = r;
    done.width = (int)lround(r.width * fmax(0, fmin(1, caption->done)));
    strip(p, r, caption->awaited, "pale: the task before", AWAITED, 1, WHITE);
    fill(done, WHITE, 0.22f);
}

/* ---- panes ----------------------------------------------------------------------------------------------------------------------- */

static double return_at(const ks_play* play, const ks_act* act, double time) {
    double at = floor(time / play->dt + 1e-9);
    size_t i = at <= 0 ? 0 : at >= (double)act->length ? act->length : (size_t)at;
    return act->ret[i];
}

/* Is it where the task wants it, give or take a tenth of its length? */
static bool has_arrived(ks_picture* p, const ks_play* play, int row, int step, double time) {
    double place[3];
    if (ks_env_goal_of(play->def) != KS_GOAL_PLACE) {
        return false;
    }
    const ks_env_look* look = ks_scene_look(p->scene);
    ks_scene_place(place, p->scene, play, row, step, time);
    double x = play->task[look->goal_numbers[0]] - place[0], y = play->task[look->goal_numbers[1]] - place[1];
    return sqrt(x * x + y * y) < 0.1 * look->size;
}

/* How fast the followed body is along x, or where it may go anywhere over the floor (m/s); a mean around `time`. */
static double speed_at(ks_picture* p, const ks_play* play, int row, int step, double time) {
    const ks_env_look* look = ks_scene_look(p->scene);
    double end = (double)play->acts[row][step].length * play->dt, a[3], b[3];
    double from = fmax(0, fmin(time - SPEED_OVER / 2, end - SPEED_OVER)), to = fmin(end, from + SPEED_OVER);
    if (!(to > from)) {
        return 0;
    }
    ks_scene_place(a, p->scene, play, row, step, from);
    ks_scene_place(b, p->scene, play, row, step, to);
    bool along_x = look->planar || look->goal == KS_GOAL_VELOCITY || look->goal == KS_GOAL_DIRECTION;
    return (along_x ? b[0] - a[0] : hypot(b[0] - a[0], b[1] - a[1])) / (to - from);
}

/* No -0.0. */
static double rounded(double x) {
    return fabs(x) < 0.05 ? 0 : x;
}

/* Where an actor is, and how fast it goes. */
static void read_out(char where[READOUT_ROOM], char speed[READOUT_ROOM], ks_picture* p, const ks_play* play, int row,
                     int step, double time) {
    const ks_env_look* look = ks_scene_look(p->scene);
    double at[3], start[3];
    *where = *speed = 0;
    ks_scene_place(at, p->scene, play, row, step, time);
    if (look->goal == KS_GOAL_PLACE) {
        double x = play->task[look->goal_numbers[0]] - at[0], y = play->task[look->goal_numbers[1]] - at[1];
        ks_snprintf(where, READOUT_ROOM, "%.2f%s to the goal", hypot(x, y), play->def->dt > 0 ? " m" : "");
    } else if (look->planar || look->goal == KS_GOAL_VELOCITY || look->goal == KS_GOAL_DIRECTION) {
        ks_snprintf(where, READOUT_ROOM, "x %+.1f m", rounded(at[0]));
    } else {
        ks_scene_place(start, p->scene, play, row, step, 0);
        ks_snprintf(where, READOUT_ROOM, "%.1f m from start", hypot(at[0] - start[0], at[1] - start[1]));
    }
    if (look->track && play->def->dt > 0) {
        ks_snprintf(speed, READOUT_ROOM, "%.1f m/s", rounded(speed_at(p, play, row, step, time)));
    }
}

static void pane_title(ks_picture* p, mjrRect r, const ks_play* play, int row, int step, double time,
                       const ks_caption* caption) {
    const ks_act* act = &play->acts[row][step];
    char left[160], right[96];
    float rgb[3];
    bool over = time >= (double)act->length * play->dt && !act->world;
    ks_snprintf(right, sizeof right,
                act->world             ? "live: return %.1f"
                : r.width < px(p, 200) ? "%.1f"
                : over                 ? "return %.1f"
                                       : "return so far %.1f",
                return_at(play, act, time));
    /* the same for all panes of a row: not by what its number happens to be */
    const char* widest = r.width < px(p, 200) ? "-000.0" : "return so far -000.0";
    int taken = ks_charts_text_width(p->charts, widest) + px(p, 24);
    for (int brevity = 0; brevity <= BRIEFEST; brevity++) {
        char name[64];
        const char* label = caption->labels[row];
        steps_text(name, sizeof name, step, brevity);
        snprintf(left, sizeof left, "%s%s%s", label ? label : "", label ? ": " : "", name);
        if (ks_charts_text_width(p->charts, left) + taken <= r.width) {
            break;
        }
    }
    ks_step_color(rgb, step);
    strip(p, r, left, right, rgb, 1, WHITE);
}

static void pane(ks_picture* p, mjrRect r, const ks_play* play, int row, int step, double time, const ks_view* view,
                 const ks_caption* caption) {
    const ks_act* act = &play->acts[row][step];
    mjrRect scene = scene_in(p, r);
    int top = scene.bottom + scene.height;
    ks_scene_draw(p->scene, scene, play, row, step, time, view);
    pane_title(p, (mjrRect){r.left, top, r.width, r.bottom + r.height - top}, play, row, step, time, caption);
    if (scene.bottom > r.bottom) {
        char where[READOUT_ROOM], speed[READOUT_ROOM];
        read_out(where, speed, p, play, row, step, time);
        strip(p, (mjrRect){r.left, r.bottom, r.width, scene.bottom - r.bottom}, where, speed, PAPER, 1, DARK);
    }
    if (act->terminated && time >= (double)act->length * play->dt) {
        const char* said = has_arrived(p, play, row, step, time) ? "arrived" : "ended";
        ks_charts_text(p->charts, r.left + px(p, 8), scene.bottom + px(p, 14), said, DARK);
    }
}

void ks_picture_draw(ks_picture* p, mjrRect where, const ks_play* play, double time, const ks_view* view,
                     const ks_caption* caption) {
    layout l = lay_out(p, where, play, caption);
    fill(where, WHITE, 1);
    for (int row = 0; row < play->rows; row++) {
        for (int step = 0; step <= play->steps; step++) {
            pane(p, pane_at(p, &l, row, step), play, row, step, time, view, caption);
        }
    }
    if (l.bars.width > 0) {
        ks_charts_returns(p->charts, l.bars, play, caption->labels);
        ks_charts_rewards(p->charts, l.curves, play, caption->labels, time);
    }
    if (caption->awaited) {
        fill((mjrRect){where.left, where.bottom, where.width, l.header.bottom - where.bottom}, WHITE, 0.55f);
        announce(p, l.header, caption);
    } else {
        header(p, l.header, play, time, caption);
    }
}

/* ---- the contact sheet -------------------------------------------------------------------------------------------------------------- */

/* One moment of one act, small; what is written below it says when, and how far an actor that travels has come. */
static void cell(ks_picture* p, mjrRect r, const ks_play* play, int row, int step, double time, const ks_view* view) {
    const ks_act* act = &play->acts[row][step];
    size_t state = (size_t)fmin(floor(time / play->dt + 1e-9), (double)act->length);
    char when[READOUT_ROOM], where[READOUT_ROOM] = "", speed[READOUT_ROOM] = "", both[2 * READOUT_ROOM + 4];
    int low = px(p, READOUT_HEIGHT);
    ks_scene_draw(p->scene, (mjrRect){r.left, r.bottom + low, r.width, r.height - low}, play, row, step, time, view);
    if (play->def->dt <= 0) {
        snprintf(when, sizeof when, "step %zu", state);
    } else {
        ks_snprintf(when, sizeof when, "%.2f s", time);
    }
    if (has_readout(p)) {
        read_out(where, speed, p, play, row, step, fmin(time, (double)act->length * play->dt));
    }
    snprintf(both, sizeof both, "%s   %s", where, speed);
    mjrRect below = {r.left, r.bottom, r.width, low};
    int room = r.width - ks_charts_text_width(p->charts, when) - 3 * px(p, 8);
    bool fits = *speed && ks_charts_text_width(p->charts, both) <= room;
    strip(p, below, when, fits ? both : where, PAPER, 1, DARK);
}

static void row_title(ks_picture* p, mjrRect r, const ks_play* play, int row, int step, const ks_caption* caption) {
    const ks_act* act = &play->acts[row][step];
    char name[64], text[160], right[128];
    float rgb[3];
    const char* label = caption->labels[row];
    steps_text(name, sizeof name, step, 0);
    snprintf(text, sizeof text, "%s%s%s", label ? label : "", label ? ": " : "", name);
    ks_snprintf(right, sizeof right, "return %.1f   (mean of %zu: %.1f)", act->ret[act->length], act->num_sampled,
                act->mean_return);
    ks_step_color(rgb, step);
    strip(p, r, text, right, rgb, 1, WHITE);
}

void ks_picture_sheet(ks_picture* p, mjrRect where, const ks_play* play, int columns, const ks_view* view,
                      const ks_caption* caption) {
    int rows = play->rows * (play->steps + 1);
    int gap = px(p, 2), top = px(p, 32), bar = px(p, 22);
    mjrRect inner = {where.left, where.bottom, where.width, where.height - top};
    double end = ks_play_duration(play);
    fill(where, WHITE, 1);
    for (int i = 0; i < rows; i++) {
        int row = i / (play->steps + 1), step = i % (play->steps + 1);
        int high = inner.bottom + inner.height - inner.height * i / rows;
        int low = inner.bottom + inner.height - inner.height * (i + 1) / rows + (i + 1 < rows ? gap : 0);
        for (int c = 0; c < columns; c++) { /* not from the start, where all rows look the same */
            int left = inner.left + inner.width * c / columns + (c > 0 ? gap : 0);
            mjrRect r = {left, low, inner.left + inner.width * (c + 1) / columns - left, high - low - bar};
            cell(p, r, play, row, step, end * (c + 1) / columns, view);
        }
        row_title(p, (mjrRect){inner.left, high - bar, inner.width, bar}, play, row, step, caption);
    }
    char left[TITLE_ROOM], what[64];
    const char* right = caption->status ? caption->status : what;
    shown_text(what, sizeof what, play);
    title(left, p, where.width, play, caption, right);
    strip(p, (mjrRect){where.left, where.bottom + where.height - top, where.width, top}, left, right, DARK, 1, PALE);
}

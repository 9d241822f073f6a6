#include "viewer/regression_picture.h"

#include "base/number.h"
#include "base/ticks.h"
#include "viewer/canvas.h"
#include "viewer/charts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct ks_regression_picture {
    const mjrContext* context;
    double unit;
    ks_charts* charts; /* for letters */
    ks_canvas canvas;
    double points[2 * KS_REGRESSION_POINTS];
};

static const float WHITE[3] = {1, 1, 1};
static const float DARK[3] = {0.14f, 0.17f, 0.21f};
static const float INK[3] = {0.20f, 0.23f, 0.27f};
static const float PALE[3] = {0.93f, 0.94f, 0.95f};
static const float GRID[3] = {0.88f, 0.89f, 0.90f};
static const float EXAMPLE[3] = {0, 0, 0};
static const float HELD[3] = {0.90f, 0.62f, 0};

/* Widths in units. The colours of `kshot plot --predictions`. */
static const ks_pen TRUTH = {{0.55f, 0.80f, 0.94f}, 1, 6, 0};
static const ks_pen BEFORE = {{0.47f, 0.47f, 0.47f}, 1, 1.8, 6};
static const ks_pen FIRST = {{0, 0.45f, 0.70f}, 1, 1.8, 3};
static const ks_pen BETWEEN = {{0.84f, 0.37f, 0}, 0.3f, 1.3, 0};
static const ks_pen NOW = {{0.84f, 0.37f, 0}, 1, 2.8, 0};

static const double LEAST_HEIGHT = 3; /* y at the upper edge, where curves are flat */
static const double DOT = 5, REACH = 12;

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

ks_regression_picture* ks_regression_picture_create(const mjrContext* context, double unit, ks_error* err) {
    ks_regression_picture* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->context = context;
    p->unit = unit;
    p->charts = ks_charts_create(context, unit, err);
    if (!p->charts) {
        ks_regression_picture_destroy(p);
        return NULL;
    }
    return p;
}

void ks_regression_picture_destroy(ks_regression_picture* p) {
    if (p) {
        ks_charts_destroy(p->charts);
        ks_canvas_free(&p->canvas);
        free(p);
    }
}

bool ks_regression_picture_resize(ks_regression_picture* p, int width, int height, ks_error* err) {
    return ks_canvas_resize(&p->canvas, width, height, err);
}

/* ---- layout --------------------------------------------------------------------------------------------------------------- */

static int px(const ks_regression_picture* p, double units) {
    return (int)lround(units * p->unit);
}

static mjrRect header_rect(const ks_regression_picture* p) {
    int height = px(p, 32);
    return (mjrRect){0, p->canvas.height - height, p->canvas.width, height};
}

static mjrRect legend_rect(const ks_regression_picture* p) {
    return (mjrRect){0, 0, p->canvas.width, px(p, 30)};
}

static mjrRect pane_rect(const ks_regression_picture* p, const ks_regression* r, int pane) {
    int low = legend_rect(p).height, high = header_rect(p).bottom, gap = px(p, 2);
    int columns = r->count == KS_REGRESSION_MAX ? KS_REGRESSION_MAX / 2 : r->count;
    int rows = (r->count + columns - 1) / columns;
    int column = pane % columns, row = pane / columns;
    int left = p->canvas.width * column / columns, right = p->canvas.width * (column + 1) / columns;
    int top = high - (high - low) * row / rows, bottom = high - (high - low) * (row + 1) / rows;
    left += column > 0 ? gap : 0;
    top -= row > 0 ? gap : 0;
    return (mjrRect){left, bottom, right - left, top - bottom};
}

static mjrRect strip_rect(const ks_regression_picture* p, mjrRect pane) {
    int height = px(p, 26);
    return (mjrRect){pane.left, pane.bottom + pane.height - height, pane.width, height};
}

/* Where curves are. */
static mjrRect area_rect(const ks_regression_picture* p, mjrRect pane) {
    int left = px(p, 34), low = px(p, 26), right = px(p, 12), top = strip_rect(p, pane).height + px(p, 8);
    int width = pane.width - left - right, height = pane.height - low - top;
    return (mjrRect){pane.left + left, pane.bottom + low, width > 1 ? width : 1, height > 1 ? height : 1};
}

/* y at the upper edge of a pane: the same as long as the task is. */
static double height_of(const ks_regression* r) {
    return fmax(1.4 * fabs(ks_regression_task(r).amplitude), LEAST_HEIGHT);
}

static double to_pixel_x(mjrRect area, double x) {
    return area.left + (x - KS_SINUSOID_X_MIN) / (KS_SINUSOID_X_MAX - KS_SINUSOID_X_MIN) * area.width;
}

static double to_pixel_y(mjrRect area, double height, double y) {
    return area.bottom + (0.5 + 0.5 * y / height) * area.height;
}

bool ks_regression_picture_find(const ks_regression_picture* p, const ks_regression* r, double x, double y, int* pane,
                                size_t* example) {
    double nearest = REACH * p->unit, height = height_of(r);
    bool found = false;
    for (int k = 0; k < r->count; k++) {
        mjrRect area = area_rect(p, pane_rect(p, r, k));
        const ks_sinusoid_fit* fit = r->learners[k].fit;
        for (size_t i = 0; i < ks_sinusoid_fit_shots(fit); i++) {
            ks_sinusoid_point at = ks_sinusoid_fit_example(fit, i);
            double far = hypot(to_pixel_x(area, at.x) - x, to_pixel_y(area, height, at.y) - y);
            if (far < nearest) {
                nearest = far;
                *pane = k;
                *example = i;
                found = true;
            }
        }
    }
    return found;
}

ks_sinusoid_point ks_regression_picture_place(const ks_regression_picture* p, const ks_regression* r, int pane,
                                              double x, double y) {
    mjrRect area = area_rect(p, pane_rect(p, r, pane));
    double right = fmin(fmax((x - area.left) / area.width, 0), 1),
           up = fmin(fmax((y - area.bottom) / area.height, 0), 1);
    return (ks_sinusoid_point){.x = KS_SINUSOID_X_MIN + (KS_SINUSOID_X_MAX - KS_SINUSOID_X_MIN) * right,
                               .y = height_of(r) * (2 * up - 1)};
}

/* ---- panes ---------------------------------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten: at most some eight marks of y, and three where there is little room. */
static double mark_step(double height, bool small) {
    return ks_tick_step(2 * height, small ? 3 : 8);
}

static bool is_small(const ks_regression_picture* p, mjrRect area) {
    return area.height < px(p, 150) || area.width < px(p, 150);
}

static ks_pen scaled(const ks_regression_picture* p, ks_pen pen) {
    pen.width *= p->unit;
    pen.dash *= p->unit;
    return pen;
}

static void grid(ks_regression_picture* p, mjrRect area, double height) {
    int thin = px(p, 1) > 0 ? px(p, 1) : 1;
    double step = mark_step(height, is_small(p, area));
    for (int x = KS_SINUSOID_X_MIN; x <= KS_SINUSOID_X_MAX; x++) {
        ks_canvas_fill(&p->canvas, (mjrRect){(int)to_pixel_x(area, x), area.bottom, thin, area.height}, GRID);
    }
    for (double y = -floor(height / step) * step; y <= height; y += step) {
        ks_canvas_fill(&p->canvas, (mjrRect){area.left, (int)to_pixel_y(area, height, y), area.width, thin}, GRID);
    }
}

/* A curve of the model at a place between two gradient steps. */
static void prediction(ks_regression_picture* p, mjrRect area, double height, const ks_sinusoid_fit* fit,
                       double position, ks_pen pen) {
    int step = (int)floor(position);
    double share = position - step;
    const ks_real* a = ks_sinusoid_fit_prediction(fit, step);
    const ks_real* b = share > 0 ? ks_sinusoid_fit_prediction(fit, step + 1) : a;
    for (size_t i = 0; i < KS_REGRESSION_POINTS; i++) {
        double y = share > 0 ? (1 - share) * (double)a[i] + share * (double)b[i] : (double)a[i];
        p->points[2 * i] = to_pixel_x(area, ks_sinusoid_fit_x(fit, i));
        p->points[2 * i + 1] = to_pixel_y(area, height, y);
    }
    pen = scaled(p, pen);
    ks_canvas_line(&p->canvas, area, p->points, KS_REGRESSION_POINTS, &pen);
}

static void truth(ks_regression_picture* p, mjrRect area, double height, const ks_sinusoid_fit* fit) {
    ks_sinusoid task = ks_sinusoid_fit_task(fit);
    for (size_t i = 0; i < KS_REGRESSION_POINTS; i++) {
        double x = ks_sinusoid_fit_x(fit, i);
        p->points[2 * i] = to_pixel_x(area, x);
        p->points[2 * i + 1] = to_pixel_y(area, height, ks_sinusoid_at(task, x));
    }
    ks_pen pen = scaled(p, TRUTH);
    ks_canvas_line(&p->canvas, area, p->points, KS_REGRESSION_POINTS, &pen);
}

static void dot(ks_regression_picture* p, mjrRect clip, double x, double y, bool held) {
    double radius = (held ? 1.4 : 1) * DOT * p->unit;
    ks_canvas_dot(&p->canvas, clip, x, y, radius + 1.5 * p->unit, WHITE);
    ks_canvas_dot(&p->canvas, clip, x, y, radius, held ? HELD : EXAMPLE);
}

static void pane(ks_regression_picture* p, const ks_regression* r, int index, const ks_regression_view* v) {
    mjrRect where = pane_rect(p, r, index), area = area_rect(p, where);
    const ks_sinusoid_fit* fit = r->learners[index].fit;
    double height = height_of(r);
    ks_canvas_fill(&p->canvas, where, WHITE);
    ks_canvas_fill(&p->canvas, strip_rect(p, where), PALE);
    grid(p, area, height);
    truth(p, area, height, fit);
    prediction(p, area, height, fit, 0, BEFORE);
    for (int j = 1; j < v->position; j++) {
        prediction(p, area, height, fit, j, j == 1 ? FIRST : BETWEEN);
    }
    prediction(p, area, height, fit, v->position, NOW);
    mjrRect around = {where.left, where.bottom, where.width, where.height - strip_rect(p, where).height};
    size_t shots = ks_sinusoid_fit_shots(fit);
    for (size_t k = 0; k <= shots; k++) { /* the one that is held again, on top of the others */
        size_t i = k < shots ? k : (size_t)v->held;
        if (k < shots || v->held >= 0) {
            ks_sinusoid_point at = ks_sinusoid_fit_example(fit, i);
            dot(p, around, to_pixel_x(area, at.x), to_pixel_y(area, height, at.y), v->held == (int)i);
        }
    }
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static int middle_of(mjrRect r) {
    return r.bottom + r.height / 2;
}

static void marks(const ks_regression_picture* p, mjrRect area, double height) {
    char text[32];
    bool small = is_small(p, area);
    double step = mark_step(height, small);
    for (int x = KS_SINUSOID_X_MIN + 1; x < KS_SINUSOID_X_MAX; x += small ? 4 : 2) {
        snprintf(text, sizeof text, "%d", x);
        int left = (int)to_pixel_x(area, x) - ks_charts_text_width(p->charts, text) / 2;
        ks_charts_text(p->charts, left, area.bottom - px(p, 12), text, INK);
    }
    for (double y = -floor(height / step) * step; y <= height; y += step) {
        ks_snprintf(text, sizeof text, "%.4g", fabs(y) < 1e-9 ? 0.0 : y);
        int left = area.left - px(p, 6) - ks_charts_text_width(p->charts, text);
        ks_charts_text(p->charts, left, (int)to_pixel_y(area, height, y), text, INK);
    }
}

static void pane_texts(const ks_regression_picture* p, const ks_regression* r, int index, const ks_regression_view* v) {
    mjrRect where = pane_rect(p, r, index);
    const ks_learner* learner = &r->learners[index];
    int step = (int)floor(v->position);
    double error = ks_sinusoid_fit_error(learner->fit, step);
    char text[96];
    if (isfinite(error)) {
        ks_snprintf(text, sizeof text, "%d step%s: error %.3g", step, step == 1 ? "" : "s", error);
    } else {
        snprintf(text, sizeof text, "%d steps: diverged", step);
    }
    ks_charts_text_ends(p->charts, strip_rect(p, where), learner->label, text, INK);
    marks(p, area_rect(p, where), height_of(r));
}

/* ---- the legend ----------------------------------------------------------------------------------------------------------- */

static const struct entry {
    const char* text;
    const ks_pen* pen; /* NULL: a dot */
} LEGEND[] = {
    {"true curve", &TRUTH}, {"examples", NULL}, {"before", &BEFORE}, {"after 1 step", &FIRST}, {"adapted", &NOW}};
enum { ENTRIES = sizeof LEGEND / sizeof *LEGEND };

/* Where an entry starts; as many as there is room for. Returns false for one that there is none for. */
static bool entry_left(const ks_regression_picture* p, int index, int* left) {
    int sample = px(p, 30), gap = px(p, 22);
    *left = px(p, 12);
    for (int i = 0; i < index; i++) {
        *left += sample + ks_charts_text_width(p->charts, LEGEND[i].text) + gap;
    }
    return *left + sample + ks_charts_text_width(p->charts, LEGEND[index].text) <= p->canvas.width;
}

static void legend(ks_regression_picture* p) {
    mjrRect where = legend_rect(p);
    double y = where.bottom + 0.5 * where.height;
    int left;
    ks_canvas_fill(&p->canvas, where, PALE);
    for (int i = 0; i < ENTRIES && entry_left(p, i, &left); i++) {
        if (LEGEND[i].pen) {
            const double points[] = {left + px(p, 2), y, left + px(p, 22), y};
            ks_pen pen = scaled(p, *LEGEND[i].pen);
            ks_canvas_line(&p->canvas, where, points, 2, &pen);
        } else {
            dot(p, where, left + px(p, 14), y, false);
        }
    }
}

static void legend_texts(const ks_regression_picture* p) {
    int left;
    for (int i = 0; i < ENTRIES && entry_left(p, i, &left); i++) {
        ks_charts_text(p->charts, left + px(p, 30), middle_of(legend_rect(p)), LEGEND[i].text, INK);
    }
}

void ks_regression_picture_draw(ks_regression_picture* p, const ks_regression* r, const ks_regression_view* v) {
    mjrRect all = {0, 0, p->canvas.width, p->canvas.height};
    char curve[64], title[160];
    ks_canvas_fill(&p->canvas, all, GRID);
    ks_canvas_fill(&p->canvas, header_rect(p), DARK);
    for (int k = 0; k < r->count; k++) {
        pane(p, r, k, v);
    }
    legend(p);
    mjr_drawPixels(p->canvas.rgb, NULL, all, p->context);
    ks_regression_text(curve, sizeof curve, r);
    size_t shots = ks_sinusoid_fit_shots(r->learners[0].fit);
    snprintf(title, sizeof title, "sinusoid:  %s,  %zu example%s", curve, shots, shots == 1 ? "" : "s");
    ks_charts_text_ends(p->charts, header_rect(p), title, v->status ? v->status : "", WHITE);
    for (int k = 0; k < r->count; k++) {
        pane_texts(p, r, k, v);
    }
    legend_texts(p);
}

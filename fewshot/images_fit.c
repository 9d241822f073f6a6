#include "fewshot/images_fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ks_images_fit {
    ks_images_fit_settings settings;
    ks_eval_model model;
    ks_images_form form;
    size_t num_params; /* P */
    ks_problem* problem;
    ks_inner* inner;
    ks_policy_ws* ws;
    ks_images_norm norm;
    ks_rows query;   /* the problem's */
    ks_real* cells;  /* (ways · shots + 1 x inputs) */
    bool* filled;    /* (ways · shots + 1) */
    ks_real paper;   /* what an empty cell has everywhere */
    ks_rows support; /* filled cells, in x and y */
    ks_real* x;      /* (ways · shots x inputs) */
    ks_real* y;      /* (ways · shots) */
    ks_real* theta;  /* (max_steps+1 x P) */
    ks_real* head;   /* (ways · queries x ways) what the network puts out */
    double* judged;  /* (max_steps+1 x ways · queries x ways) probabilities */
    double* sketch;  /* (max_steps+1 x ways) */
    bool* told;      /* (max_steps+1) whether sketch is up to date */
};

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static size_t num_support(const ks_images_fit* f) {
    return f->form.ways * f->form.shots;
}

static size_t num_queries(const ks_images_fit* f) {
    return f->form.ways * f->form.queries;
}

static bool allocate(ks_images_fit* f, ks_error* err) {
    size_t stages = (size_t)f->settings.max_steps + 1, cells = num_support(f) + 1, ways = f->form.ways;
    f->cells = calloc(cells * f->form.inputs, sizeof *f->cells);
    f->filled = calloc(cells, sizeof *f->filled);
    f->x = calloc(num_support(f) * f->form.inputs, sizeof *f->x);
    f->y = calloc(num_support(f), sizeof *f->y);
    f->theta = calloc(stages * f->num_params, sizeof *f->theta);
    f->head = calloc(num_queries(f) * ways, sizeof *f->head);
    f->judged = calloc(stages * num_queries(f) * ways, sizeof *f->judged);
    f->sketch = calloc(stages * ways, sizeof *f->sketch);
    f->told = calloc(stages, sizeof *f->told);
    return (f->cells && f->filled && f->x && f->y && f->theta && f->head && f->judged && f->sketch && f->told) ||
           ks_fail(err, KS_FAILED, "not enough memory for %zu gradient steps", stages - 1);
}

static void find_form(ks_images_fit* f) {
    const ks_images_settings* s = &f->settings.problem;
    const ks_image_set* set = ks_images_set(f->problem);
    size_t side = (size_t)ks_image_set_size(set), channels = (size_t)ks_image_set_channels(set);
    f->form = (ks_images_form){.side = side,
                               .channels = channels,
                               .inputs = side * side * channels,
                               .ways = (size_t)s->ways,
                               .shots = (size_t)s->shots,
                               .queries = (size_t)s->queries,
                               .coupled = ks_policy_couples_rows(f->model.policy)};
    f->num_params = ks_policy_num_params(f->model.policy);
    f->norm = (ks_images_norm)s->norm;
}

static bool init(ks_images_fit* f, ks_error* err) {
    const ks_policy* policy = f->model.policy;
    const ks_problem_sizes one = {.tasks = 1, .stages = 1, .threads = 1};
    f->problem = ks_problem_images.create(&f->settings.problem, KS_MAML, 1, err);
    if (!f->problem) {
        return false;
    }
    find_form(f);
    if (!ks_problem_images.prepare(f->problem, policy, &one, err) || !allocate(f, err)) {
        return false;
    }
    f->inner = ks_inner_create(policy, &f->model.sizes, 1, f->problem->max_rows, 1, err);
    f->ws = f->inner ? ks_policy_ws_create(policy, f->problem->max_rows, err) : NULL;
    if (!f->ws) {
        return false;
    }
    ks_inner_set(f->inner, f->model.params + f->num_params);
    memcpy(f->theta, f->model.params, f->num_params * sizeof *f->theta);
    return true;
}

ks_images_fit* ks_images_fit_create(const ks_eval_model* model, const ks_images_fit_settings* settings, ks_error* err) {
    assert(settings->max_steps >= 0);
    ks_images_fit* f = calloc(1, sizeof *f);
    if (!f) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    f->settings = *settings;
    f->model = *model;
    if (!init(f, err)) {
        ks_images_fit_destroy(f);
        return NULL;
    }
    return f;
}

void ks_images_fit_destroy(ks_images_fit* f) {
    if (f) {
        if (f->problem) {
            ks_problem_images.destroy(f->problem);
        }
        ks_inner_destroy(f->inner);
        ks_policy_ws_destroy(f->ws);
        free(f->cells);
        free(f->filled);
        free(f->x);
        free(f->y);
        free(f->theta);
        free(f->head);
        free(f->judged);
        free(f->sketch);
        free(f->told);
        free(f);
    }
}

ks_images_form ks_images_fit_form(const ks_images_fit* f) {
    return f->form;
}

int ks_images_fit_max_steps(const ks_images_fit* f) {
    return f->settings.max_steps;
}

/* ---- the task ------------------------------------------------------------------------------------------------------------- */

/* Rows of the problem, that a step learns from or that are judged. */
static bool collect(ks_rows* rows, ks_images_fit* f, bool judges, ks_error* err) {
    ks_stage stage = {.iteration = KS_EVAL_ITERATION, .count = 1, .judges = judges, .theta = f->theta};
    ks_task_rows collected;
    if (!ks_problem_images.collect(f->problem, &stage, &collected, err)) {
        return false;
    }
    *rows = collected.rows;
    return true;
}

/* The mean of what images (n) have at their edges, as black or white. */
static ks_real find_paper(const ks_images_form* form, const ks_real* images, size_t n) {
    size_t side = form->side, row = side * form->channels;
    double sum = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        const ks_real* image = images + i * form->inputs;
        for (size_t k = 0; k < row; k++) {
            sum += (double)image[k] + (double)image[(side - 1) * row + k];
            count += 2;
        }
        for (size_t y = 0; y < side; y++) {
            for (size_t c = 0; c < form->channels; c++) {
                sum += (double)image[y * row + c] + (double)image[(y + 1) * row - form->channels + c];
                count += 2;
            }
        }
    }
    return sum > 0.5 * count ? 1 : 0;
}

bool ks_images_fit_draw(ks_images_fit* f, ks_split split, uint64_t seed, size_t number, ks_error* err) {
    ks_draw draw = {.split = split, .seed = seed, .iteration = KS_EVAL_ITERATION, .first = number, .count = 1};
    ks_rows support;
    if (!ks_problem_images.draw(f->problem, &draw, err) || !collect(&support, f, false, err) ||
        !collect(&f->query, f, true, err)) {
        return false;
    }
    f->query.norm_obs = NULL;
    memcpy(f->cells, support.obs, support.n * f->form.inputs * sizeof *f->cells);
    for (size_t i = 0; i < support.n; i++) {
        f->filled[i] = true;
    }
    f->paper = find_paper(&f->form, f->cells, support.n);
    size_t sketch = ks_images_fit_sketch(f);
    if (!f->filled[sketch]) {
        ks_images_fit_clear(f, sketch);
    }
    return true;
}

const char* ks_images_fit_class_name(const ks_images_fit* f, size_t way) {
    ks_images_class class = ks_images_task_class(f->problem, 0, way);
    return ks_image_set_class_name(ks_images_set(f->problem), ks_images_task_split(f->problem), class.number);
}

const ks_real* ks_images_fit_query(const ks_images_fit* f, size_t way, size_t query) {
    return f->query.obs + (way * f->form.queries + query) * f->form.inputs;
}

/* ---- cells ---------------------------------------------------------------------------------------------------------------- */

size_t ks_images_fit_cell(const ks_images_fit* f, size_t way, size_t shot) {
    return way * f->form.shots + shot;
}

size_t ks_images_fit_sketch(const ks_images_fit* f) {
    return num_support(f);
}

const ks_real* ks_images_fit_image(const ks_images_fit* f, size_t cell) {
    return f->cells + cell * f->form.inputs;
}

/* What was said of a sketch is out of date. */
static void forget_sketch(ks_images_fit* f) {
    memset(f->told, 0, ((size_t)f->settings.max_steps + 1) * sizeof *f->told);
}

ks_real* ks_images_fit_edit(ks_images_fit* f, size_t cell) {
    f->filled[cell] = true;
    if (cell == ks_images_fit_sketch(f)) {
        forget_sketch(f);
    }
    return f->cells + cell * f->form.inputs;
}

void ks_images_fit_clear(ks_images_fit* f, size_t cell) {
    ks_real* image = ks_images_fit_edit(f, cell);
    for (size_t i = 0; i < f->form.inputs; i++) {
        image[i] = f->paper;
    }
    f->filled[cell] = false;
}

bool ks_images_fit_filled(const ks_images_fit* f, size_t cell) {
    return f->filled[cell];
}

ks_real ks_images_fit_paper(const ks_images_fit* f) {
    return f->paper;
}

/* ---- adaptation ----------------------------------------------------------------------------------------------------------- */

void ks_images_fit_set_norm(ks_images_fit* f, ks_images_norm norm) {
    f->norm = norm;
}

ks_images_norm ks_images_fit_norm(const ks_images_fit* f) {
    return f->norm;
}

/* Filled cells of the support, as rows. */
static void gather(ks_images_fit* f) {
    size_t n = 0;
    for (size_t cell = 0; cell < num_support(f); cell++) {
        if (f->filled[cell]) {
            memcpy(f->x + n * f->form.inputs, ks_images_fit_image(f, cell), f->form.inputs * sizeof *f->x);
            f->y[n++] = (ks_real)(cell / f->form.shots);
        }
    }
    f->support = (ks_rows){.n = n, .obs = f->x, .act = f->y};
}

/* p (ways) = softmax of what the network puts out. */
static void softmax(double* p, const ks_real* head, size_t ways) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < ways; i++) {
        most = fmax(most, (double)head[i]);
    }
    for (size_t i = 0; i < ways; i++) {
        p[i] = exp((double)head[i] - most);
        sum += p[i];
    }
    for (size_t i = 0; i < ways; i++) {
        p[i] /= sum;
    }
}

/* p (n x ways): probabilities of n images at the parameters of a step; with the support's statistics, if there is any. */
static void tell(ks_images_fit* f, double* p, size_t n, const ks_real* images, int step, bool inductive) {
    ks_rows rows = {.n = n, .obs = images};
    if (inductive && f->support.n > 0) {
        rows.norm_obs = f->support.obs;
        rows.norm_n = f->support.n;
    }
    ks_policy_forward_rows(f->model.policy, f->theta + (size_t)step * f->num_params, rows, f->head, f->ws);
    for (size_t i = 0; i < n; i++) {
        softmax(p + i * f->form.ways, f->head + i * f->form.ways, f->form.ways);
    }
}

static double* judged_at(const ks_images_fit* f, int step) {
    return f->judged + (size_t)step * num_queries(f) * f->form.ways;
}

static void judge(ks_images_fit* f, int step) {
    tell(f, judged_at(f, step), num_queries(f), f->query.obs, step, f->norm == KS_INDUCTIVE);
}

void ks_images_fit_adapt(ks_images_fit* f, int steps, const double* lr) {
    assert(steps >= 0 && steps <= f->settings.max_steps);
    gather(f);
    forget_sketch(f);
    judge(f, 0);
    for (int j = 0; j < steps; j++) {
        ks_real* theta = f->theta + (size_t)j * f->num_params;
        ks_group support = {.rows = f->support, .theta = theta}; /* of no rows: its gradient is 0 */
        ks_inner_step(theta + f->num_params, f->inner, &support, 1, j, lr[j], (ks_inner_trace){0});
        judge(f, j + 1);
    }
}

const double* ks_images_fit_query_probabilities(const ks_images_fit* f, int step, size_t way, size_t query) {
    return judged_at(f, step) + (way * f->form.queries + query) * f->form.ways;
}

const double* ks_images_fit_sketch_probabilities(ks_images_fit* f, int step) {
    double* p = f->sketch + (size_t)step * f->form.ways;
    if (!f->told[step]) {
        tell(f, p, 1, ks_images_fit_image(f, ks_images_fit_sketch(f)), step, true);
        f->told[step] = true;
    }
    return p;
}

double ks_images_fit_accuracy(const ks_images_fit* f, int step) {
    size_t hits = 0;
    for (size_t i = 0; i < num_queries(f); i++) {
        size_t way = i / f->form.queries;
        hits += ks_images_likeliest(judged_at(f, step) + i * f->form.ways, f->form.ways) == way;
    }
    return (double)hits / (double)num_queries(f);
}

size_t ks_images_likeliest(const double* p, size_t ways) {
    size_t best = 0;
    for (size_t i = 0; i < ways; i++) {
        if (!isfinite(p[i])) {
            return ways;
        }
        best = p[i] > p[best] ? i : best;
    }
    return best;
}

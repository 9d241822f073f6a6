#include "fewshot/sinusoid.h"

#include "base/elementary.h"
#include "base/number.h"
#include "base/rng.h"
#include "fewshot/fewshot_audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double AMPLITUDE[2] = {0.1, 5};

enum { SUPPORT, QUERY, SETS };

/* (count) of every task, task after task */
typedef struct examples {
    size_t count; /* of a task */
    ks_real* x;   /* (tasks x count x inputs) */
    ks_real* y;   /* (tasks x count) */
} examples;

typedef struct sinusoid {
    ks_problem base;
    ks_method method;
    size_t inputs; /* x, or x, A, φ */
    size_t tasks;
    size_t longest;     /* of the two sets */
    ks_sinusoid* curve; /* (tasks) */
    ks_sinusoid given;
    bool is_given;
    examples set[SETS];
    double* uniform; /* (longest) */
} sinusoid;

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(ks_sinusoid_settings, member)
static const ks_setting ROWS[] = {
    {"sinusoid.shots", KS_SETTING_INT, AT(shots), 1, 1e5, 10,
     .help = "examples of a task that the inner steps learn from"},
    {"sinusoid.queries", KS_SETTING_INT, AT(queries), 1, 1e5, 10, .help = "examples that the outcome is judged on"},
};
const ks_settings_rows ks_sinusoid_rows = {ROWS, sizeof ROWS / sizeof *ROWS};

/* by the project's own sine, whose digits do not depend on the C library */
static inline double value_at(ks_sinusoid curve, double x) {
    double turns = (x - curve.phase) * (1 / (2 * PI));
    ks_real sine, cosine;
    ks_turn(&sine, &cosine, (ks_real)(turns - floor(turns)));
    return curve.amplitude * (double)sine;
}

double ks_sinusoid_at(ks_sinusoid curve, double x) {
    return value_at(curve, x);
}

/* ---- creation ------------------------------------------------------------------------------------------------------------- */

static ks_problem* create(const void* settings, ks_method method, size_t tasks, ks_error* err) {
    const ks_sinusoid_settings* s = settings;
    if (s->shots < 1 || s->queries < 1) {
        ks_fail(err, KS_BAD_INPUT, "a task needs at least one example to learn from, and one to be judged on");
        return NULL;
    }
    sinusoid* p = calloc(1, sizeof *p);
    if (!p) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    p->method = method;
    p->inputs = method == KS_ORACLE ? 3 : 1;
    p->set[SUPPORT].count = (size_t)s->shots;
    p->set[QUERY].count = (size_t)s->queries;
    p->longest = (size_t)(s->shots > s->queries ? s->shots : s->queries);
    p->base = (ks_problem){.kind = &ks_problem_sinusoid,
                           .name = ks_problem_sinusoid.name,
                           .tasks = tasks,
                           .max_rows = p->longest,
                           .adapts = method == KS_MAML};
    return &p->base;
}

static void destroy(ks_problem* problem) {
    sinusoid* p = (sinusoid*)problem;
    if (p) {
        for (int s = 0; s < SETS; s++) {
            free(p->set[s].x);
            free(p->set[s].y);
        }
        free(p->curve);
        free(p->uniform);
        free(p);
    }
}

static void shape(const ks_problem* problem, ks_policy_settings* s) {
    s->obs_dim = (int)((const sinusoid*)problem)->inputs;
    s->act_dim = 1;
    s->head = KS_SQUARED_ERROR;
}

static bool prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err) {
    sinusoid* p = (sinusoid*)problem;
    const ks_policy_settings* s = ks_policy_get_settings(policy);
    if (s->obs_dim != (int)p->inputs || s->act_dim != 1 || s->head != KS_SQUARED_ERROR) {
        return ks_fail(err, KS_BAD_INPUT,
                       "sinusoid: the model has %d inputs and %d outputs; %zu and 1 are needed, and a "
                       "squared error",
                       s->obs_dim, s->act_dim, p->inputs);
    }
    p->tasks = sizes->tasks;
    p->curve = calloc(p->tasks, sizeof *p->curve);
    p->uniform = malloc(p->longest * sizeof *p->uniform);
    bool ok = p->curve && p->uniform;
    for (int i = 0; i < SETS; i++) {
        examples* e = &p->set[i];
        e->x = malloc(p->tasks * e->count * p->inputs * sizeof *e->x);
        e->y = malloc(p->tasks * e->count * sizeof *e->y);
        ok = ok && e->x && e->y;
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", p->tasks);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------------------ */

static ks_sinusoid draw_curve(ks_stream stream, size_t number) {
    double u[2];
    ks_stream_uniform(u, 2, stream, (uint32_t)number, 0, 0);
    return (ks_sinusoid){.amplitude = AMPLITUDE[0] + (AMPLITUDE[1] - AMPLITUDE[0]) * u[0], .phase = PI * u[1]};
}

static ks_stream test_stream(uint64_t seed) {
    return ks_stream_make(seed, KS_RNG_HELD_OUT, 0, 0);
}

ks_sinusoid ks_sinusoid_test_task(uint64_t seed, size_t number) {
    return draw_curve(test_stream(seed), number);
}

ks_sinusoid ks_sinusoid_task(const ks_problem* problem, size_t i) {
    return ((const sinusoid*)problem)->curve[i];
}

void ks_sinusoid_give(ks_problem* problem, const ks_sinusoid* curve) {
    sinusoid* p = (sinusoid*)problem;
    p->is_given = curve != NULL;
    p->given = curve ? *curve : (ks_sinusoid){0};
}

/* Examples of task i, of the set that its stream draws. */
static void draw_examples(sinusoid* p, int set, size_t i, ks_stream stream, size_t number) {
    examples* e = &p->set[set];
    ks_sinusoid curve = p->curve[i];
    ks_real* x = e->x + i * e->count * p->inputs;
    ks_real* y = e->y + i * e->count;
    ks_stream_uniform(p->uniform, e->count, stream, (uint32_t)number, (uint32_t)set, 1);
    for (size_t n = 0; n < e->count; n++) {
        x[n * p->inputs] = (ks_real)(KS_SINUSOID_X_MIN + (KS_SINUSOID_X_MAX - KS_SINUSOID_X_MIN) * p->uniform[n]);
    }
    for (size_t n = 0; n < e->count; n++) { /* of the inputs as the model sees them */
        y[n] = (ks_real)value_at(curve, (double)x[n * p->inputs]);
    }
    for (size_t n = 0; p->inputs == 3 && n < e->count; n++) {
        x[3 * n + 1] = (ks_real)curve.amplitude;
        x[3 * n + 2] = (ks_real)curve.phase;
    }
}

static bool draw(ks_problem* problem, const ks_draw* d, ks_error* err) {
    sinusoid* p = (sinusoid*)problem;
    (void)err;
    ks_stream stream =
        d->split == KS_SPLIT_TEST ? test_stream(d->seed) : ks_stream_make(d->seed, KS_RNG_TASK, d->iteration, 0);
    for (size_t i = 0; i < d->count; i++) {
        p->curve[i] = p->is_given ? p->given : draw_curve(stream, d->first + i);
        for (int s = 0; s < SETS; s++) {
            draw_examples(p, s, i, stream, d->first + i);
        }
    }
    return true;
}

/* Every inner step learns from the same examples, as the paper's do. */
static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err) {
    sinusoid* p = (sinusoid*)problem;
    const examples* e = &p->set[stage->judges ? QUERY : SUPPORT];
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        rows[i] =
            (ks_task_rows){.rows = {.n = e->count, .obs = e->x + i * e->count * p->inputs, .act = e->y + i * e->count}};
    }
    return true;
}

static void task_text(const ks_problem* problem, size_t i, char* text, size_t room) {
    ks_sinusoid curve = ks_sinusoid_task(problem, i);
    ks_snprintf(text, room, "%.6g %.6g", curve.amplitude, curve.phase);
}

static const char* const INITIAL[] = {"iterations=70000",       "tasks=25",       "checkpoint_every=10000",
                                      "policy.hidden=[40, 40]", "inner.lr=0.001", NULL};

const ks_problem_kind ks_problem_sinusoid = {
    .name = "sinusoid",
    .summary = "regression: sine curves from a few points",
    .metric = "mse",
    .settings_size = sizeof(ks_sinusoid_settings),
    .initial = INITIAL,
    .outer = "adam",
    .create = create,
    .destroy = destroy,
    .shape = shape,
    .prepare = prepare,
    .draw = draw,
    .collect = collect,
    .task_text = task_text,
    .audit = ks_fewshot_audit,
};

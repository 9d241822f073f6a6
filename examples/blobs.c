/* A supervised problem of one's own: points in the plane are told apart after a few examples. docs/problems.md explains it.
 *
 * A task has three classes of points, each around a centre of its own. The model sees 12 points with their classes, takes gradient
 * steps on them, and then says the classes of 60 others. Classes are not equally frequent (1 : 2 : 3); weights make them count
 * alike.
 *
 *     blobs [ITERATIONS]        meta-trains (1000) and writes blobs.safetensors */
#include <kshot/kshot.h>

#include <stdlib.h>

enum { CLASSES = 3, SHARES = 6 /* 1 + 2 + 3 */, PLANE = 2, TEST_TASKS = 200, STEPS = 3 };
enum { SUPPORT, QUERY, SETS };

typedef struct blobs_settings {
    size_t shots, queries; /* of the rarest class */
} blobs_settings;

/* Points of every task: to learn from, or to be judged on. */
typedef struct set {
    size_t rows;     /* of a task */
    ks_real* point;  /* (tasks x rows x PLANE) */
    ks_real* label;  /* (rows) 0, 1 or 2: the same in every task */
    ks_real* weight; /* (rows) */
} set;

typedef struct blobs {
    ks_problem base; /* first */
    set set[SETS];
    const ks_policy* policy;
    ks_policy_ws* ws;
    ks_real* head; /* (rows of the larger set x CLASSES) */
} blobs;

/* ---- the problem ------------------------------------------------------------------------------------------------------------ */

extern const ks_problem_kind ks_problem_blobs;

static ks_problem* create(const void* settings, ks_method method, size_t tasks, ks_error* err) {
    const blobs_settings* s = settings;
    blobs* b = calloc(1, sizeof *b);
    if (!b) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    b->set[SUPPORT].rows = SHARES * s->shots;
    b->set[QUERY].rows = SHARES * s->queries;
    b->base = (ks_problem){.kind = &ks_problem_blobs,
                           .name = "blobs",
                           .tasks = tasks,
                           .max_rows = SHARES * (s->shots > s->queries ? s->shots : s->queries),
                           .adapts = method == KS_MAML,
                           .measures = true};
    return &b->base;
}

static void destroy(ks_problem* problem) {
    blobs* b = (blobs*)problem;
    if (!b) {
        return;
    }
    for (int i = 0; i < SETS; i++) {
        free(b->set[i].point);
        free(b->set[i].label);
        free(b->set[i].weight);
    }
    ks_policy_ws_destroy(b->ws);
    free(b->head);
    free(b);
}

/* the model: two inputs, and three outputs that softmax makes probabilities of */
static void shape(const ks_problem* problem, ks_policy_settings* s) {
    (void)problem;
    s->obs_dim = PLANE;
    s->act_dim = CLASSES;
    s->head = KS_CATEGORICAL;
}

/* all memory, and what is the same in every task */
static bool prepare(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err) {
    blobs* b = (blobs*)problem;
    b->policy = policy;
    b->head = malloc(problem->max_rows * CLASSES * sizeof *b->head);
    b->ws = ks_policy_ws_create(policy, 0, err);
    bool ok = b->head && b->ws;
    for (int i = 0; ok && i < SETS; i++) {
        set* s = &b->set[i];
        s->point = malloc(sizes->tasks * s->rows * PLANE * sizeof *s->point);
        s->label = malloc(s->rows * sizeof *s->label);
        s->weight = malloc(s->rows * sizeof *s->weight);
        ok = s->point && s->label && s->weight;
        for (size_t n = 0; ok && n < s->rows; n++) {
            int share = (int)(n * SHARES / s->rows); /* 0 | 1 2 | 3 4 5 */
            int label = share > 0 ? share > 2 ? 2 : 1 : 0;
            s->label[n] = (ks_real)label;
            s->weight[n] = (ks_real)SHARES / CLASSES / (ks_real)(label + 1); /* their mean is 1 */
        }
    }
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", sizes->tasks);
}

/* Numbers of a task follow from its number alone: so results are the same for any number of threads. */
static void draw_task(blobs* b, size_t i, ks_stream stream, uint32_t number) {
    double centre[CLASSES * PLANE];
    ks_stream_uniform(centre, CLASSES * PLANE, stream, number, 0, 0);
    for (int s = 0; s < SETS; s++) {
        set* points = &b->set[s];
        for (size_t n = 0; n < points->rows; n++) {
            double noise[PLANE];
            ks_stream_normal(noise, PLANE, stream, number, (uint32_t)(1 + s), (uint32_t)n);
            for (int d = 0; d < PLANE; d++) {
                double middle = 4 * centre[(int)points->label[n] * PLANE + d] - 2;
                points->point[(i * points->rows + n) * PLANE + (size_t)d] = (ks_real)(middle + 0.25 * noise[d]);
            }
        }
    }
}

static bool draw(ks_problem* problem, const ks_draw* d, ks_error* err) {
    ks_purpose purpose = d->split == KS_SPLIT_TEST ? KS_RNG_HELD_OUT : KS_RNG_TASK;
    ks_stream stream = ks_stream_make(d->seed, purpose, d->iteration, 0);
    (void)err;
    for (size_t i = 0; i < d->count; i++) {
        draw_task((blobs*)problem, i, stream, (uint32_t)(d->first + i));
    }
    return true;
}

/* share of points that a model puts into the right class; every class counts alike */
static double accuracy(blobs* b, const ks_real* theta, const ks_rows* rows) {
    double right = 0;
    ks_policy_forward(b->policy, theta, rows->n, rows->obs, b->head, b->ws);
    for (size_t n = 0; n < rows->n; n++) {
        const ks_real* out = b->head + n * CLASSES;
        int best = 0;
        for (int c = 1; c < CLASSES; c++) {
            best = out[c] > out[best] ? c : best;
        }
        right += best == (int)rows->act[n] ? (double)rows->weight[n] : 0;
    }
    return right / (double)rows->n;
}

static bool collect(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err) {
    blobs* b = (blobs*)problem;
    const set* s = &b->set[stage->judges ? QUERY : SUPPORT];
    (void)err;
    for (size_t i = 0; i < stage->count; i++) {
        const ks_real* theta = stage->theta + i * ks_policy_num_params(b->policy);
        rows[i] = (ks_task_rows){
            .rows = {.n = s->rows, .obs = s->point + i * s->rows * PLANE, .act = s->label, .weight = s->weight}};
        rows[i].metric = accuracy(b, theta, &rows[i].rows);
    }
    return true;
}

const ks_problem_kind ks_problem_blobs = {.name = "blobs",
                                          .summary = "classification of points in the plane from a few examples",
                                          .metric = "accuracy",
                                          .higher_is_better = true,
                                          .settings_size = sizeof(blobs_settings),
                                          .outer = "adam",
                                          .create = create,
                                          .destroy = destroy,
                                          .shape = shape,
                                          .prepare = prepare,
                                          .draw = draw,
                                          .collect = collect};

/* ---- a program that meta-trains it ------------------------------------------------------------------------------------------ */

static const blobs_settings SIZES = {.shots = 2, .queries = 10};

typedef struct program {
    ks_problem* problem;
    ks_policy* policy;
    ks_outer_adam_settings adam;
    ks_maml_settings settings;
    ks_maml* maml;
    ks_real *params, *state;
} program;

static bool program_create(program* p, ks_error* err) {
    p->problem = create(&SIZES, KS_MAML, 25, err);
    if (!p->problem) {
        return false;
    }
    ks_policy_settings model = ks_policy_settings_default();
    shape(p->problem, &model);
    model.hidden[0] = model.hidden[1] = 40;
    p->policy = ks_policy_create(&model, err);

    ks_outer_adam.set_default(&p->adam);
    p->settings = ks_maml_settings_default();
    p->settings.inner.steps = STEPS;
    p->settings.inner.lr = 0.3;
    p->settings.outer = &ks_outer_adam;
    p->settings.outer_settings = &p->adam;
    p->settings.threads = 2;
    p->maml = p->policy ? ks_maml_create(p->problem, p->policy, &p->settings, err) : NULL;
    return p->maml != NULL;
}

static void program_destroy(program* p) {
    ks_maml_destroy(p->maml);
    ks_policy_destroy(p->policy);
    destroy(p->problem);
    free(p->params);
    free(p->state);
}

/* where training starts: random weights, and nothing that Adam remembers */
static bool initialise(program* p, ks_error* err) {
    size_t n = ks_policy_num_params(p->policy);
    double* uniform = malloc(n * sizeof *uniform);
    p->params = calloc(ks_maml_num_params(p->maml), sizeof *p->params);
    p->state = calloc(ks_maml_state_size(p->maml), sizeof *p->state);
    bool ok = uniform && p->params && p->state;
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make(p->settings.seed, KS_RNG_INIT, 0, 0), 0, 0, 0);
        ks_policy_init(p->policy, p->params, uniform, 0);
        ks_maml_init_step_sizes(p->maml, p->params);
    }
    free(uniform);
    return ok || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", n);
}

/* loss and accuracy on tasks that it was not trained on, before and after gradient steps on their examples */
static bool evaluate(const program* p, const char* title, ks_error* err) {
    ks_eval_model model = {.policy = p->policy, .params = p->params, .sizes = ks_inner_step_sizes(&p->settings.inner)};
    ks_eval_settings settings = ks_eval_settings_default();
    settings.steps = STEPS;
    settings.threads = p->settings.threads;
    for (int j = 0; j < STEPS; j++) {
        settings.lr[j] = ks_step_sizes_own(&model.sizes);
    }
    ks_eval_result result;
    ks_problem* problem = create(&SIZES, KS_MAML, TEST_TASKS, err);
    bool ok = problem && ks_evaluate(&result, problem, &model, TEST_TASKS, &settings, NULL, NULL, err);
    destroy(problem);
    if (!ok) {
        return false;
    }
    printf("%s\n", title);
    for (size_t j = 0; j <= STEPS; j += j ? 2 : 1) {
        double loss = 0, right = 0;
        for (size_t i = 0; i < TEST_TASKS; i++) {
            loss += result.loss[i * (STEPS + 1) + j] / TEST_TASKS;
            right += result.metric[i * (STEPS + 1) + j] / TEST_TASKS;
        }
        printf("after %zu steps  loss %.3f  accuracy %.3f\n", j, loss, right);
    }
    ks_eval_result_free(&result);
    return true;
}

static bool train(program* p, uint64_t iterations, ks_error* err) {
    for (uint64_t t = 0; t < iterations; t++) {
        ks_maml_stats stats;
        if (!ks_maml_iterate(p->maml, p->params, p->state, t, &stats, err)) {
            return false;
        }
        if ((t + 1) % 500 == 0) {
            printf("iteration %d  accuracy %.3f\n", (int)t + 1, stats.metric[STEPS]);
        }
    }
    return true;
}

static bool save(const program* p, uint64_t iterations, ks_error* err) {
    ks_policy_info info = ks_policy_info_default("blobs");
    info.inner_lr = p->settings.inner.lr;
    info.inner_steps = p->settings.inner.steps;
    info.iteration = (int64_t)iterations;
    info.seed = (int64_t)p->settings.seed;
    return ks_policy_save("blobs.safetensors", p->policy, p->params, &info, err);
}

int main(int argc, char** argv) {
    ks_error err = {0};
    program p = {0};
    double iterations = 1000;
    bool ok = argc < 2 || (ks_parse_double(argv[1], &iterations) && iterations >= 1 && iterations < 1e6) ||
              ks_fail(&err, KS_BAD_INPUT, "'%s' is no number of iterations", argv[1]);
    ok = ok && program_create(&p, &err) && initialise(&p, &err) && evaluate(&p, "untrained", &err) &&
         train(&p, (uint64_t)iterations, &err);
    ok = ok && evaluate(&p, "trained", &err) && save(&p, (uint64_t)iterations, &err);
    program_destroy(&p);
    if (!ok) {
        fprintf(stderr, "blobs: %s\n", err.text);
    }
    return ok ? 0 : (int)err.code;
}

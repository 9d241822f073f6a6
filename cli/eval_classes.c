/* `eval` of models that tell classes apart: accuracy and loss after every gradient step. Where the model has batch norm, whose numbers
 * depend on what else is in the batch, both ways to take them stand side by side. */
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/eval_json.h"
#include "fewshot/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 2 };

/* What stands side by side: columns of the table, and a label of the CSV. */
typedef struct block {
    char label[KS_LABEL_MAX];
    const char* title; /* "": there is one block alone */
    ks_eval_result result;
} block;

/* --nearest: what learns by no gradient step */
enum { FEATURES, PIXELS, NEARESTS };
typedef struct neighbours {
    char label[KS_LABEL_MAX];
    double* accuracy; /* (tasks), or NULL: not evaluated */
} neighbours;

typedef struct table {
    const ks_eval_session* session;
    const ks_eval_settings* settings;
    size_t count;
    block blocks[BLOCKS];
    neighbours nearest[NEARESTS];
} table;

/* ---- what is evaluated ------------------------------------------------------------------------------------------------------ */

static const char* const NORMS[] = {[KS_TRANSDUCTIVE] = "transductive", [KS_INDUCTIVE] = "inductive"};

/* The norm of the index-th block: that which was chosen, and then the other. */
static int norm_of(const ks_eval_session* session, size_t index) {
    int chosen = session->model->config.images.norm;
    return index == 0 ? chosen : 1 - chosen;
}

static bool has_two(const ks_eval_session* session) {
    int asked = session->options->norm;
    return ks_policy_couples_rows(session->model->policy) && (asked < 0 || asked == KS_EVAL_BOTH_NORMS);
}

bool ks_eval_choose_norm(ks_cli_policy* p, int norm, ks_error* err) {
    if (norm >= 0 && !ks_policy_couples_rows(p->policy)) {
        return ks_fail(err, KS_BAD_INPUT, "--norm is of batch norm, and %s has none", p->path);
    }
    p->config.images.norm = norm >= 0 && norm != KS_EVAL_BOTH_NORMS ? norm : p->config.images.norm;
    return true;
}

/* The label of another norm than the model's own says which it is. */
static bool name_block(block* b, const ks_eval_session* session, size_t index, ks_error* err) {
    const char* norm = NORMS[norm_of(session, index)];
    bool coupled = ks_policy_couples_rows(session->model->policy);
    bool own = !coupled || norm_of(session, index) == session->own_norm;
    b->title = coupled ? norm : "";
    int length = snprintf(b->label, sizeof b->label, own ? "%s" : "%s (%s)", session->label, norm);
    return (size_t)length < sizeof b->label ||
           ks_fail(err, KS_BAD_INPUT, "--label: '%s' leaves no room for (%s) within %d bytes", session->label, norm,
                   KS_LABEL_MAX - 1);
}

static bool evaluate(table* t, ks_error* err) {
    const ks_eval_session* session = t->session;
    size_t wanted = has_two(session) ? 2 : 1;
    for (; t->count < wanted; t->count++) {
        ks_images_settings images = session->model->config.images;
        images.norm = norm_of(session, t->count);
        if (!name_block(&t->blocks[t->count], session, t->count, err) ||
            !ks_eval_run(&t->blocks[t->count].result, session, &images, session->tasks, t->settings, err)) {
            return false;
        }
    }
    return true;
}

/* Nearest neighbours by the model's features, and by the pixels; with the norm that was chosen. */
static bool evaluate_nearest(table* t, ks_error* err) {
    const ks_eval_session* session = t->session;
    const ks_cli_policy* p = session->model;
    for (int i = 0; session->options->nearest && i < NEARESTS; i++) {
        neighbours* n = &t->nearest[i];
        ks_nearest_model model = {.policy = p->policy, .theta = p->theta, .inputs = i == PIXELS};
        ks_problem* problem =
            ks_problem_beside(session->first, &p->config.images, (ks_method)p->config.method, session->tasks, err);
        n->accuracy = malloc(session->tasks * sizeof *n->accuracy);
        bool ok = problem && (n->accuracy || ks_fail(err, KS_FAILED, "not enough memory"));
        ok = ok && ks_nearest(n->accuracy, problem, &model, session->tasks, t->settings->split, t->settings->seed,
                              t->settings->threads, err);
        if (problem) {
            p->kind->destroy(problem);
        }
        int length = snprintf(n->label, sizeof n->label, "%s (nearest)", i == PIXELS ? "pixels" : session->label);
        if (!ok || (size_t)length >= sizeof n->label) {
            return !ok ? false : ks_fail(err, KS_BAD_INPUT, "--label: '%s' is too long", session->label);
        }
    }
    return true;
}

/* ---- what is told ------------------------------------------------------------------------------------------------------------ */

static void print_head(const table* t) {
    const ks_images_settings* s = &t->session->model->config.images;
    ks_text_print(stdout, t->session->label);
    printf(" on images, %zu task%s of %d ways, %d shot%s and %d quer%s, from %s classes\n\n", t->session->tasks,
           t->session->tasks == 1 ? "" : "s", s->ways, s->shots, s->shots == 1 ? "" : "s", s->queries,
           s->queries == 1 ? "y" : "ies", ks_image_split_names[t->settings->split]);
    if (*t->blocks[0].title) {
        printf("%27s", "");
        for (size_t b = 0; b < t->count; b++) {
            printf("  %*s%-*s", b ? 5 : 2, "", b + 1 < t->count ? 34 : 0, t->blocks[b].title);
        }
        printf("\n");
    }
    printf("gradient steps    step size");
    for (size_t b = 0; b < t->count; b++) {
        printf("%s    accuracy    95 %% interval      loss", b ? "   " : "");
    }
    printf("\n");
}

static void print_interval(const ks_eval_summary* accuracy) {
    char half[32];
    snprintf(half, sizeof half, "%8.4f", accuracy->error);
    ks_eval_print_interval(accuracy, half);
}

/* Mean, and half of its 95 % interval. */
static void print_nearest(const table* t) {
    for (int i = 0; t->nearest[0].accuracy && i < NEARESTS; i++) {
        const ks_eval_result one = {.tasks = t->session->tasks};
        ks_eval_summary s;
        if (ks_eval_summarise(&s, &one, t->nearest[i].accuracy, 0, NULL)) {
            printf("%s%-27s %11.4f", i ? "" : "\nnearest neighbour, by\n",
                   i == PIXELS ? "  pixels" : "  the model's features", s.mean);
            print_interval(&s);
            printf("\n");
        }
    }
}

static bool print_table(const table* t, ks_error* err) {
    print_head(t);
    for (int j = 0; j <= t->settings->steps; j++) {
        char lr[32];
        ks_eval_step_text(lr, sizeof lr, t->session, t->settings, j);
        printf("%14d %12s", j, lr);
        for (size_t b = 0; b < t->count; b++) {
            ks_eval_summary accuracy, loss;
            const ks_eval_result* r = &t->blocks[b].result;
            if (!ks_eval_summarise(&accuracy, r, r->metric, j, err) || !ks_eval_summarise(&loss, r, r->loss, j, err)) {
                return false;
            }
            printf("%s%12.4f", b ? "   " : "", accuracy.mean);
            print_interval(&accuracy);
            printf(" %9.4g", loss.mean);
        }
        printf("\n");
    }
    print_nearest(t);
    return true;
}

static bool add_results(cJSON* all, const table* t, ks_error* err) {
    const ks_eval_session* session = t->session;
    bool ok = true;
    for (size_t b = 0; ok && b < t->count; b++) {
        ks_eval_json_row row = {.label = t->blocks[b].label,
                                .norm = *t->blocks[b].title ? t->blocks[b].title : NULL,
                                .result = &t->blocks[b].result,
                                .lr = t->settings->lr,
                                .factors = session->model->info.learned != KS_LEARNED_NONE,
                                .loss = true};
        ok = ks_eval_json_add(all, &row, err);
    }
    for (int i = 0; ok && t->nearest[0].accuracy && i < NEARESTS; i++) {
        const ks_eval_result one = {.tasks = session->tasks, .metric = t->nearest[i].accuracy};
        ok = ks_eval_json_add(all, &(ks_eval_json_row){.label = t->nearest[i].label, .result = &one}, err);
    }
    return ok;
}

static bool print_json(const table* t, ks_error* err) {
    const ks_eval_session* session = t->session;
    const ks_images_settings* s = &session->model->config.images;
    cJSON* all = ks_eval_json_create(session->options, session->model, session->label, &t->blocks[0].result);
    cJSON_AddNumberToObject(all, "ways", s->ways);
    cJSON_AddNumberToObject(all, "shots", s->shots);
    cJSON_AddNumberToObject(all, "queries", s->queries);
    cJSON_AddStringToObject(all, "split", ks_image_split_names[t->settings->split]);
    if (!add_results(all, t, err)) {
        cJSON_Delete(all);
        return false;
    }
    return ks_cli_print_json(all, err) == 0;
}

static bool write_csv(void* user, FILE* file) {
    const table* t = user;
    fprintf(file, "label,env,task,goal,gradient_step,accuracy,loss\n");
    for (size_t b = 0; b < t->count; b++) {
        const ks_eval_result* r = &t->blocks[b].result;
        for (size_t i = 0; i < r->tasks; i++) {
            for (int j = 0; j <= r->steps; j++) {
                size_t cell = i * ((size_t)r->steps + 1) + (size_t)j;
                fprintf(file, "%s,%s,%zu,,%d,%.9g,%.9g\n", t->blocks[b].label, t->session->model->kind->name, i, j,
                        r->metric[cell], r->loss[cell]);
            }
        }
    }
    for (int n = 0; t->nearest[0].accuracy && n < NEARESTS; n++) {
        for (size_t i = 0; i < t->session->tasks; i++) {
            fprintf(file, "%s,%s,%zu,,0,%.9g,nan\n", t->nearest[n].label, t->session->model->kind->name, i,
                    t->nearest[n].accuracy[i]);
        }
    }
    return !ferror(file);
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------- */

bool ks_eval_classes(const ks_eval_session* session, const ks_eval_settings* settings, ks_error* err) {
    const ks_eval_options* o = session->options;
    table t = {.session = session, .settings = settings};
    bool ok = evaluate(&t, err) && evaluate_nearest(&t, err);
    if (ok) {
        ok = !o->output || ks_write_file(o->output, o->force, write_csv, &t, err);
        /* also where the CSV failed; and it comes second, so that a pipe that is closed does not lose the CSV */
        ok = (o->json ? print_json : print_table)(&t, err) && ok;
    }
    for (size_t b = 0; b < BLOCKS; b++) {
        ks_eval_result_free(&t.blocks[b].result);
    }
    for (int n = 0; n < NEARESTS; n++) {
        free(t.nearest[n].accuracy);
    }
    return ok;
}

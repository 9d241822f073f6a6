/* `eval` of policies: their returns on tasks that were not trained on, after every gradient step. */
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/eval_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_TASKS = 40, DEFAULT_STEPS = 3 };

/* ---- tasks -------------------------------------------------------------------------------------------------------------- */

static double* make_tasks(const ks_eval_options* o, const ks_env_def* def, size_t* count, ks_error* err) {
    size_t dim = (size_t)def->task_dim;
    if (o->goals) {
        return ks_cli_read_goals(o->goals, def, count, o->sampling.quiet, err);
    }
    *count = o->tasks ? (size_t)o->tasks : DEFAULT_TASKS;
    double* tasks = malloc(*count * dim * sizeof *tasks);
    if (!tasks) {
        ks_fail(err, KS_FAILED, "not enough memory for %zu tasks", *count);
        return NULL;
    }
    ks_draw_held_out_tasks(tasks, def, (uint64_t)o->sampling.seed, 0, *count);
    return tasks;
}

/* ---- output --------------------------------------------------------------------------------------------------------------- */

typedef struct table {
    const ks_eval_result* result;
    const double* tasks;
    size_t dim;
    const ks_rl_eval_settings* settings;
    const char *label, *env, *lr_text; /* lr_text: what the step sizes are */
} table;

static bool print_table(const table* t, ks_error* err) {
    const ks_eval_result* r = t->result;
    ks_text_print(stdout, t->label);
    size_t n = t->settings->trajectories;
    printf(" on %s, %zu task%s, %zu trajector%s each\n", t->env, r->tasks, r->tasks == 1 ? "" : "s", n,
           n == 1 ? "y" : "ies");
    if (r->steps > 0) {
        printf("step sizes: %s\n", t->lr_text);
    }
    printf("\n");
    printf("gradient steps    step size    mean return    95 %% interval    mean length\n");
    for (int j = 0; j <= r->steps; j++) {
        ks_eval_summary s, length;
        char lr[32] = "", half[32];
        if (!ks_eval_summarise(&s, r, r->metric, j, err) || !ks_eval_summarise(&length, r, r->length, j, err)) {
            return false;
        }
        if (j > 0) {
            snprintf(lr, sizeof lr, "%.4g", t->settings->eval.lr[j - 1]);
        }
        printf("%14d %12s %14.2f", j, lr, s.mean);
        snprintf(half, sizeof half, "%7.2f", s.error);
        ks_eval_print_interval(&s, half);
        printf(" %14.1f\n", length.mean);
    }
    if (r->rejected > 0) {
        printf("\n%zu trajectories broke down and end there: the physics did, or a number was not finite\n",
               r->rejected);
    }
    return true;
}

static bool print_json(const table* t, const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const ks_rl_eval_settings* s = t->settings;
    const ks_eval_result* r = t->result;
    cJSON* all = ks_eval_json_create(o, p, t->label, r);
    if (o->goals) {
        ks_eval_json_add_text(all, "goals", o->goals);
    }
    cJSON_AddNumberToObject(all, "trajectories", (double)s->trajectories);
    cJSON_AddNumberToObject(all, "horizon", (double)s->horizon);
    cJSON_AddNumberToObject(all, "gamma", s->advantage.gamma);
    cJSON_AddNumberToObject(all, "gae_lambda", s->advantage.gae_lambda);
    cJSON_AddNumberToObject(all, "broken_trajectories", (double)r->rejected);
    ks_eval_json_row row = {.label = t->label, .result = r, .lr = s->eval.lr, .length = true};
    if (!ks_eval_json_add(all, &row, err)) {
        cJSON_Delete(all);
        return false;
    }
    return ks_cli_print_json(all, err) == 0;
}

static bool write_csv(void* user, FILE* file) {
    const table* t = user;
    const ks_eval_result* r = t->result;
    fprintf(file, "label,env,task,goal,gradient_step,mean_return,trajectories,mean_length\n");
    for (size_t i = 0; i < r->tasks; i++) {
        for (int j = 0; j <= r->steps; j++) {
            size_t cell = i * ((size_t)r->steps + 1) + (size_t)j;
            fprintf(file, "%s,%s,%zu,", t->label, t->env, i);
            for (size_t d = 0; d < t->dim; d++) {
                fprintf(file, d ? " %.17g" : "%.17g", t->tasks[i * t->dim + d]);
            }
            fprintf(file, ",%d,%.9g,%zu,%.9g\n", j, r->metric[cell], t->settings->trajectories, r->length[cell]);
        }
    }
    return !ferror(file);
}

/* ---- step sizes that are searched for --------------------------------------------------------------------------------------------------- */

static void print_search(FILE* out, const ks_lr_search* search) {
    if (search->steps == 1) {
        fprintf(out, "mean return after one gradient step on %d other tasks, by its size:\n\n", KS_SEARCH_TASKS);
    } else {
        fprintf(out, "mean return after %d gradient steps on %d other tasks, by their size:\n\n", search->steps,
                KS_SEARCH_TASKS);
    }
    for (size_t i = 0; i < search->count; i++) {
        const char* note = search->count > 1 && i == search->best ? "  the best, used below" : "";
        if (search->mean_return[i] > -INFINITY) {
            fprintf(out, "%27.4g %14.2f%s\n", search->lr[i], search->mean_return[i], note);
        } else {
            fprintf(out, "%27.4g %14s\n", search->lr[i], "breaks down");
        }
    }
    fprintf(out, "\n");
}

/* ks_step_told: lines of a table as they come. */
static void print_found(void* user, int step, const ks_step_found* found) {
    FILE* out = user;
    if (step == 1) {
        fprintf(out, "step sizes found one after the other, by the mean return on %d other tasks:\n\n",
                KS_SEARCH_TASKS);
        fprintf(out, "gradient step    step size    mean return    without it    better by    standard error\n");
    }
    fprintf(out, "%13d %12.4g %14.2f %13.2f %12.2f %17.2f\n", step, found->lr, found->mean_return,
            found->mean_return - found->gain, found->gain, found->error);
    fflush(out);
}

static bool search_each(ks_rl_eval_settings* settings, const ks_lr_search* sizes, const ks_eval_options* o,
                        const ks_cli_policy* p, ks_error* err) {
    FILE* out = ks_eval_told(o);
    bool ok = ks_lr_search_each(settings, sizes, p, out ? print_found : NULL, out, err);
    if (ok && out) {
        fprintf(out, "\n");
    }
    return ok;
}

static bool search_lr(ks_rl_eval_settings* settings, const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    ks_lr_search search;
    if (!ks_lr_search_parse(&search, o->search_lr, p, err)) {
        return false;
    }
    if (o->search_each) {
        return search_each(settings, &search, o, p, err);
    }
    if (!ks_lr_search_run(&search, settings, p, ks_eval_progress_of(o), err)) {
        return false;
    }
    if (ks_eval_told(o)) {
        print_search(ks_eval_told(o), &search);
    }
    return true;
}

/* where the step sizes come from */
static void lr_text(char* text, size_t room, const ks_eval_options* o, const ks_cli_policy* p) {
    if (o->search_lr || o->sampling.lr) {
        snprintf(text, room, "%s",
                 o->search_each ? "each found above"
                 : o->search_lr ? "the best one found above, then shorter ones"
                                : "as given (--lr)");
    } else {
        ks_default_lr_text(text, room, p->def, &p->info);
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

/* Options that policies have no use for. */
static bool check_policy_options(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const char* option = o->norm >= 0 ? "--norm" : o->split >= 0 ? "--split" : o->nearest ? "--nearest" : NULL;
    return !option || ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is a policy", option, p->path);
}

bool ks_eval_policy(const ks_eval_options* o, ks_cli_policy* p, ks_error* err) {
    ks_rl_eval_settings s;
    ks_cli_sampling sampling = o->sampling;
    sampling.steps = sampling.steps >= 0 ? sampling.steps : DEFAULT_STEPS;
    const char* label = ks_eval_label(o, p, err);
    if (!label || !check_policy_options(o, p, err) || !ks_problem_options_apply(&o->problem, p, err) ||
        !ks_sampling_settings(&s, &sampling, p, err) || (o->search_lr && !search_lr(&s, o, p, err))) {
        return false;
    }
    size_t count;
    double* tasks = make_tasks(o, p->def, &count, err);
    if (!tasks) {
        return false;
    }
    ks_eval_result result;
    ks_eval_model model = ks_opened_model(p);
    bool ok = ks_rl_evaluate(&result, p->model, &model, tasks, count, &s, NULL, ks_eval_progress_of(o), NULL, err);
    if (!ok) {
        ks_eval_progress_end(o);
    }
    if (ok) {
        char text[128];
        lr_text(text, sizeof text, o, p);
        table t = {.result = &result,
                   .tasks = tasks,
                   .dim = (size_t)p->def->task_dim,
                   .settings = &s,
                   .label = label,
                   .env = p->def->name,
                   .lr_text = text};
        ok = !o->output || ks_write_file(o->output, o->force, write_csv, &t, err);
        /* also where the CSV failed; and it comes second, so that a pipe that is closed does not lose the CSV */
        ok = (o->json ? print_json(&t, o, p, err) : print_table(&t, err)) && ok;
        ok = ok && (!o->keep_lr || ks_cli_keep_lr(p, s.eval.lr, ks_eval_told(o), err));
        ks_eval_result_free(&result);
    }
    free(tasks);
    return ok;
}

#include "cli/eval.h"
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/eval_json.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    printf(" on %s, %zu tasks, %zu trajectories each\n", t->env, r->tasks, t->settings->trajectories);
    if (r->steps > 0) {
        printf("step sizes: %s\n", t->lr_text);
    }
    printf("\n");
    printf("gradient steps    step size    mean return    95 %% interval    mean length\n");
    for (int j = 0; j <= r->steps; j++) {
        ks_eval_summary s, length;
        char lr[32] = "";
        if (!ks_eval_summarise(&s, r, r->metric, j, err) || !ks_eval_summarise(&length, r, r->length, j, err)) {
            return false;
        }
        if (j > 0) {
            snprintf(lr, sizeof lr, "%.4g", t->settings->eval.lr[j - 1]);
        }
        printf("%14d %12s %14.2f %9s%7.2f %14.1f\n", j, lr, s.mean, "+-", s.error, length.mean);
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

static void progress_line(void* user, size_t done, size_t total) {
    (void)user;
    char line[64];
    snprintf(line, sizeof line, done < total ? "\r%zu of %zu tasks" : "\r\033[K", done, total);
    ks_cli_tell(stderr, line);
}

ks_eval_progress ks_eval_progress_of(const ks_eval_options* o) {
    return !o->sampling.quiet && ks_cli_live(stderr) ? progress_line : NULL;
}

void ks_eval_progress_end(const ks_eval_options* o) {
    if (ks_eval_progress_of(o)) {
        ks_cli_tell(stderr, "\r\033[K");
    }
}

FILE* ks_eval_told(const ks_eval_options* o) {
    return !o->json ? stdout : o->sampling.quiet ? NULL : stderr;
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

/* ---- the command ------------------------------------------------------------------------------------------------------------ */

const char* ks_eval_label(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const char* label = o->label ? o->label : p->info.iteration == 0 ? "random" : p->info.method;
    if (!ks_text_is_label(label)) {
        ks_fail(err, KS_BAD_INPUT, "%s: its method, '%s', cannot label the rows; give a --label", p->path, label);
        return NULL;
    }
    return label;
}

/* Options that policies have no use for. */
static bool check_policy_options(const ks_eval_options* o, const ks_cli_policy* p, ks_error* err) {
    const char* option = o->norm >= 0 ? "--norm" : o->split >= 0 ? "--split" : o->nearest ? "--nearest" : NULL;
    return !option || ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is a policy", option, p->path);
}

static bool evaluate(const ks_eval_options* o, ks_cli_policy* p, ks_error* err) {
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
        /* in any case; and if nobody reads it, the file is there */
        ok = (o->json ? print_json(&t, o, p, err) : print_table(&t, err)) && ok;
        ok = ok && (!o->keep_lr || ks_cli_keep_lr(p, s.eval.lr, ks_eval_told(o), err));
        ks_eval_result_free(&result);
    }
    free(tasks);
    return ok;
}

static bool check_options(const ks_eval_options* o, ks_error* err) {
    if (o->label && !ks_text_is_label(o->label)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "--label: '%s' is not a text in UTF-8 of 1 to %d bytes without comma, quote, control character, "
                       "or a space at either end",
                       o->label, KS_LABEL_MAX - 1);
    }
    if (o->search_lr && o->sampling.lr) {
        return ks_fail(err, KS_BAD_INPUT, "--search-lr finds what --lr says: give one of them");
    }
    if (o->search_each && !o->search_lr) {
        return ks_fail(err, KS_BAD_INPUT, "--search-each: which step sizes to try, --search-lr says: give it, too");
    }
    if (o->search_lr && o->sampling.steps == 0) {
        return ks_fail(err, KS_BAD_INPUT, "--search-lr: without a gradient step (--steps 0) there is no step size");
    }
    if (o->keep_lr && !o->search_lr && !o->sampling.lr) {
        return ks_fail(err, KS_BAD_INPUT, "--keep-lr keeps what --search-lr finds or --lr says: give one of them");
    }
    return !o->output || ks_cli_check_output(o->output, o->force, err);
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    ks_eval_options o = {.sampling = ks_sampling_default(), .norm = -1, .split = -1};
    o.sampling.steps = -1;
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    ks_cli_policy policy;
    if (!check_options(&o, err) || !ks_cli_check_apart(o.output, o.goals, err) ||
        !ks_cli_policy_open(&policy, argv[optind], o.sampling.best, o.sampling.env, o.sampling.quiet, err)) {
        return ks_cli_exit(false, err);
    }
    bool ok = ks_cli_check_apart(o.output, policy.path, err) && (!o.keep_lr || ks_cli_check_keep_lr(&policy, err)) &&
              (policy.kind == &ks_problem_rl ? evaluate(&o, &policy, err) : ks_eval_examples(&o, &policy, err));
    ks_opened_close(&policy);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"tasks", 0, "N",
     "held-out tasks, which follow from --seed alone (default 40; of models that learn from examples 600)",
     KS_OPTION_INT(ks_eval_options, tasks, 1, 1000000)},
    {"goals", 0, "FILE.csv", "these tasks instead: one a line, its numbers separated by commas, no header",
     KS_OPTION_TEXT(ks_eval_options, goals), .completes = KS_COMPLETE_CSV},
    KS_SAMPLING_ROW_TRAJECTORIES(ks_eval_options,
                                 "per task and gradient step (default: the environment's protocol, or 20)"),
    KS_SAMPLING_ROW_STEPS(ks_eval_options, "gradient steps (default 3; of models that learn from examples 10)"),
    {"lr", 0, "A1[,A2…]",
     "step size of each step; the last serves all further ones (default: those kept by --keep-lr; else the "
     "environment's, for MAML the policy's own for as many steps as it was trained for; then half of it, unless the "
     "environment says otherwise)",
     KS_OPTION_TEXT(ks_eval_options, sampling.lr)},
    {"search-lr", 0, "A,B,…",
     "try these first step sizes (or `default`: 1e-6 to 2, and the one above) on 40 other tasks, and use the one with "
     "the best mean return after the first gradient step, which is where the paper compares, or after as many as the "
     "policy was trained for; later steps shrink as above. Of models that learn from examples the one with the best "
     "median error, or mean accuracy, after all steps; images are then those of validation classes, if there are any",
     KS_OPTION_TEXT(ks_eval_options, search_lr)},
    {"search-each", 0, NULL,
     "with --search-lr, of policies: find the size of every step of --steps, one after the other. A step that the "
     "policy was trained for gets the size with the best mean return after it. Any further one gets the smallest size, "
     "or 0 for no step, that is within one standard error of the best, task by task: more steps then do no harm but "
     "for noise",
     KS_OPTION_FLAG(ks_eval_options, search_each)},
    {"keep-lr", 0, NULL,
     "keep the step sizes of --search-lr or --lr with the policy, in the metadata of its file: eval, rollout, view, "
     "record and plot then use them where no others are given",
     KS_OPTION_FLAG(ks_eval_options, keep_lr)},
    {"gae-lambda", 0, "L", "lambda of the advantages that it adapts by (default: the policy's own; the paper's is 1)",
     KS_OPTION_REAL(ks_eval_options, sampling.gae_lambda, 0, 1)},
    KS_SAMPLING_ROW_HORIZON(ks_eval_options),
    KS_SAMPLING_ROW_SEED(ks_eval_options, "of tasks, start states and action noise (default 1)"),
    {"label", 0, "NAME", "of the CSV's rows (default: the method)", KS_OPTION_TEXT(ks_eval_options, label)},
    KS_SAMPLING_ROW_ENV(ks_eval_options),
    KS_SAMPLING_ROW_BEST(ks_eval_options),
    KS_PROBLEM_ROW_SET(ks_eval_options),
    {"json", 0, NULL,
     "print one JSON object instead of the table (docs/files.md); what else is said then goes to standard error",
     KS_OPTION_FLAG(ks_eval_options, json)},
    {"output", 'o', "FILE.csv", "write the CSV", KS_OPTION_TEXT(ks_eval_options, output), .completes = KS_COMPLETE_CSV},
    KS_OPTION_ROW_FORCE(ks_eval_options, force),
    KS_OPTION_ROW_THREADS(ks_eval_options, sampling.threads),
    KS_OPTION_ROW_QUIET(ks_eval_options, sampling.quiet),
    {0},
};

static const ks_option OF_IMAGES[] = {
    KS_PROBLEM_ROW_DATA(ks_eval_options,
                        "where the images are (default: where the run directory's config.yaml has them)"),
    {"split", 0, "SPLIT", "tasks of train, validation or test classes (default test)",
     KS_OPTION_CHOICE(ks_eval_options, split, KS_SPLIT_NAMES)},
    {"norm", 0, "NORM",
     "batch norm of the queries by their own statistics, so that they see each other (transductive), by those of the "
     "images that were learned from (inductive), or both side by side (default). In the CSV, (transductive) or "
     "(inductive) behind the label means: another norm than in training",
     KS_OPTION_CHOICE(ks_eval_options, norm, KS_EVAL_NORMS)},
    {"nearest", 0, NULL,
     "also what needs no gradient step: every query gets the label of the most similar image that was learned from, "
     "by the model's features (before its last layer), and by pixels",
     KS_OPTION_FLAG(ks_eval_options, nearest)},
    {0},
};

const ks_command ks_command_eval = {
    .name = "eval",
    .summary = "returns, or errors, after 0, 1, 2, … gradient steps on held-out tasks",
    .usage = {"POLICY [--tasks N | --goals FILE.csv] [--steps K] [--lr A1[,A2…]] [-o FILE.csv] …"},
    .about = {"How a policy does, or a model that learns from examples, after 0 … K gradient steps on tasks that it "
              "was not trained on: returns, errors or accuracies, as a table and a CSV. POLICY is a policy file or a "
              "run directory. Defaults follow the environment's test protocol (of those that are in the paper, the "
              "paper's) and the method."},
    .groups = {{.rows = OPTIONS},
               {.heading = "Of models of images:",
                .rows = OF_IMAGES,
                .note = "A model of method: pretrain tells all training classes apart. For other classes it gets a "
                        "last layer of images.ways outputs, drawn from --seed as policy.last_init_std says, and "
                        "adapts as all do; --search-lr finds how fast."}},
    .arguments = {.name = "POLICY", .least = 1, .most = 1, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot eval zoo/half-cheetah-dir --best --steps 1", "before and after one gradient step on 40 tasks"},
                 {"kshot eval runs/dir --best -o maml.csv", "the same of your run, and a file for `kshot plot`"}},
    .run = run,
};

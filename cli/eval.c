#include "cli/eval.h"
#include "base/atomic_file.h"
#include "base/text.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot eval POLICY [--tasks N | --goals FILE.csv] [--steps K] [--lr A1[,A2…]] [-o FILE.csv] …\n"
    "\n"
    "How a policy does, or a model that learns from examples, after 0 … K gradient steps on tasks that it was not "
    "trained\n"
    "on: returns, errors or accuracies, as a table and a CSV. POLICY is a policy file or a run directory. Defaults "
    "follow\n"
    "the environment's test protocol (of those that are in the paper, the paper's) and the method.\n"
    "\n"
    "  --tasks N          held-out tasks, which follow from --seed alone (default 40; of models that learn from "
    "examples 600)\n"
    "  --goals FILE.csv   these tasks instead: one a line, its numbers separated by commas, no header\n"
    "  --trajectories N   per task and gradient step (default: the environment's protocol, or 20)\n"
    "  --steps K          gradient steps (default 3; of models that learn from examples 10)\n"
    "  --lr A1[,A2…]      step size of each step; the last serves all further ones\n"
    "                     (default: those kept by --keep-lr; else the environment's, for MAML the policy's own for as "
    "many "
    "steps as\n"
    "                     it was trained for; then half of it, unless the environment says otherwise)\n"
    "  --search-lr A,B,…  try these first step sizes (or `default`: 1e-6 to 2, and the one above) on 40 other tasks, "
    "and\n"
    "                     use the one with the best mean return after the first gradient step, which is where the "
    "paper\n"
    "                     compares, or after as many as the policy was trained for; later steps shrink as above. Of "
    "models\n"
    "                     that learn from examples the one with the best median error, or mean accuracy, after all "
    "steps;\n"
    "                     images are then those of validation classes, if there are any\n"
    "  --keep-lr          keep the step sizes of --search-lr or --lr with the policy, in the metadata of its file: "
    "eval,\n"
    "                     rollout, view, record and plot then use them where no others are given\n"
    "  --gae-lambda L     lambda of the advantages that it adapts by (default: the policy's own; the paper's is 1)\n"
    "  --horizon T        timesteps per trajectory (default: the policy's own)\n"
    "  --seed N           of tasks, start states and action noise (default 1)\n"
    "  --label NAME       of the CSV's rows (default: the method)\n"
    "  -e ENV             another environment than the policy's own\n"
    "  --best             of a run directory, best.safetensors instead of policy.safetensors\n"
    "  -s KEY=VALUE       of models that learn from examples: a setting of the problem, as in -s sinusoid.shots=5\n"
    "  -o FILE.csv        write the CSV; --force replaces a file that exists\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n"
    "\n"
    "Of models of images:\n"
    "\n"
    "  --data PATH        where the images are (default: where the run directory's config.yaml has them)\n"
    "  --split SPLIT      tasks of train, validation or test classes (default test)\n"
    "  --norm NORM        batch norm of the queries by their own statistics, so that they see each other "
    "(transductive), by\n"
    "                     those of the images that were learned from (inductive), or both side by side (default). In "
    "the\n"
    "                     CSV, (transductive) or (inductive) behind the label means: another norm than in training\n"
    "  --nearest          also what needs no gradient step: every query gets the label of the most similar image that "
    "was\n"
    "                     learned from, by the model's features (before its last layer), and by pixels\n"
    "\n"
    "A model of method: pretrain tells all training classes apart. For other classes it gets a last layer of "
    "images.ways\n"
    "outputs, drawn from --seed as policy.last_init_std says, and adapts as all do; --search-lr finds how fast.\n";

enum { DEFAULT_TASKS = 40, DEFAULT_STEPS = 3 };

/* ---- tasks -------------------------------------------------------------------------------------------------------------- */

static double* make_tasks(const ks_eval_options* o, const ks_env_def* def, size_t* count, ks_error* err) {
    size_t dim = (size_t)def->task_dim;
    if (o->goals) {
        return ks_cli_read_goals(o->goals, def, count, err);
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
    size_t dim, trajectories;
    const char *label, *env, *lr_text; /* lr_text: what the step sizes are */
    const double* lr;
} table;

static void print_table(const table* t) {
    const ks_eval_result* r = t->result;
    size_t columns = (size_t)r->steps + 1;
    ks_text_print(stdout, t->label);
    printf(" on %s, %zu tasks, %zu trajectories each\n", t->env, r->tasks, t->trajectories);
    if (r->steps > 0) {
        printf("step sizes: %s\n", t->lr_text);
    }
    printf("\n");
    printf("gradient steps    step size    mean return    95 %% interval    mean length\n");
    for (size_t j = 0; j < columns; j++) {
        double mean = 0, length = 0, square = 0;
        for (size_t i = 0; i < r->tasks; i++) {
            mean += r->metric[i * columns + j] / (double)r->tasks;
            length += r->length[i * columns + j] / (double)r->tasks;
        }
        for (size_t i = 0; i < r->tasks; i++) {
            double d = r->metric[i * columns + j] - mean;
            square += d * d;
        }
        /* of the mean over tasks */
        double error = r->tasks > 1 ? 1.96 * sqrt(square / (double)(r->tasks - 1) / (double)r->tasks) : 0;
        char lr[32] = "";
        if (j > 0) {
            snprintf(lr, sizeof lr, "%.4g", t->lr[j - 1]);
        }
        printf("%14zu %12s %14.2f %9s%7.2f %14.1f\n", j, lr, mean, "+-", error, length);
    }
    if (r->rejected > 0) {
        printf("\n%zu trajectories broke down and end there: the physics did, or a number was not finite\n",
               r->rejected);
    }
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
            fprintf(file, ",%d,%.9g,%zu,%.9g\n", j, r->metric[cell], t->trajectories, r->length[cell]);
        }
    }
    return !ferror(file);
}

void ks_eval_progress_line(void* user, size_t done, size_t total) {
    (void)user;
    char line[64];
    snprintf(line, sizeof line, done < total ? "\r%zu of %zu tasks" : "\r\033[K", done, total);
    ks_cli_tell(stderr, line);
}

/* ---- the first step size --------------------------------------------------------------------------------------------------- */

static bool search_lr(ks_rl_eval_settings* settings, const char* text, const ks_cli_policy* p, ks_error* err) {
    ks_lr_search search;
    bool live = ks_cli_live(stderr);
    if (!ks_lr_search_parse(&search, text, p, err) ||
        !ks_lr_search_run(&search, settings, p, live ? ks_eval_progress_line : NULL, err)) {
        return false;
    }
    if (search.steps == 1) {
        printf("mean return after one gradient step on %d other tasks, by its size:\n\n", KS_SEARCH_TASKS);
    } else {
        printf("mean return after %d gradient steps on %d other tasks, by their size:\n\n", search.steps,
               KS_SEARCH_TASKS);
    }
    for (size_t i = 0; i < search.count; i++) {
        const char* note = search.count > 1 && i == search.best ? "  the best, used below" : "";
        if (search.mean_return[i] > -INFINITY) {
            printf("%27.4g %14.2f%s\n", search.lr[i], search.mean_return[i], note);
        } else {
            printf("%27.4g %14s\n", search.lr[i], "breaks down");
        }
    }
    printf("\n");
    return true;
}

/* where the step sizes come from */
static void lr_text(char* text, size_t room, const ks_eval_options* o, const ks_cli_policy* p) {
    if (o->search_lr || o->sampling.lr) {
        snprintf(text, room, "%s", o->search_lr ? "the best one found above, then shorter ones" : "as given (--lr)");
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
    const char* option = o->norm ? "--norm" : o->has_split ? "--split" : o->nearest ? "--nearest" : NULL;
    return !option || ks_fail(err, KS_BAD_INPUT, "%s is for models of images, and %s is a policy", option, p->path);
}

static bool evaluate(const ks_eval_options* o, ks_cli_policy* p, ks_error* err) {
    ks_rl_eval_settings s;
    ks_cli_sampling sampling = o->sampling;
    sampling.steps = sampling.steps >= 0 ? sampling.steps : DEFAULT_STEPS;
    const char* label = ks_eval_label(o, p, err);
    if (!label || !check_policy_options(o, p, err) || !ks_problem_options_apply(&o->problem, p, err) ||
        !ks_sampling_settings(&s, &sampling, p, err) || (o->search_lr && !search_lr(&s, o->search_lr, p, err))) {
        return false;
    }
    size_t count;
    double* tasks = make_tasks(o, p->def, &count, err);
    if (!tasks) {
        return false;
    }
    ks_eval_result result;
    ks_eval_model model = ks_cli_policy_model(p);
    bool live = ks_cli_live(stderr);
    bool ok = ks_rl_evaluate(&result, p->model, &model, tasks, count, &s, NULL, live ? ks_eval_progress_line : NULL,
                             NULL, err);
    if (!ok && live) {
        ks_cli_tell(stderr, "\r\033[K"); /* the error stands on a line of its own */
    }
    if (ok) {
        char text[128];
        lr_text(text, sizeof text, o, p);
        table t = {.result = &result,
                   .tasks = tasks,
                   .dim = (size_t)p->def->task_dim,
                   .trajectories = s.trajectories,
                   .label = label,
                   .env = p->def->name,
                   .lr_text = text,
                   .lr = s.eval.lr};
        ok = !o->output || ks_write_file(o->output, o->force, write_csv, &t, err);
        print_table(&t); /* in any case; and if nobody reads it, the file is there */
        ok = ok && (!o->keep_lr || ks_cli_keep_lr(p, s.eval.lr, err));
        ks_eval_result_free(&result);
    }
    free(tasks);
    return ok;
}

enum { TASKS = KS_SAMPLING_END, GOALS, SEARCH_LR, KEEP_LR, LABEL, DATA, SPLIT, NORM, NEAREST, FORCE };
static const struct option OPTIONS[] = {KS_SAMPLING_OPTIONS,
                                        {"tasks", required_argument, NULL, TASKS},
                                        {"goals", required_argument, NULL, GOALS},
                                        {"search-lr", required_argument, NULL, SEARCH_LR},
                                        {"keep-lr", no_argument, NULL, KEEP_LR},
                                        {"label", required_argument, NULL, LABEL},
                                        {"data", required_argument, NULL, DATA},
                                        {"split", required_argument, NULL, SPLIT},
                                        {"norm", required_argument, NULL, NORM},
                                        {"nearest", no_argument, NULL, NEAREST},
                                        {"output", required_argument, NULL, 'o'},
                                        {"set", required_argument, NULL, 's'},
                                        {"force", no_argument, NULL, FORCE},
                                        {0}};

static bool parse_option(ks_eval_options* o, int option, const char* value, ks_error* err) {
    switch (option) {
        case TASKS:
            return ks_cli_int("--tasks", value, 1, 1000000, &o->tasks, err);
        case GOALS:
            o->goals = value;
            return true;
        case SEARCH_LR:
            o->search_lr = value;
            return true;
        case KEEP_LR:
            return o->keep_lr = true;
        case LABEL:
            o->label = value;
            return ks_text_is_label(value) ||
                   ks_fail(err, KS_BAD_INPUT,
                           "--label: '%s' is not a text in UTF-8 of 1 to %d bytes without comma, quote, control "
                           "character, or a space at either end",
                           value, KS_LABEL_MAX - 1);
        case DATA:
            o->problem.data = value;
            return true;
        case SPLIT:
            o->has_split = true;
            return ks_examples_split(&o->split, value, err);
        case NORM:
            o->norm = value;
            return strcmp(value, "both") == 0 || strcmp(value, "transductive") == 0 ||
                   strcmp(value, "inductive") == 0 ||
                   ks_fail(err, KS_BAD_INPUT, "--norm: '%s' is not one of both, transductive, inductive", value);
        case NEAREST:
            return o->nearest = true;
        case 'o':
            o->output = value;
            return true;
        case 's':
            return ks_problem_options_add(&o->problem, value, err);
        case FORCE:
            return o->force = true;
        default:
            return ks_sampling_option(&o->sampling, option, value, err);
    }
}

static bool check_options(const ks_eval_options* o, ks_error* err) {
    if (o->search_lr && o->sampling.lr) {
        return ks_fail(err, KS_BAD_INPUT, "--search-lr finds what --lr says: give one of them");
    }
    if (o->search_lr && o->sampling.steps == 0) {
        return ks_fail(err, KS_BAD_INPUT, "--search-lr: without a gradient step (--steps 0) there is no step size");
    }
    if (o->keep_lr && !o->search_lr && !o->sampling.lr) {
        return ks_fail(err, KS_BAD_INPUT, "--keep-lr keeps what --search-lr finds or --lr says: give one of them");
    }
    return !o->output || ks_cli_check_output(o->output, o->force, err);
}

int ks_cli_eval(int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"POLICY"};
    ks_eval_options o = {.sampling = {.steps = -1, .seed = 1, .threads = ks_cli_cores()}};
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, KS_SAMPLING_LETTERS "o:s:", OPTIONS, err)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        if (!parse_option(&o, c, optarg, err)) {
            return KS_BAD_INPUT;
        }
    }
    ks_cli_policy policy;
    if (!ks_cli_arguments(argc, argv, 1, NAMES, err) || !check_options(&o, err) ||
        !ks_cli_check_apart(o.output, o.goals, err) ||
        !ks_cli_policy_open(&policy, argv[optind], o.sampling.best, o.sampling.env, err)) {
        return ks_cli_exit(false, err);
    }
    bool ok = ks_cli_check_apart(o.output, policy.path, err) && (!o.keep_lr || ks_cli_check_keep_lr(&policy, err)) &&
              (policy.kind == &ks_problem_rl ? evaluate(&o, &policy, err) : ks_eval_examples(&o, &policy, err));
    ks_cli_policy_close(&policy);
    return ks_cli_exit(ok, err);
}

/* kshot eval: how a model does on tasks that it was not trained on. */
#include "cli/eval.h"
#include "base/text.h"

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
              (policy.kind == &ks_problem_rl ? ks_eval_policy(&o, &policy, err) : ks_eval_examples(&o, &policy, err));
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
    {"split", 0, "SPLIT",
     "tasks of train, validation or test classes (default test); search: of validation classes, or of test classes "
     "where "
     "there are none, as --search-lr takes them",
     KS_OPTION_CHOICE(ks_eval_options, split, KS_SPLIT_NAMES_SEARCH)},
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

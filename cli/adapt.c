/* `adapt`: a model after gradient steps on one task, as a file that every other command takes. */
#include "base/text.h"
#include "cli/examples.h"
#include "cli/sampling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct adapt_options {
    ks_cli_sampling sampling;
    const char *output, *task;
    ks_problem_options problem;
    bool force;
} adapt_options;

/* ---- both kinds of models ------------------------------------------------------------------------------------------------- */

/* What is said of them: the metric before and after. */
static bool tell(const adapt_options* o, const ks_cli_policy* p, const ks_eval_result* r) {
    ks_text_print(stdout, o->output);
    printf(": %d gradient step%s, %s %.4g before and %.4g after\n", r->steps, r->steps == 1 ? "" : "s", p->kind->metric,
           r->metric[0], r->metric[r->steps]);
    return true;
}

static bool save(const adapt_options* o, const ks_cli_policy* p, const ks_real* adapted, ks_error* err) {
    ks_policy_info info = ks_opened_info_here(p);
    memcpy(p->theta, adapted, ks_policy_num_params(p->policy) * sizeof *p->theta);
    return ks_cli_check_output(o->output, o->force, err) && ks_policy_save(o->output, p->policy, p->theta, &info, err);
}

static bool adapt_policy(const adapt_options* o, const ks_cli_policy* p, ks_real* adapted, ks_error* err) {
    double task[KS_TASK_MAX];
    ks_rl_eval_settings s;
    ks_eval_model model = ks_opened_model(p);
    ks_eval_result result;
    if (!ks_sampling_settings(&s, &o->sampling, p, err) ||
        !ks_cli_task(task, o->task, p->def, o->sampling.seed, o->sampling.quiet, err)) {
        return false;
    }
    s.eval.adapted = adapted;
    if (!ks_rl_evaluate(&result, p->model, &model, task, 1, &s, NULL, NULL, NULL, err)) {
        return false;
    }
    bool ok = save(o, p, adapted, err) && tell(o, p, &result);
    ks_eval_result_free(&result);
    return ok;
}

static bool adapt_examples(const adapt_options* o, ks_cli_policy* p, ks_real* adapted, ks_error* err) {
    ks_eval_settings s = ks_eval_settings_default();
    ks_eval_result result;
    const char* policies = ks_cli_sampling_of_policies(&o->sampling);
    if (policies) {
        return ks_fail(err, KS_BAD_INPUT, "%s is for policies, and %s is a model of problem: %s", policies, p->path,
                       p->kind->name);
    }
    s.steps = (int)o->sampling.steps;
    s.seed = (uint64_t)o->sampling.seed;
    s.threads = (int)o->sampling.threads;
    s.adapted = adapted;
    ks_examples_own_lr(s.lr, p);
    if (o->sampling.lr && !ks_cli_lr(o->sampling.lr, s.lr, err)) {
        return false;
    }
    ks_sinusoid curve;
    if (o->task && p->kind != &ks_problem_sinusoid) {
        return ks_fail(err, KS_BAD_INPUT, "--task: a task of %s has no numbers; --seed N draws another", p->kind->name);
    }
    if (o->task && !ks_examples_curve(&curve, o->task, err)) {
        return false;
    }
    bool ok = ks_examples_evaluate(&result, p, 1, o->task ? &curve : NULL, &s, err);
    if (ok) {
        ok = save(o, p, adapted, err) && tell(o, p, &result);
        ks_eval_result_free(&result);
    }
    return ok;
}

/* ---- the command ----------------------------------------------------------------------------------------------------------- */

static bool adapt(adapt_options* o, ks_cli_policy* p, ks_error* err) {
    if (o->sampling.steps < 0) {
        o->sampling.steps = p->info.inner_steps > 0 ? p->info.inner_steps : 1;
    }
    if (!ks_problem_options_apply(&o->problem, p, err)) {
        return false;
    }
    if (!ks_examples_take_head(p, (uint64_t)o->sampling.seed, err)) {
        return false;
    }
    ks_real* adapted = malloc(ks_policy_num_params(p->policy) * sizeof *adapted);
    bool ok =
        adapted || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", ks_policy_num_params(p->policy));
    ok = ok && (p->kind == &ks_problem_rl ? adapt_policy(o, p, adapted, err) : adapt_examples(o, p, adapted, err));
    free(adapted);
    return ok;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    adapt_options o = {.sampling = ks_sampling_default()};
    o.sampling.steps = -1;
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    ks_cli_policy policy;
    if (!ks_cli_check_output(o.output, o.force, err) ||
        !ks_cli_policy_open(&policy, argv[optind], o.sampling.best, o.sampling.env, o.sampling.quiet, err)) {
        return ks_cli_exit(false, err);
    }
    bool ok = ks_cli_check_apart(o.output, policy.path, err) && adapt(&o, &policy, err);
    ks_opened_close(&policy);
    return ks_cli_exit(ok, err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "FILE.safetensors", "where the policy goes", KS_OPTION_TEXT(adapt_options, output),
     .required = true, .completes = KS_COMPLETE_FILE},
    KS_OPTION_ROW_TASK(adapt_options, task),
    KS_SAMPLING_ROW_STEPS(adapt_options, "gradient steps (default: as many as it was trained for, or 1)"),
    {"lr", 0, "A1[,A2…]",
     "size of each step, of learned step sizes a factor; the last serves all further ones (default: kept ones, or "
     "the environment's protocol)",
     KS_OPTION_TEXT(adapt_options, sampling.lr)},
    KS_SAMPLING_ROW_TRAJECTORIES(adapt_options,
                                 "sampled per step (default: what the environment's protocol says, or 20)"),
    KS_SAMPLING_ROW_HORIZON(adapt_options),
    KS_SAMPLING_ROW_GAE_LAMBDA(adapt_options),
    KS_SAMPLING_ROW_SEED(adapt_options, "of start states, action noise and examples (default 1)"),
    KS_SAMPLING_ROW_ENV(adapt_options),
    KS_PROBLEM_ROW_SET(adapt_options),
    KS_PROBLEM_ROW_DATA(adapt_options, "of models of images: where the images are"),
    KS_SAMPLING_ROW_BEST(adapt_options),
    KS_OPTION_ROW_FORCE(adapt_options, force),
    KS_OPTION_ROW_THREADS(adapt_options, sampling.threads),
    KS_OPTION_ROW_QUIET(adapt_options, sampling.quiet),
    {0},
};

const ks_command ks_command_adapt = {
    .name = "adapt",
    .summary = "a policy after gradient steps on a task, as a policy file",
    .usage = {"POLICY [--task V[,V…]] [--steps K] [--lr A1[,A2…]] -o FILE.safetensors …"},
    .about = {"Writes the policy as it is after K gradient steps on a task, as a policy file that every other "
              "command takes. POLICY is a policy file or a run directory, and may be a model that learns from "
              "examples."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "POLICY", .least = 1, .most = 1, .completes = KS_COMPLETE_POLICY},
    .examples = {{"kshot adapt zoo/half-cheetah-dir --best --task -1 -o backward.safetensors",
                  "the policy after one gradient step on the task of running backward"}},
    .run = run,
};

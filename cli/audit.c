#include "maml/audit.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "run/checkpoint.h"
#include "run/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct audit_options {
    const char *from, *output;
    ks_option_list settings;
    int64_t iteration; /* -1: the checkpoint's */
    int64_t threads;
    bool force, quiet;
} audit_options;

/* Of a checkpoint: its parameters, and what the outer step remembers. */
static bool load_checkpoint(ks_real* params, ks_real* state, const char* path, const ks_setup* setup, ks_error* err) {
    ks_run_state run;
    ks_policy_info info;
    if (!ks_run_state_create(&run, setup->num_params, setup->state_size, err)) {
        return false;
    }
    bool ok = ks_checkpoint_load(path, setup->policy, &info, &run, err);
    if (ok) {
        memcpy(params, run.params, setup->num_params * sizeof *params);
        memcpy(state, run.outer, setup->state_size * sizeof *state);
        ks_maml_set_step_scale(setup->maml, ks_run_state_step_scale(&run));
    }
    ks_run_state_free(&run);
    return ok;
}

/* Of a policy file: its parameters. What the outer step remembers is 0, as at the start of a run. */
static bool load_policy(ks_real* params, const ks_tensor_file* f, const ks_step_sizes* sizes, const ks_setup* setup,
                        ks_error* err) {
    size_t count = ks_step_sizes_count(sizes, setup->policy);
    if (ks_policy_num_params(setup->policy) + count != setup->num_params) {
        return ks_fail(err, KS_BAD_INPUT, "%s: its learned step sizes (inner.learned) are others than the config's",
                       ks_tensor_file_path(f));
    }
    return ks_policy_read_params(f, setup->policy, sizes, params, err);
}

/* Where the iteration begins: params (Q) and state (state_size). */
static bool load(ks_real* params, ks_real* state, int64_t* iteration, const char* from, const ks_setup* setup,
                 ks_error* err) {
    const ks_policy* policy = setup->policy;
    char path[4096];
    struct stat info;
    bool directory = stat(from, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, directory ? "%s/checkpoint.safetensors" : "%s", from);
    if (directory && access(path, F_OK) != 0) {
        return ks_fail(err, KS_BAD_INPUT, "--from %s: it has no checkpoint; %s/policy.safetensors has its parameters",
                       from, from);
    }
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, err);
    ks_policy_settings settings;
    ks_policy_info of;
    bool ok = f && ks_policy_read_meta(f, &settings, &of, err);
    if (ok && settings.activation != ks_policy_get_settings(policy)->activation) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: its policy.activation is another than the config's", path);
    }
    if (ok) {
        ks_step_sizes sizes = ks_policy_info_sizes(&of);
        const char* format = ks_tensor_file_meta(f, "format");
        *iteration = of.iteration;
        ok = format && strcmp(format, KS_CHECKPOINT_FORMAT) == 0 ? load_checkpoint(params, state, path, setup, err)
                                                                 : load_policy(params, f, &sizes, setup, err);
    }
    ks_tensor_file_close(f);
    return ok;
}

/* The iteration on params (Q), which stay; after (Q) are those after it, state (state_size) the outer step's before and again after. */
static bool iterate_and_save(const ks_setup* setup, const audit_options* o, ks_real* params, ks_real* after,
                             ks_real* state, int64_t iteration, ks_error* err) {
    ks_maml_stats stats;
    ks_audit file = {.path = o->output,
                     .overwrite = o->force,
                     .maml = setup->maml,
                     .params = params,
                     .params_new = after,
                     .state = state,
                     .iteration = iteration,
                     .stats = &stats};
    memcpy(after, params, setup->num_params * sizeof *after);
    memcpy(state + setup->state_size, state, setup->state_size * sizeof *state);
    if (!ks_audit_prepare(setup->maml, err) ||
        !ks_maml_iterate(setup->maml, after, state + setup->state_size, (uint64_t)iteration, &stats, err) ||
        !ks_audit_save(&file, err)) {
        return false;
    }
    ks_text_print(stdout, o->output);
    printf(": iteration %lld, %s", (long long)iteration, stats.outer.why[0] ? stats.outer.why : "accepted");
    const ks_outer_kind* outer = ks_maml_get_settings(setup->maml)->outer;
    for (int i = 0; i < KS_OUTER_MAX_COLUMNS && outer->columns[i]; i++) {
        printf(", %s %.6g", outer->columns[i], stats.outer.column[i]);
    }
    putchar('\n');
    return true;
}

static bool audit(const ks_config* given, const audit_options* o, ks_error* err) {
    ks_config config = *given;
    config.trpo.kfac_damping = 0;       /* the file has no place for it: its CG is the plain one, */
    config.trpo.step.cg_warm_start = 0; /* from 0 */
    ks_setup setup;
    ks_real* params = NULL;
    int64_t iteration = 0;
    bool ok = ks_setup_create(&setup, &config, (int)o->threads, (ks_team){0}, err);
    if (ok) {
        params = calloc(2 * setup.num_params + 2 * setup.state_size, sizeof *params);
        ks_real* state = params ? params + 2 * setup.num_params : NULL;
        ok = (params || ks_fail(err, KS_FAILED, "not enough memory for %zu parameters", setup.num_params)) &&
             (o->from ? load(params, state, &iteration, o->from, &setup, err)
                      : ks_setup_initial(params, NULL, &setup, &config, err)) &&
             iterate_and_save(&setup, o, params, params + setup.num_params, state,
                              o->iteration >= 0 ? o->iteration : iteration, err);
    }
    free(params);
    ks_setup_free(&setup);
    return ok;
}

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    audit_options o = {.iteration = -1, .threads = ks_cores()};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    ks_config config;
    ks_config_default(&config);
    bool ok = ks_cli_check_output(o.output, o.force, err) && ks_cli_check_apart(o.output, argv[optind], err) &&
              ks_cli_check_apart(o.output, o.from, err) && ks_config_read(&config, argv[optind], err);
    for (int i = 0; ok && i < o.settings.count; i++) {
        ok = ks_config_set(&config, o.settings.text[i], err);
    }
    return ks_cli_exit(ok && ks_config_check(&config, err) && audit(&config, &o, err), err);
}

static const ks_option OPTIONS[] = {
    {"output", 'o', "FILE.safetensors", "where it is written down", KS_OPTION_TEXT(audit_options, output),
     .required = true, .completes = KS_COMPLETE_FILE},
    {"from", 0, "CHECKPOINT",
     "start from these parameters: a checkpoint, a policy file or a run directory (default: the config's initial ones)",
     KS_OPTION_TEXT(audit_options, from), .completes = KS_COMPLETE_POLICY},
    {"iteration", 0, "N", "number of the iteration in the random streams (default: the checkpoint's, or 0)",
     KS_OPTION_INT(audit_options, iteration, 0, INT64_MAX)},
    KS_OPTION_ROW_SET(audit_options, settings, "a setting in place of the config's"),
    KS_OPTION_ROW_FORCE(audit_options, force),
    KS_OPTION_ROW_THREADS(audit_options, threads),
    KS_OPTION_ROW_QUIET(audit_options, quiet),
    {0},
};

const ks_command ks_command_audit = {
    .name = "audit",
    .summary = "write one meta-iteration down in full",
    .usage = {"CONFIG [--from CHECKPOINT] [-s KEY=VALUE]… -o FILE.safetensors"},
    .about = {"Runs one meta-iteration and writes it down in full, so that another implementation can redo every "
              "number (docs/files.md). Its conjugate gradient is the plain one, from 0, whatever the config has."},
    .groups = {{.rows = OPTIONS}},
    .arguments = {.name = "CONFIG", .least = 1, .most = 1, .completes = KS_COMPLETE_CONFIG},
    .examples = {{"kshot audit configs/point.yaml -s tasks=2 -o audit.safetensors",
                  "the first iteration with two tasks"}},
    .run = run,
};

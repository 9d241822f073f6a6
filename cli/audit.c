#include "maml/audit.h"
#include "base/text.h"
#include "cli/cli.h"
#include "run/checkpoint.h"
#include "run/config.h"
#include "run/initial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char* const HELP =
    "usage: kshot audit CONFIG [--from CHECKPOINT] [-s KEY=VALUE]… -o FILE.safetensors\n"
    "\n"
    "Runs one meta-iteration and writes it down in full, so that another implementation can redo every number\n"
    "(docs/files.md). Its conjugate gradient is the plain one, from 0, whatever the config has.\n"
    "\n"
    "  --from CHECKPOINT  start from these parameters: a checkpoint, a policy file or a run directory\n"
    "                     (default: the config's initial ones)\n"
    "  --iteration N      number of the iteration in the random streams (default: the checkpoint's, or 0)\n"
    "  -s KEY=VALUE       a setting in place of the config's\n"
    "  --force            replace a file that exists\n"
    "  -j THREADS         default: the number of cores; results do not depend on it\n";

/* Parameters of a checkpoint or policy file. */
static bool load_theta(ks_real* theta, int64_t* iteration, const char* from, const ks_policy* policy, ks_error* err) {
    char path[4096];
    struct stat info;
    bool directory = stat(from, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, directory ? "%s/checkpoint.safetensors" : "%s", from);
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, err);
    ks_policy_settings settings;
    ks_policy_info of;
    bool ok = f && ks_policy_read_meta(f, &settings, &of, err);
    if (ok && settings.activation != ks_policy_get_settings(policy)->activation) {
        ok = ks_fail(err, KS_BAD_INPUT, "%s: its policy.activation is another than the config's", path);
    }
    ok = ok && ks_policy_read_theta(f, policy, theta, err);
    if (ok) {
        *iteration = of.iteration;
    }
    ks_tensor_file_close(f);
    return ok;
}

typedef struct audit_options {
    const char *from, *output;
    int64_t iteration; /* -1: the checkpoint's */
    int threads;
    bool force;
} audit_options;

static bool run(const ks_config* config, const audit_options* o, ks_error* err) {
    const ks_env_def* def = ks_env_find(config->env, err);
    ks_env_model* model = def ? ks_env_model_create(def, config->method == KS_ORACLE, err) : NULL;
    if (!model) {
        return false;
    }
    ks_policy_settings settings = ks_config_policy(config, model);
    ks_maml_settings maml_settings = ks_config_maml(config, o->threads);
    maml_settings.kfac_damping = 0; /* the file has no place for it: its CG is the plain one */
    ks_policy* policy = ks_policy_create(&settings, err);
    ks_maml* maml = policy ? ks_maml_create(model, policy, &maml_settings, err) : NULL;
    size_t n = policy ? ks_policy_num_params(policy) : 0;
    ks_real* theta = malloc((2 * n + 1) * sizeof *theta);
    ks_real* cg_start =
        calloc(n + 1, sizeof *cg_start); /* from 0, whatever the run would remember: the file says nothing else */
    ks_maml_stats stats;
    int64_t iteration = 0;
    bool ok = maml && theta && cg_start &&
              (o->from ? load_theta(theta, &iteration, o->from, policy, err)
                       : ks_initial_theta(theta, config, model, policy, err)) &&
              ks_maml_keep_cg(maml, true, err);
    if (ok) {
        iteration = o->iteration >= 0 ? o->iteration : iteration;
        memcpy(theta + n, theta, n * sizeof *theta);
        ok = ks_maml_iterate(maml, theta + n, cg_start, (uint64_t)iteration, &stats, err) &&
             ks_audit_save(o->output, o->force, maml, theta, theta + n, iteration, &stats, err);
    }
    if (ok) {
        ks_text_print(stdout, o->output);
        printf(": iteration %lld, %s, kl %.6f, surrogate %.6f -> %.6f\n", (long long)iteration,
               ks_trpo_verdict_text(stats.trpo.verdict), stats.trpo.kl, stats.surrogate_before, stats.surrogate_after);
    }
    free(cg_start);
    free(theta);
    ks_maml_destroy(maml);
    ks_policy_destroy(policy);
    ks_env_model_destroy(model);
    return ok;
}

enum { FROM = 256, ITERATION, FORCE };
static const struct option OPTIONS[] = {
    {"help", no_argument, NULL, 'h'},        {"output", required_argument, NULL, 'o'},
    {"set", required_argument, NULL, 's'},   {"threads", required_argument, NULL, 'j'},
    {"from", required_argument, NULL, FROM}, {"iteration", required_argument, NULL, ITERATION},
    {"force", no_argument, NULL, FORCE},     {0}};

int ks_cli_audit(int argc, char** argv, ks_error* err) {
    static const char* const NAMES[] = {"CONFIG"};
    enum { MAX_SETTINGS = 256 };
    const char* settings[MAX_SETTINGS];
    int num_settings = 0;
    int64_t threads = ks_cli_cores();
    audit_options o = {.iteration = -1};
    bool ok = true;
    optind = 0;
    for (int c; ok && (c = ks_cli_option(argc, argv, "ho:s:j:", OPTIONS, err)) != -1;) {
        switch (c) {
            case 'h':
                fputs(HELP, stdout);
                return 0;
            case 'o':
                o.output = optarg;
                break;
            case 's':
                ok = num_settings < MAX_SETTINGS ||
                     ks_fail(err, KS_BAD_INPUT, "-s: more than %d settings", MAX_SETTINGS);
                if (ok) {
                    settings[num_settings++] = optarg;
                }
                break;
            case 'j':
                ok = ks_cli_int("-j", optarg, 1, 1024, &threads, err);
                break;
            case FROM:
                o.from = optarg;
                break;
            case ITERATION:
                ok = ks_cli_int("--iteration", optarg, 0, INT64_MAX, &o.iteration, err);
                break;
            case FORCE:
                o.force = true;
                break;
            default:
                ok = false;
        }
    }
    if (!ok || !ks_cli_arguments(argc, argv, 1, NAMES, err)) {
        return KS_BAD_INPUT;
    }
    if (!o.output) {
        ks_fail(err, KS_BAD_INPUT, "audit: -o FILE.safetensors is missing; `kshot audit --help` explains");
        return KS_BAD_INPUT;
    }
    ks_config config;
    ks_config_default(&config);
    ok = ks_cli_check_output(o.output, o.force, err) && ks_cli_check_apart(o.output, argv[optind], err) &&
         ks_cli_check_apart(o.output, o.from, err) && ks_config_read(&config, argv[optind], err);
    for (int i = 0; ok && i < num_settings; i++) {
        ok = ks_config_set(&config, settings[i], err);
    }
    o.threads = (int)threads;
    return ks_cli_exit(ok && ks_config_check(&config, err) && run(&config, &o, err), err);
}

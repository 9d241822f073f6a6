#include "run/config.h"

#include "base/atomic_file.h"
#include "policy/ranges.h"
#include "run/config_table.h"

#include <string.h>

#define AT(member) offsetof(ks_config, member)
#define BIG 1e9 /* more iterations or timesteps than anybody has time for */

static bool env_exists(const char* name, ks_error* err) {
    return ks_env_find(name, err) != NULL;
}

static const ks_setting ROWS[] = {
    {"env", KS_SETTING_TEXT, AT(env), .text = "point", .room = sizeof((ks_config*)NULL)->env, .allows = env_exists,
     .help = "environment; `kshot envs` lists them"},
    {"method", KS_SETTING_CHOICE, AT(method), .initial = KS_MAML, .text = "maml|pretrain|oracle",
     .help = "maml; pretrain: one policy by TRPO over all tasks; oracle: pretrain with the task in the observation"},
    {"seed", KS_SETTING_INT64, AT(seed), 0, 0x1p63, 1, .help = "all randomness follows from it"},
    {"iterations", KS_SETTING_INT, AT(iterations), 0, BIG, 100, .free_on_resume = true,
     .help = "meta-updates; 0 writes an untrained policy, the random baseline"},
    {"tasks", KS_SETTING_INT, AT(tasks), 1, 1e6, 40, .help = "tasks per iteration"},
    {"trajectories", KS_SETTING_INT, AT(trajectories), 1, 1e6, 20,
     .help = "per task, before and after adaptation each"},
    {"horizon", KS_SETTING_INT, AT(horizon), KS_RANGE_HORIZON, 200, .help = "timesteps per trajectory at most"},
    {"gamma", KS_SETTING_DOUBLE, AT(gamma), KS_RANGE_GAMMA, 0.99, .help = "discount"},
    {"gae_lambda", KS_SETTING_DOUBLE, AT(gae_lambda), KS_RANGE_GAE_LAMBDA, 1,
     .help = "lambda of generalised advantage estimation"},
    {"checkpoint_every", KS_SETTING_INT, AT(checkpoint_every), 1, BIG, 10, .free_on_resume = true,
     .help = "iterations"},
};
static const ks_settings_rows RUN_ROWS = {ROWS, sizeof ROWS / sizeof *ROWS};

static const ks_settings_part PARTS[] = {
    {&RUN_ROWS, 0},
    {&ks_policy_rows, AT(policy)},
    {&ks_inner_rows, AT(inner)},
    {&ks_trpo_rows, AT(trpo)},
};
const ks_settings_table ks_config_table = {PARTS, sizeof PARTS / sizeof *PARTS};

void ks_config_default(ks_config* config) {
    memset(config, 0, sizeof *config);
    ks_settings_default(&ks_config_table, config);
}

bool ks_config_check(const ks_config* config, ks_error* err) {
    if (!ks_policy_config_check(&config->policy, err) || !ks_trpo_config_check(&config->trpo, err)) {
        return false;
    }
    if ((double)config->tasks * config->trajectories * config->horizon > BIG) {
        return ks_fail(err, KS_BAD_INPUT, "tasks x trajectories x horizon must not be above %g timesteps", BIG);
    }
    return ks_env_find(config->env, err) != NULL;
}

bool ks_config_write(const ks_config* config, FILE* file, bool comments) {
    return ks_settings_write(&ks_config_table, config, file, comments);
}

static bool write_config(void* user, FILE* file) {
    return ks_config_write(user, file, true);
}

bool ks_config_save(const ks_config* config, const char* path, ks_error* err) {
    ks_config copy = *config;
    return ks_replace_file(path, write_config, &copy, err);
}

const char* ks_config_difference(const ks_config* a, const ks_config* b) {
    return ks_settings_difference(&ks_config_table, a, b);
}

/* ---- what follows from a config ---------------------------------------------------------------------------------- */

ks_maml_settings ks_config_maml(const ks_config* c, int threads) {
    ks_maml_settings s = ks_maml_settings_default();
    s.method = (ks_method)c->method;
    s.seed = (uint64_t)c->seed;
    s.tasks = (size_t)c->tasks;
    s.trajectories = (size_t)c->trajectories;
    s.horizon = (size_t)c->horizon;
    s.advantage = (ks_advantage_settings){.gamma = c->gamma, .gae_lambda = c->gae_lambda};
    ks_inner_config_take(&s, &c->inner);
    ks_trpo_config_take(&s, &c->trpo);
    s.threads = threads;
    return s;
}

ks_policy_settings ks_config_policy(const ks_config* c, const ks_env_model* model) {
    const ks_env_def* def = ks_env_model_def(model);
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = ks_env_model_obs_dim(model);
    s.act_dim = def->num_actions > 0 ? def->num_actions : def->act_dim;
    s.head = def->num_actions > 0 ? KS_CATEGORICAL : KS_GAUSSIAN;
    ks_policy_config_take(&s, &c->policy);
    return s;
}

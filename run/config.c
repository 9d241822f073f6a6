/* One table of fields drives everything: parsing (config_read.c), ranges, defaults, printing, help, comparison. */
#include "run/config_fields.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "policy/ranges.h"

#include <string.h>

#define AT(member) offsetof(ks_config, member)
#define BIG 1e9 /* more iterations or timesteps than anybody has time for */
const ks_field ks_config_fields[] = {
    {"env", TEXT, AT(env), 0, 0, 0, "point", "environment; `kshot envs` lists them", false},
    {"method", CHOICE, AT(method), 0, 0, KS_MAML, "maml|pretrain|oracle",
     "maml; pretrain: one policy by TRPO over all tasks; oracle: pretrain with the task in the observation", false},
    {"seed", INT64, AT(seed), 0, 0x1p63, 1, NULL, "all randomness follows from it", false},
    {"iterations", INT, AT(iterations), 0, BIG, 100, NULL,
     "meta-updates; 0 writes an untrained policy, the random baseline", true},
    {"tasks", INT, AT(tasks), 1, 1e6, 40, NULL, "tasks per iteration", false},
    {"trajectories", INT, AT(trajectories), 1, 1e6, 20, NULL, "per task, before and after adaptation each", false},
    {"horizon", INT, AT(horizon), KS_RANGE_HORIZON, 200, NULL, "timesteps per trajectory at most", false},
    {"gamma", DOUBLE, AT(gamma), KS_RANGE_GAMMA, 0.99, NULL, "discount", false},
    {"gae_lambda", DOUBLE, AT(gae_lambda), KS_RANGE_GAE_LAMBDA, 1, NULL, "lambda of generalised advantage estimation",
     false},
    {"checkpoint_every", INT, AT(checkpoint_every), 1, BIG, 10, NULL, "iterations", true},
    {"policy.hidden", WIDTHS, AT(policy), 1, KS_MAX_WIDTH, 0, NULL, "units of the hidden layers; []: linear", false},
    {"policy.activation", CHOICE, AT(policy.activation), 0, 0, KS_RELU, "relu|tanh", "of the hidden layers", false},
    {"policy.log_std_init", DOUBLE, AT(policy.log_std_init), -20, 20, 0, NULL,
     "log of the actions' standard deviation at the start (continuous actions)", false},
    {"policy.log_std_min", DOUBLE, AT(policy.log_std_min), KS_RANGE_LOG_STD_MIN, -13.815510557964274, NULL, "its floor",
     false},
    {"policy.scale_inputs", BOOL, AT(policy.scale_inputs), 0, 1, 0, NULL,
     "start with all observations weighing about alike", false},
    {"inner.steps", INT, AT(inner.steps), KS_RANGE_INNER_STEPS, 1, NULL, "gradient steps of a task", false},
    {"inner.lr", DOUBLE, AT(inner.lr), KS_RANGE_INNER_LR, 0.1, NULL, "their step size", false},
    {"inner.first_order", BOOL, AT(inner.first_order), 0, 1, 0, NULL, "leave the second derivatives out", false},
    {"inner.sweep", DOUBLE, AT(inner.sweep), 0, 1e6, 0, NULL,
     "before adaptation, also pass through all tasks in an episode: weight; 0: not, as in the paper", false},
    {"trpo.gae_lambda", DOUBLE, AT(trpo.gae_lambda), -1, 1, -1, NULL,
     "lambda of the adapted policies' advantages, that TRPO sees; -1: gae_lambda, as in the paper", false},
    {"trpo.max_kl", DOUBLE, AT(trpo.max_kl), 1e-12, 1e6, 0.01, NULL,
     "mean KL divergence of the adapted policies per meta-update at most, nats", false},
    {"trpo.max_kl_halving", DOUBLE, AT(trpo.max_kl_halving), 0, BIG, 0, NULL,
     "iterations in which max_kl halves, again and again; 0: it stays, as in the paper", false},
    {"trpo.cg_iterations", INT, AT(trpo.cg_iterations), 1, 10000, 10, NULL, "of conjugate gradient, at most", false},
    {"trpo.cg_damping", DOUBLE, AT(trpo.cg_damping), 0, 1e6, 1e-5, NULL, "added to the curvature's diagonal", false},
    {"trpo.cg_warm_start", DOUBLE, AT(trpo.cg_warm_start), 0, 1, 0, NULL,
     "conjugate gradient starts from this share of the last step's solution; 0: from 0, as in the paper", false},
    {"trpo.kfac_damping", DOUBLE, AT(trpo.kfac_damping), 0, 1e6, 0, NULL,
     "conjugate gradient is preconditioned by K-FAC with this damping; 0: not at all, as in the paper", false},
    {"trpo.backtrack_ratio", DOUBLE, AT(trpo.backtrack_ratio), 1e-6, 0.999999, 0.8, NULL,
     "factor from one candidate of the line search to the next", false},
    {"trpo.backtrack_steps", INT, AT(trpo.backtrack_steps), 1, 1000, 15, NULL, "candidates at most", false},
    {"trpo.curvature_fraction", DOUBLE, AT(trpo.curvature_fraction), 1e-6, 1, 1, NULL,
     "share of each task's timesteps that the curvature is measured on", false},
};
enum { NUM_FIELDS = sizeof ks_config_fields / sizeof *ks_config_fields };
_Static_assert((int)NUM_FIELDS <= (int)KS_MAX_FIELDS, "readers note which fields they have seen");
const int ks_config_num_fields = NUM_FIELDS;

static void* at(ks_config* config, const ks_field* f) {
    return (char*)config + f->offset;
}

static const void* at_const(const ks_config* config, const ks_field* f) {
    return (const char*)config + f->offset;
}

/* ---- choices and defaults -------------------------------------------------------------------------------------------- */

bool ks_choice_name(const char* names, int index, char* out, size_t room) {
    for (; index > 0; index--) {
        names = strchr(names, '|');
        if (!names) {
            return false;
        }
        names++;
    }
    snprintf(out, room, "%.*s", (int)strcspn(names, "|"), names);
    return true;
}

/* 2^63 - 1 is no double, so that a 64-bit field's own largest number stands for 2^63 */
void ks_field_range(char* out, size_t room, const ks_field* f) {
    if (f->type == INT64) {
        ks_snprintf(out, room, "%.16g to %lld", f->min, (long long)INT64_MAX);
    } else {
        ks_snprintf(out, room, "%.16g to %.16g", f->min, f->max);
    }
}

void ks_config_default(ks_config* config) {
    memset(config, 0, sizeof *config);
    for (int i = 0; i < NUM_FIELDS; i++) {
        const ks_field* f = &ks_config_fields[i];
        switch (f->type) {
            case INT:
            case CHOICE:
                *(int*)at(config, f) = (int)f->initial;
                break;
            case INT64:
                *(int64_t*)at(config, f) = (int64_t)f->initial;
                break;
            case DOUBLE:
                *(double*)at(config, f) = f->initial;
                break;
            case BOOL:
                *(bool*)at(config, f) = f->initial != 0;
                break;
            case TEXT:
                snprintf(config->env, sizeof config->env, "%s", f->text);
                break;
            case WIDTHS:
                config->policy.num_hidden = 2;
                config->policy.hidden[0] = config->policy.hidden[1] = 100;
                break;
        }
    }
}

bool ks_config_check(const ks_config* config, ks_error* err) {
    if (config->policy.log_std_init < config->policy.log_std_min) {
        return ks_fail(err, KS_BAD_INPUT, "policy.log_std_init (%g) must not be below policy.log_std_min (%g)",
                       config->policy.log_std_init, config->policy.log_std_min);
    }
    if (config->trpo.gae_lambda < 0 && config->trpo.gae_lambda > -1) {
        return ks_fail(err, KS_BAD_INPUT, "trpo.gae_lambda must be 0 to 1, or -1 for that of gae_lambda, not %g",
                       config->trpo.gae_lambda);
    }
    if ((double)config->tasks * config->trajectories * config->horizon > BIG) {
        return ks_fail(err, KS_BAD_INPUT, "tasks x trajectories x horizon must not be above %g timesteps", BIG);
    }
    return ks_env_find(config->env, err) != NULL;
}

/* ---- printing ----------------------------------------------------------------------------------------------------------------- */

static void print_value(FILE* file, const ks_config* config, const ks_field* f) {
    char name[32] = "", number[KS_NUMBER_ROOM];
    const void* value = at_const(config, f);
    switch (f->type) {
        case INT:
            fprintf(file, "%d", *(const int*)value);
            break;
        case INT64:
            fprintf(file, "%lld", (long long)*(const int64_t*)value);
            break;
        case DOUBLE:
            fputs(ks_print_double(number, *(const double*)value), file);
            break;
        case BOOL:
            fputs(*(const bool*)value ? "true" : "false", file);
            break;
        case CHOICE:
            ks_choice_name(f->text, *(const int*)value, name, sizeof name);
            fputs(name, file);
            break;
        case TEXT:
            fputs(config->env, file);
            break;
        case WIDTHS:
            fputc('[', file);
            for (int i = 0; i < config->policy.num_hidden; i++) {
                fprintf(file, i ? ", %d" : "%d", config->policy.hidden[i]);
            }
            fputc(']', file);
            break;
    }
}

static void print_comment(FILE* file, const ks_field* f) {
    fprintf(file, "  # %s", f->help);
    if (f->type == CHOICE) {
        fprintf(file, " (%s)", f->text);
    } else if (f->type == INT || f->type == INT64 || f->type == DOUBLE) {
        char range[64];
        ks_field_range(range, sizeof range, f);
        fprintf(file, " (%s)", range);
    }
}

bool ks_config_write(const ks_config* config, FILE* file, bool comments) {
    char section[32] = "";
    for (int i = 0; i < NUM_FIELDS; i++) {
        const ks_field* f = &ks_config_fields[i];
        const char* dot = strchr(f->key, '.');
        if (dot && strncmp(section, f->key, (size_t)(dot - f->key)) != 0) {
            snprintf(section, sizeof section, "%.*s", (int)(dot - f->key), f->key);
            fprintf(file, "%s:\n", section);
        }
        fprintf(file, "%s%s: ", dot ? "  " : "", dot ? dot + 1 : f->key);
        print_value(file, config, f);
        if (comments) {
            print_comment(file, f);
        }
        fputc('\n', file);
    }
    return !ferror(file);
}

static bool write_config(void* user, FILE* file) {
    return ks_config_write(user, file, true);
}

bool ks_config_save(const ks_config* config, const char* path, ks_error* err) {
    ks_config copy = *config;
    return ks_replace_file(path, write_config, &copy, err);
}

static bool same_value(const ks_config* a, const ks_config* b, const ks_field* f) {
    static const size_t SIZES[] = {[INT] = sizeof(int),
                                   [CHOICE] = sizeof(int),
                                   [INT64] = sizeof(int64_t),
                                   [DOUBLE] = sizeof(double),
                                   [BOOL] = sizeof(bool)};
    if (f->type == TEXT) {
        return strcmp(a->env, b->env) == 0;
    }
    if (f->type == WIDTHS) {
        return a->policy.num_hidden == b->policy.num_hidden &&
               memcmp(a->policy.hidden, b->policy.hidden, (size_t)a->policy.num_hidden * sizeof(int)) == 0;
    }
    return memcmp(at_const(a, f), at_const(b, f), SIZES[f->type]) == 0;
}

const char* ks_config_difference(const ks_config* a, const ks_config* b) {
    for (int i = 0; i < NUM_FIELDS; i++) {
        if (!ks_config_fields[i].free_on_resume && !same_value(a, b, &ks_config_fields[i])) {
            return ks_config_fields[i].key;
        }
    }
    return NULL;
}

/* ---- what follows from a config ---------------------------------------------------------------------------------- */

ks_maml_settings ks_config_maml(const ks_config* c, int threads) {
    ks_maml_settings s = ks_maml_settings_default();
    s.method = (ks_method)c->method;
    s.seed = (uint64_t)c->seed;
    s.tasks = (size_t)c->tasks;
    s.trajectories = (size_t)c->trajectories;
    s.horizon = (size_t)c->horizon;
    s.inner_steps = c->inner.steps;
    s.inner_lr = c->inner.lr;
    s.first_order = c->inner.first_order;
    s.sweep = c->inner.sweep;
    s.advantage = (ks_advantage_settings){.gamma = c->gamma, .gae_lambda = c->gae_lambda};
    s.trpo.max_kl = c->trpo.max_kl;
    s.trpo_gae_lambda = c->trpo.gae_lambda;
    s.max_kl_halving = c->trpo.max_kl_halving;
    s.trpo.cg_iterations = c->trpo.cg_iterations;
    s.trpo.cg_damping = c->trpo.cg_damping;
    s.trpo.cg_warm_start = c->trpo.cg_warm_start;
    s.kfac_damping = c->trpo.kfac_damping;
    s.trpo.backtrack_ratio = c->trpo.backtrack_ratio;
    s.trpo.backtrack_steps = c->trpo.backtrack_steps;
    s.curvature_fraction = c->trpo.curvature_fraction;
    s.threads = threads;
    return s;
}

ks_policy_settings ks_config_policy(const ks_config* c, const ks_env_model* model) {
    const ks_env_def* def = ks_env_model_def(model);
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = ks_env_model_obs_dim(model);
    s.act_dim = def->num_actions > 0 ? def->num_actions : def->act_dim;
    s.head = def->num_actions > 0 ? KS_CATEGORICAL : KS_GAUSSIAN;
    s.num_hidden = c->policy.num_hidden;
    memcpy(s.hidden, c->policy.hidden, sizeof s.hidden);
    s.activation = (ks_activation)c->policy.activation;
    s.log_std_min = c->policy.log_std_min;
    return s;
}

#include "run/config.h"

#include "base/atomic_file.h"
#include "base/number.h"
#include "base/path.h"
#include "base/utf8.h"
#include "run/config_table.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(ks_config, member)
#define BIG 1e9 /* more iterations or timesteps than anybody has time for */

#define NAME(name) "|" #name
#define NAMES(kinds) (kinds(NAME) + 1)

static const ks_setting ROWS[] = {
    {"problem", KS_SETTING_CHOICE, AT(problem), .initial = KS_PROBLEM_rl, .text = NAMES(KS_PROBLEM_KINDS),
     .help = "what is learned; `kshot envs` says what they are"},
    {"outer", KS_SETTING_CHOICE, AT(outer), .initial = KS_OUTER_trpo, .text = NAMES(KS_OUTER_KINDS),
     .help = "how the parameters move once all tasks were adapted to"},
    {"method", KS_SETTING_CHOICE, AT(method), .initial = KS_MAML, .text = KS_CHOICES(KS_METHODS),
     .help =
         "maml; pretrain: one model for all tasks, without adaptation; oracle: pretrain with the task in the input"},
    {"seed", KS_SETTING_INT64, AT(seed), 0, 0x1p63, 1, .help = "all randomness follows from it"},
    {"start_from", KS_SETTING_TEXT, AT(start_from), .text = "", .room = sizeof((ks_config*)NULL)->start_from,
     .help = "policy file whose parameters training starts from, in place of random ones; paths count from this file"},
    {"iterations", KS_SETTING_INT, AT(iterations), 0, BIG, 100, .free_on_resume = true,
     .help = "meta-updates; 0 writes an untrained model, the random baseline"},
    {"tasks", KS_SETTING_INT, AT(tasks), 1, 1e6, 40, .help = "tasks per iteration"},
    {"checkpoint_every", KS_SETTING_INT, AT(checkpoint_every), 1, BIG, 10, .free_on_resume = true,
     .help = "iterations"},
    {"validate_every", KS_SETTING_INT, AT(validate_every), 0, BIG, 0, .free_on_resume = true,
     .help = "iterations between looks at validation tasks, by which the best model is kept; 0: none"},
    {"validation_tasks", KS_SETTING_INT, AT(validation_tasks), 1, 1e6, 40, .free_on_resume = true,
     .help = "how many of them; of policies their environment steps count (env_steps)"},
    {"validate_patience", KS_SETTING_INT, AT(validate_patience), 0, BIG, 0, .free_on_resume = true,
     .help = "training stops once so many looks in a row found nothing better; 0: never"},
    {"validate_recoveries", KS_SETTING_INT, AT(validate_recoveries), 0, 1000, 0, .free_on_resume = true,
     .help = "how many times training first goes back to the best model and continues with half of trpo.max_kl, lr or "
             "step; needs validate_patience"},
    {"log", KS_SETTING_CHOICE, AT(log), .initial = KS_LOG_NONE, .text = "none|tensorboard", .free_on_resume = true,
     .help = "where the numbers of progress.csv go, too: event files of TensorBoard in the run directory"},
};
static const ks_settings_rows RUN_ROWS = {ROWS, sizeof ROWS / sizeof *ROWS};

#define PROBLEM_IS(name) \
    { AT(problem), KS_PROBLEM_##name }
#define OUTER_IS(name) \
    { AT(outer), KS_OUTER_##name }

#define PROBLEM_PART(name) {&ks_##name##_rows, AT(name), 1, {PROBLEM_IS(name)}},
#define OUTER_PART(name) {&ks_outer_##name##_rows, AT(name), 1, {OUTER_IS(name)}},

/* clang-format off */
/* Rows of one section follow each other, in whatever rooms they stand. */
static const ks_settings_part PARTS[] = {
    {&RUN_ROWS, 0, 0, {{0}}},
    KS_PROBLEM_KINDS(PROBLEM_PART)
    {&ks_policy_rows, AT(policy), 0, {{0}}},
    {&ks_policy_acting_rows, AT(policy), 1, {PROBLEM_IS(rl)}},
    {&ks_inner_rows, AT(inner), 0, {{0}}},
    {&ks_rl_inner_rows, AT(rl), 1, {PROBLEM_IS(rl)}},
    {&ks_rl_trpo_rows, AT(rl), 2, {PROBLEM_IS(rl), OUTER_IS(trpo)}},
    KS_OUTER_KINDS(OUTER_PART)
};
/* clang-format on */
const ks_settings_table ks_config_table = {PARTS, sizeof PARTS / sizeof *PARTS};

#define OWN_SETTINGS(name) &config->name,

static void* own_settings(ks_config* config) {
    void* const all[] = {KS_PROBLEM_KINDS(OWN_SETTINGS)};
    return all[config->problem];
}

/* ---- defaults ------------------------------------------------------------------------------------------------------------- */

#define SET_DEFAULT(name) ks_outer_##name.set_default(&config->name);

void ks_config_default(ks_config* config) {
    memset(config, 0, sizeof *config);
    KS_OUTER_KINDS(SET_DEFAULT)
    ks_settings_default(&ks_config_table, config);
}

/* One of a problem's own defaults, "key=value", where nobody has set that key. */
static void set_initial(ks_config* config, const char* assignment) {
    char key[64];
    ks_error unused;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(assignment, "="), assignment);
    int row = ks_settings_find(&ks_config_table, key);
    if (row >= 0 && !config->given[row]) {
        ks_config_set(config, assignment, &unused);
        config->given[row] = false;
    }
}

void ks_config_note(ks_config* config, int row) {
    config->given[row] = true;
    if (row != ks_settings_find(&ks_config_table, "problem")) {
        return;
    }
    for (int i = 0; ks_settings_row(&ks_config_table, i); i++) {
        if (!config->given[i]) {
            ks_settings_row_default(&ks_config_table, i, config);
        }
    }
    const ks_problem_kind* kind = ks_config_problem(config);
    char outer[32];
    snprintf(outer, sizeof outer, "outer=%s", kind->outer);
    set_initial(config, outer);
    for (const char* const* initial = kind->initial; initial && *initial; initial++) {
        set_initial(config, *initial);
    }
}

bool ks_config_set_text(ks_config* config, const char* key, const char* text, ks_error* err) {
    int row = ks_settings_find(&ks_config_table, key);
    if (row < 0) {
        return ks_fail(err, KS_BAD_INPUT, "there is no setting %s", key);
    }
    if (!ks_settings_set(&ks_config_table, row, config, text, err)) {
        return ks_fail_in(err, key);
    }
    ks_config_note(config, row);
    return true;
}

static bool is_missing(const ks_config* config, int index) {
    const ks_setting* row = ks_settings_row(&ks_config_table, index);
    return row->of_machine && !row->saves_time && !config->given[index] &&
           ks_settings_applies(&ks_config_table, index, config, NULL);
}

const char* ks_config_missing(const ks_config* config) {
    for (int i = 0; ks_settings_row(&ks_config_table, i); i++) {
        if (is_missing(config, i)) {
            return ks_settings_row(&ks_config_table, i)->key;
        }
    }
    return NULL;
}

void ks_config_take_missing(ks_config* config, const ks_config* from) {
    ks_config copy = *from;
    ks_error unused;
    for (int i = 0; ks_settings_row(&ks_config_table, i); i++) {
        if (is_missing(config, i) && from->given[i]) {
            ks_config_set_text(config, ks_settings_row(&ks_config_table, i)->key,
                               ks_settings_text(&ks_config_table, i, &copy), &unused);
        }
    }
}

void ks_config_set_folder(ks_config* config, const char* folder) {
    const ks_problem_kind* kind = ks_config_problem(config);
    if (kind->set_folder) {
        kind->set_folder(own_settings(config), folder);
    }
}

void ks_config_set_threads(ks_config* config, int threads) {
    const ks_problem_kind* kind = ks_config_problem(config);
    if (kind->set_threads) {
        kind->set_threads(own_settings(config), threads);
    }
}

bool ks_config_reads(const ks_config* config, const char* assignment, char* why) {
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(assignment, "="), assignment);
    int row = ks_settings_find(&ks_config_table, key);
    return row < 0 || ks_settings_applies(&ks_config_table, row, config, why);
}

/* ---- checks --------------------------------------------------------------------------------------------------------------- */

/* Keys that were set must be of this problem. Sections of other outer steps may stand ready. */
static bool check_keys(const ks_config* config, ks_error* err) {
    for (int i = 0; ks_settings_row(&ks_config_table, i); i++) {
        char why[KS_SETTINGS_WHY];
        ks_config other = *config;
        if (!config->given[i] || ks_settings_applies(&ks_config_table, i, config, NULL)) {
            continue;
        }
        for (other.outer = 0; other.outer < KS_NUM_OUTERS; other.outer++) {
            if (ks_settings_applies(&ks_config_table, i, &other, why)) {
                break;
            }
        }
        if (other.outer == KS_NUM_OUTERS) {
            return ks_fail(err, KS_BAD_INPUT, "%s: %s", ks_settings_row(&ks_config_table, i)->key, why);
        }
    }
    return true;
}

static bool check_outer(const ks_config* config, ks_error* err) {
    const ks_problem_kind* kind = ks_config_problem(config);
    char others[128] = "";
    if (ks_config_outer(config)->needs_steps && (config->method != KS_MAML || config->inner.steps == 0)) {
        return ks_fail(err, KS_BAD_INPUT,
                       "outer: %s goes where inner steps lead, and there is none (method, inner.steps)",
                       ks_config_outer(config)->name);
    }
    if (kind->acts || !ks_config_outer(config)->policies_only) {
        return true;
    }
    for (int i = 0; i < KS_NUM_OUTERS; i++) {
        size_t used = strlen(others);
        if (!ks_outer_kinds[i]->policies_only) {
            snprintf(others + used, sizeof others - used, "%s%s", used ? " or " : "", ks_outer_kinds[i]->name);
        }
    }
    return ks_fail(err, KS_BAD_INPUT, "outer: %s: problem: %s takes %s", ks_config_outer(config)->name, kind->name,
                   others);
}

static bool check_validation(const ks_config* config, ks_error* err) {
    if (config->validate_recoveries > 0 && config->validate_patience == 0) {
        return ks_fail(err, KS_BAD_INPUT,
                       "validate_recoveries: a run goes back once its patience is over, so it needs "
                       "validate_patience, too");
    }
    return config->validate_every == 0 || ks_config_problem(config)->has_validation ||
           ks_fail(err, KS_BAD_INPUT, "validate_every: problem: %s has no validation tasks; 0 is right",
                   ks_config_problem(config)->name);
}

static bool check_inner(const ks_config* config, ks_error* err) {
    ks_inner_settings inner = config->inner;
    if (config->method != KS_MAML) { /* which adapts nothing */
        inner.learned = KS_LEARNED_NONE;
        inner.per_step = inner.norm_per_step = false;
    }
    return ks_inner_settings_check(&inner, err);
}

bool ks_config_check(const ks_config* config, ks_error* err) {
    const ks_problem_kind* kind = ks_config_problem(config);
    const ks_outer_kind* outer = ks_config_outer(config);
    if (!check_keys(config, err) || !check_outer(config, err) || !check_inner(config, err) ||
        !check_validation(config, err) || !ks_policy_config_check(&config->policy, err) ||
        (outer->check && !outer->check(ks_config_outer_settings(config), err))) {
        return false;
    }
    if (config->problem == KS_PROBLEM_rl &&
        (double)config->tasks * config->rl.trajectories * config->rl.horizon > BIG) {
        return ks_fail(err, KS_BAD_INPUT, "tasks x trajectories x horizon must not be above %g timesteps", BIG);
    }
    return !kind->check || kind->check(ks_config_problem_settings(config), err);
}

/* ---- printing ------------------------------------------------------------------------------------------------------------- */

bool ks_config_write(const ks_config* config, FILE* file, bool comments) {
    return ks_settings_write(&ks_config_table, config, file, comments);
}

static bool write_config(void* user, FILE* file) {
    return ks_config_write(user, file, true);
}

/* The absolute path of `path`, as files can hold it. */
static bool absolute(char out[KS_PATH_ROOM], const char* key, const char* folder, const char* path, ks_error* err) {
    if (!ks_path_absolute(out, folder, path, err)) {
        return ks_fail_in(err, key);
    }
    return ks_utf8_is_valid(out) ||
           ks_fail(err, KS_BAD_INPUT, "%s: the path '%s' is not UTF-8, so that no config could name it", key, out);
}

bool ks_config_resolve(ks_config* config, const char* folder, ks_error* err) {
    char env[KS_PATH_ROOM] = "", start_from[KS_PATH_ROOM] = "";
    bool has_env = ks_env_is_path(config->rl.env), starts_from = *config->start_from;
    if ((has_env && !absolute(env, "env", folder, config->rl.env, err)) ||
        (starts_from && !absolute(start_from, "start_from", folder, config->start_from, err))) {
        return false;
    }
    if (has_env) {
        memcpy(config->rl.env, env, sizeof env);
    }
    memcpy(config->start_from, start_from, sizeof start_from);
    return true;
}

bool ks_config_set_env(ks_config* config, const char* env, ks_error* err) {
    return ks_config_set_text(config, "env", env, err) && ks_config_resolve(config, NULL, err);
}

bool ks_config_save(const ks_config* config, const char* path, ks_error* err) {
    ks_config copy = *config;
    if (ks_env_is_path(config->rl.env)) {
        ks_path_relative(copy.rl.env, path, config->rl.env);
    }
    ks_path_relative(copy.start_from, path, config->start_from);
    return ks_replace_file(path, write_config, &copy, err);
}

const char* ks_config_difference(const ks_config* a, const ks_config* b) {
    return ks_settings_difference(&ks_config_table, a, b);
}

const char* ks_config_validation_difference(const ks_config* a, const ks_config* b) {
    return a->validate_every != b->validate_every             ? "validate_every" /* it takes environment steps, too */
           : a->validate_every == 0                           ? NULL
           : a->validation_tasks != b->validation_tasks       ? "validation_tasks"
           : a->validate_patience != b->validate_patience     ? "validate_patience"
           : a->validate_recoveries != b->validate_recoveries ? "validate_recoveries"
                                                              : NULL;
}

/* ---- what follows from a config ---------------------------------------------------------------------------------- */

const ks_problem_kind* ks_config_problem(const ks_config* c) {
    return ks_problem_kinds[c->problem];
}

const ks_outer_kind* ks_config_outer(const ks_config* c) {
    return ks_outer_kinds[c->outer];
}

const char* ks_config_name(const ks_config* c) {
    const char* slash = strrchr(c->rl.env, '/');
    const char* env = ks_env_is_path(c->rl.env) && slash ? slash + 1 : c->rl.env;
    return c->problem == KS_PROBLEM_rl ? env : ks_config_problem(c)->name;
}

#define PROBLEM_SETTINGS(name) &c->name,
#define OUTER_SETTINGS(name) &c->name,

const void* ks_config_problem_settings(const ks_config* c) {
    const void* const all[] = {KS_PROBLEM_KINDS(PROBLEM_SETTINGS)};
    return all[c->problem];
}

const void* ks_config_outer_settings(const ks_config* c) {
    const void* const all[] = {KS_OUTER_KINDS(OUTER_SETTINGS)};
    return all[c->outer];
}

bool ks_config_is_done(const ks_config* c, int64_t iterations, uint64_t env_steps) {
    return iterations >= c->iterations || (c->rl.env_steps > 0 && env_steps >= (uint64_t)c->rl.env_steps);
}

ks_maml_settings ks_config_maml(const ks_config* c, int threads) {
    ks_maml_settings s = ks_maml_settings_default();
    s.seed = (uint64_t)c->seed;
    s.inner = c->inner;
    if (c->method != KS_MAML) {
        s.inner.learned = KS_LEARNED_NONE;
        s.inner.per_step = s.inner.norm_per_step = false;
    }
    s.outer = ks_config_outer(c);
    s.outer_settings = ks_config_outer_settings(c);
    s.threads = threads;
    return s;
}

bool ks_config_policy(ks_policy_settings* s, const ks_config* c, const ks_problem* problem, ks_error* err) {
    *s = ks_policy_settings_default();
    problem->kind->shape(problem, s);
    return ks_policy_config_take(s, &c->policy, err);
}

/* Whether a setting is kept with a model: not if it says where something is on this machine, unless it is as it was. */
static bool is_kept(const ks_config* c, const char* key) {
    ks_config copy = *c;
    int index = ks_settings_find(&ks_config_table, key);
    const ks_setting* row = ks_settings_row(&ks_config_table, index);
    return !row->of_machine || strcmp(ks_settings_text(&ks_config_table, index, &copy), row->text) == 0;
}

/* Adds a "  key: value" line of a section, where it is the problem's, as " section.key=value". */
static void add_setting(char* text, size_t room, const ks_config* c, const char* line) {
    char key[64];
    const char* value = strstr(line, ": ");
    size_t used = strlen(text);
    if (!value) {
        return;
    }
    snprintf(key, sizeof key, "%s.%.*s", ks_config_problem(c)->name, (int)(value - line - 2), line + 2);
    if (is_kept(c, key)) {
        snprintf(text + used, room - used, "%s%s=%s", used ? " " : "", key, value + 2);
    }
}

/* "sinusoid.shots=10 sinusoid.queries=10": what is to be known of a problem that is no environment */
static void problem_text(char* text, size_t room, const ks_config* c) {
    char *all = NULL, *next;
    size_t size = 0, length = strlen(ks_config_problem(c)->name);
    FILE* file = open_memstream(&all, &size);
    bool ok = file && ks_config_write(c, file, false);
    bool inside = false;
    *text = 0;
    ok = file && fclose(file) == 0 && ok;
    for (char* line = ok ? strtok_r(all, "\n", &next) : NULL; line; line = strtok_r(NULL, "\n", &next)) {
        if (*line != ' ') {
            inside = strncmp(line, ks_config_problem(c)->name, length) == 0 && strcmp(line + length, ":") == 0;
        } else if (inside) {
            add_setting(text, room, c, line);
        }
    }
    free(all);
}

/* How a last layer for new classes is to be drawn, where the model's own is for those of training. */
static void add_last_init(char* text, size_t room, const ks_config* c) {
    size_t used = strlen(text);
    if (c->problem == KS_PROBLEM_images && c->method == KS_PRETRAIN) {
        ks_snprintf(text + used, room - used, " policy.last_init_std=%.17g", c->policy.last_init_std);
    }
}

ks_policy_info ks_config_info(const ks_config* c, const ks_problem* problem, int64_t iteration) {
    bool acts = c->problem == KS_PROBLEM_rl;
    ks_policy_info info = ks_policy_info_default(acts ? "" : ks_config_problem(c)->name);
    info.inner_lr = c->inner.lr;
    info.iteration = iteration;
    info.seed = c->seed;
    if (acts) {
        snprintf(info.env_file, sizeof info.env_file, "%s", ks_env_is_path(c->rl.env) ? c->rl.env : "");
        info.gamma = c->rl.gamma;
        info.gae_lambda = c->rl.gae_lambda;
        info.horizon = c->rl.horizon;
    } else {
        problem_text(info.problem_settings, sizeof info.problem_settings, c);
        add_last_init(info.problem_settings, sizeof info.problem_settings, c);
    }
    if (c->method == KS_MAML) {
        info.inner_steps = c->inner.steps;
        info.learned = c->inner.learned;
        info.per_step = c->inner.per_step;
        info.adapts = c->inner.adapts;
        info.norm_stays = !c->inner.adapts_norm;
        info.norm_per_step = c->inner.norm_per_step;
    }
    snprintf(info.env, sizeof info.env, "%s", problem->name);
    snprintf(info.method, sizeof info.method, "%s", ks_method_name((ks_method)c->method));
    return info;
}

#include "run/setup.h"

#include "run/config_table.h"
#include "run/initial.h"
#include "run/start_from.h"

#include <stdio.h>

/* The problem, made without what stands ready in the config for an outer step that is not chosen: the saved config will not have it. */
static ks_problem* create_problem(const ks_config* config, int threads, ks_error* err) {
    ks_config counted = *config;
    ks_config_set_threads(&counted, threads);
    for (int i = 0; ks_settings_row(&ks_config_table, i); i++) {
        if (!ks_settings_applies(&ks_config_table, i, config, NULL)) {
            ks_settings_row_default(&ks_config_table, i, &counted);
        }
    }
    return ks_config_problem(config)->create(ks_config_problem_settings(&counted), (ks_method)config->method,
                                             (size_t)config->tasks, err);
}

bool ks_setup_create(ks_setup* s, const ks_config* config, int threads, ks_team team, ks_error* err) {
    *s = (ks_setup){0};
    s->problem = create_problem(config, threads, err);
    if (!s->problem) {
        return false;
    }
    ks_policy_settings settings;
    if (!ks_config_policy(&settings, config, s->problem, err)) {
        return false;
    }
    ks_maml_settings maml = ks_config_maml(config, threads);
    maml.team = team;
    s->policy = ks_policy_create(&settings, err);
    s->maml = s->policy ? ks_maml_create(s->problem, s->policy, &maml, err) : NULL;
    if (!s->maml) {
        return false;
    }
    s->num_params = ks_maml_num_params(s->maml);
    s->state_size = ks_maml_state_size(s->maml);
    return true;
}

void ks_setup_free(ks_setup* s) {
    ks_maml_destroy(s->maml);
    if (s->problem) {
        s->problem->kind->destroy(s->problem);
    }
    ks_policy_destroy(s->policy);
    *s = (ks_setup){0};
}

/* What is not taken from the file is told. */
static bool start_from(ks_real* params, char note[KS_SETUP_NOTE], const ks_setup* s, const ks_config* config,
                       ks_error* err) {
    char missing[KS_START_FROM_NOTE];
    ks_maml_settings maml = ks_config_maml(config, 1);
    ks_step_sizes sizes = ks_inner_step_sizes(&maml.inner);
    if (!ks_start_from(params, missing, config->start_from, s->policy, &sizes, err)) {
        return false;
    }
    if (note && *missing) {
        snprintf(note, KS_SETUP_NOTE,
                 "start_from: %s does not have these in the shape that they have here; they start anew: %s",
                 config->start_from, missing);
    }
    return true;
}

bool ks_setup_initial(ks_real* params, char note[KS_SETUP_NOTE], const ks_setup* s, const ks_config* config,
                      ks_error* err) {
    if (note) {
        *note = 0;
    }
    ks_maml_init_step_sizes(s->maml, params);
    return ks_initial_theta(params, config, s->problem, s->policy, err) &&
           (!*config->start_from || start_from(params, note, s, config, err));
}

#include "cli/cli.h"
#include "cli/option_table.h"
#include "cli/terms.h"
#include "run/kinds.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "task_numbers": [{"name": "velocity", "unit": "m/s", "trained": [0, 2], "known": [-1000, 1000], "step": 0}] */
static void add_task_numbers(cJSON* env, const ks_env_def* d) {
    cJSON* list = cJSON_AddArrayToObject(env, "task_numbers");
    for (int i = 0; d->task_numbers && i < d->task_dim; i++) {
        const ks_task_number* n = &d->task_numbers[i];
        cJSON* number = cJSON_CreateObject();
        cJSON_AddStringToObject(number, "name", n->name);
        cJSON_AddStringToObject(number, "unit", n->unit);
        cJSON_AddItemToObject(number, "trained", cJSON_CreateDoubleArray(n->trained, 2));
        cJSON_AddItemToObject(number, "known", cJSON_CreateDoubleArray(n->known, 2));
        cJSON_AddNumberToObject(number, "step", n->step);
        cJSON_AddItemToArray(list, number);
    }
}

/* How many numbers of a task, from the first on, may be the same. */
static int count_alike(const ks_env_def* d, int first) {
    const ks_task_number *a = &d->task_numbers[first], *b = a + 1;
    while (b < d->task_numbers + d->task_dim && strcmp(a->unit, b->unit) == 0 && a->step == b->step &&
           memcmp(a->known, b->known, sizeof a->known) == 0) {
        b++;
    }
    return (int)(b - a);
}

/* what --task and --goals may be given: a line for each number, or for all of many that are alike */
static void print_task_numbers(const ks_env_def* const* defs) {
    enum { MANY = 5, SHOWN = 8 };
    char known[KS_TASK_TEXT];
    printf("\ntasks that can be asked for (--task, --goals):\n");
    for (size_t i = 0; i < ks_env_names(); i++) {
        const ks_env_def* d = defs[i];
        int j = 0;
        for (int alike, lines = 0; d->task_numbers && j < d->task_dim && lines < SHOWN; j += alike, lines++) {
            alike = count_alike(d, j);
            alike = alike < MANY ? 1 : alike;
            ks_env_known_text(known, d, j);
            printf("%-21s %s%s%s %s\n", j ? "" : d->name, d->task_numbers[j].name, alike > 1 ? " … " : "",
                   alike > 1 ? d->task_numbers[j + alike - 1].name : "", known);
        }
        if (d->task_numbers && j < d->task_dim) {
            printf("%-21s … (%d numbers: `kshot check %s`)\n", "", d->task_dim, d->name);
        }
    }
}

static void close_all(const ks_env_def** defs) {
    for (size_t i = 0; defs && i < ks_env_names(); i++) {
        ks_env_close(defs[i]);
    }
    free(defs);
}

/* All environments that ship; NULL on errors. */
static const ks_env_def** open_all(ks_error* err) {
    const ks_env_def** defs = calloc(ks_env_names(), sizeof *defs);
    if (!defs) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    for (size_t i = 0; i < ks_env_names(); i++) {
        defs[i] = ks_env_open(ks_env_name(i), NULL, err);
        if (!defs[i]) {
            close_all(defs);
            return NULL;
        }
    }
    return defs;
}

/* what a config may name as its problem and its outer step */
static void print_kinds(void) {
    printf("\nproblems (problem:):\n");
    for (int i = 0; i < KS_NUM_PROBLEMS; i++) {
        const ks_problem_kind* kind = ks_problem_kinds[i];
        printf("%-21s %s (usual outer step: %s)\n", kind->name, kind->summary, kind->outer);
    }
    printf("\nouter steps (outer:):\n");
    for (int i = 0; i < KS_NUM_OUTERS; i++) {
        const ks_outer_kind* kind = ks_outer_kinds[i];
        printf("%-21s %s%s\n", kind->name, kind->summary, kind->policies_only ? " (policies only)" : "");
    }
}

static int print_json(const ks_env_def* const* defs, ks_error* err) {
    cJSON* list = cJSON_CreateArray();
    for (size_t i = 0; list && i < ks_env_names(); i++) {
        const ks_env_def* d = defs[i];
        cJSON* env = cJSON_CreateObject();
        cJSON_AddStringToObject(env, "name", d->name);
        cJSON_AddStringToObject(env, "summary", d->summary);
        cJSON_AddStringToObject(env, "tasks", d->task_summary);
        add_task_numbers(env, d);
        cJSON_AddNumberToObject(env, "obs_dim", d->obs_dim);
        cJSON_AddNumberToObject(env, "act_dim", d->act_dim);
        cJSON_AddNumberToObject(env, "num_actions", d->num_actions);
        cJSON_AddNumberToObject(env, "task_dim", d->task_dim);
        cJSON_AddNumberToObject(env, "horizon", d->horizon);
        cJSON_AddNumberToObject(env, "dt", d->dt);
        cJSON_AddItemToArray(list, env);
    }
    return ks_cli_print_json(list, err);
}

static void print_all(const ks_env_def* const* defs) {
    printf("%-21s %4s %4s %8s  %-36s %s\n", "environment", "obs", "act", "horizon", "tasks", "");
    for (size_t i = 0; i < ks_env_names(); i++) {
        const ks_env_def* d = defs[i];
        printf("%-21s %4d %4d %8d  %-36s %s\n", d->name, d->obs_dim, d->num_actions > 0 ? d->num_actions : d->act_dim,
               d->horizon, d->task_summary, d->summary);
    }
    print_task_numbers(defs);
    print_kinds();
}

/* ---- the command ------------------------------------------------------------------------------------------------------- */

typedef struct envs_options {
    bool json, terms;
} envs_options;

static int run(const ks_command* self, int argc, char** argv, ks_error* err) {
    envs_options o = {0};
    int code = ks_command_read(&o, self, argc, argv, err);
    if (code != KS_COMMAND_GO) {
        return code;
    }
    if (o.terms && o.json) {
        return ks_cli_exit(ks_fail(err, KS_BAD_INPUT, "--terms is a text: it does not go together with --json"), err);
    }
    if (o.terms) {
        ks_cli_print_terms();
        return 0;
    }
    const ks_env_def** defs = open_all(err);
    if (!defs) {
        return ks_cli_exit(false, err);
    }
    code = 0;
    if (o.json) {
        code = print_json(defs, err);
    } else {
        print_all(defs);
    }
    close_all(defs);
    return code;
}

static const ks_option OPTIONS[] = {
    {"json", 0, NULL, "the environments as JSON", KS_OPTION_FLAG(envs_options, json)},
    {"terms", 0, NULL, "the words that an environment's file may use (docs/robots.md)",
     KS_OPTION_FLAG(envs_options, terms)},
    {0},
};

const ks_command ks_command_envs = {
    .name = "envs",
    .summary = "list the environments, problems and outer steps",
    .usage = {"[--json | --terms]"},
    .about = {"Lists the environments: sizes of observations and actions, timesteps of an episode, and the tasks: what "
              "training draws, and what can be asked for. Then the other problems, and the outer steps."},
    .groups = {{.rows = OPTIONS}},
    .run = run,
};

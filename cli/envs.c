#include "cli/cli.h"
#include "run/kinds.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const char* const HELP =
    "usage: kshot envs [--json]\n"
    "\n"
    "Lists the environments: sizes of observations and actions, timesteps of an episode, and the tasks:\n"
    "what training draws, and what can be asked for. Then the other problems, and the outer steps. --json has the\n"
    "environments.\n";

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

/* what --task and --goals may be given */
static void print_task_numbers(void) {
    char known[KS_TASK_TEXT];
    printf("\ntasks that can be asked for (--task, --goals):\n");
    for (size_t i = 0; i < ks_env_count(); i++) {
        const ks_env_def* d = ks_env_at(i);
        for (int j = 0; d->task_numbers && j < d->task_dim; j++) {
            ks_env_known_text(known, d, j);
            printf("%-21s %s %s\n", j ? "" : d->name, d->task_numbers[j].name, known);
        }
    }
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

static int print_json(ks_error* err) {
    cJSON* list = cJSON_CreateArray();
    for (size_t i = 0; list && i < ks_env_count(); i++) {
        const ks_env_def* d = ks_env_at(i);
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

int ks_cli_envs(int argc, char** argv, ks_error* err) {
    static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'J'}, {0}};
    bool json = false;
    optind = 0;
    for (int c; (c = ks_cli_option(argc, argv, "h", OPTIONS, err)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        if (c != 'J') {
            return KS_BAD_INPUT;
        }
        json = true;
    }
    if (!ks_cli_arguments(argc, argv, 0, NULL, err)) {
        return KS_BAD_INPUT;
    }
    if (json) {
        return print_json(err);
    }
    printf("%-21s %4s %4s %8s  %-36s %s\n", "environment", "obs", "act", "horizon", "tasks", "");
    for (size_t i = 0; i < ks_env_count(); i++) {
        const ks_env_def* d = ks_env_at(i);
        printf("%-21s %4d %4d %8d  %-36s %s\n", d->name, d->obs_dim, d->num_actions > 0 ? d->num_actions : d->act_dim,
               d->horizon, d->task_summary, d->summary);
    }
    print_task_numbers();
    print_kinds();
    return 0;
}

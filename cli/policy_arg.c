#include "cli/cli.h"

#include <stdio.h>

bool ks_cli_policy_acts(const ks_cli_policy* p, const char* command, ks_error* err) {
    return p->kind == &ks_problem_rl ||
           ks_fail(err, KS_BAD_INPUT,
                   "%s: it is a model of problem: %s, and `kshot %s` takes policies that act in an "
                   "environment",
                   p->path, p->kind->name, command);
}

bool ks_cli_policy_open(ks_cli_policy* p, const char* argument, bool best, const char* env, bool quiet, ks_error* err) {
    if (!ks_opened_open(p, argument, best, env, err)) {
        return false;
    }
    if (*p->info.converted_from && !quiet) {
        fprintf(stderr, "kshot: note: %s: its tensors are %s, and were converted to F32\n", p->path,
                p->info.converted_from);
    }
    return true;
}

/* --keep-lr: step sizes go into the metadata of the policy that they were found for, and of no other. */
#include "base/lock.h"
#include "base/text.h"
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keeps trainings out of the run directory that the file lies in, behind all links. *lock: NULL where it is no run directory. */
static bool lock_run(ks_lock** lock, const char* file, ks_error* err) {
    char path[PATH_MAX], config[PATH_MAX + 16];
    *lock = NULL;
    char* slash = realpath(file, path) ? strrchr(path, '/') : NULL;
    if (!slash) {
        return true; /* there is no such file: who writes it says so */
    }
    slash[slash == path] = 0;
    snprintf(config, sizeof config, "%s/config.yaml", path);
    if (access(config, F_OK) != 0) {
        return true;
    }
    *lock = ks_lock_directory(path, err);
    return *lock != NULL;
}

bool ks_cli_check_keep_lr(const ks_cli_policy* p, ks_error* err) {
    if (p->def && strcmp(p->def->name, p->info.env) != 0) {
        return ks_fail(err, KS_BAD_INPUT,
                       "--keep-lr: the policy is for %s, and step sizes for %s cannot be kept with it", p->info.env,
                       p->def->name);
    }
    ks_lock* lock;
    if (!ks_cli_check_output(p->path, true, err)) {
        return false;
    }
    if (!lock_run(&lock, p->path, err)) {
        return ks_fail_in(err, "--keep-lr");
    }
    ks_lock_release(lock);
    return true;
}

/* Is it still the policy that was evaluated? */
static bool check_same(const ks_cli_policy* p, ks_error* err) {
    ks_policy* policy;
    ks_real* theta;
    ks_policy_info info;
    if (!ks_policy_load(p->path, &policy, &theta, &info, err)) {
        return false;
    }
    const ks_real* had = p->file_theta ? p->file_theta : p->theta;
    size_t count = ks_policy_num_params(p->file_policy ? p->file_policy : p->policy);
    bool same = ks_policy_num_params(policy) == count && memcmp(theta, had, count * sizeof *theta) == 0;
    ks_policy_destroy(policy);
    free(theta);
    return same ||
           ks_fail(err, KS_FAILED,
                   "%s: has changed since it was read, so the step sizes are not kept with it; run it again", p->path);
}

bool ks_cli_keep_lr(const ks_cli_policy* p, const double lr[KS_EVAL_MAX_STEPS], FILE* told, ks_error* err) {
    ks_lock* lock;
    int count = KS_EVAL_MAX_STEPS;
    while (count > 1 && lr[count - 2] == lr[count - 1]) { /* the last serves all further ones */
        count--;
    }
    if (!lock_run(&lock, p->path, err)) {
        return ks_fail_in(err, "--keep-lr");
    }
    bool ok = check_same(p, err) && ks_policy_keep_lr(p->path, lr, count, err);
    ks_lock_release(lock);
    if (ok && told) {
        fprintf(told, "\nkept with ");
        ks_text_print(told, p->path);
        for (int i = 0; i < count; i++) {
            fprintf(told, i ? ",%.6g" : ": step sizes %.6g", lr[i]);
        }
        fprintf(told, "\n");
    }
    return ok;
}

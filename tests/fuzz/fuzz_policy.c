/* Policies: policy/policy_file.h. What is read can be written, and is then read as the same. */
#include "policy/policy_file.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_and_read(const ks_policy* policy, const ks_real* theta, const ks_policy_info* info) {
    char path[256];
    ks_error err = {0};
    ks_policy* again = NULL;
    ks_real* same = NULL;
    ks_policy_info info_again;
    snprintf(path, sizeof path, "%s/policy.safetensors", fuzz_folder());
    if (!ks_policy_save(path, policy, theta, info, &err) || !ks_policy_load(path, &again, &same, &info_again, &err)) {
        fuzz_finding(err.text);
    }
    if (ks_policy_num_params(again) != ks_policy_num_params(policy) ||
        memcmp(theta, same, ks_policy_num_params(policy) * sizeof *theta) != 0 ||
        info_again.iteration != info->iteration || info_again.inner_lr != info->inner_lr) {
        fuzz_finding("a policy that was read is another after writing it");
    }
    ks_policy_destroy(again);
    free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ks_error err = {0};
    ks_policy* policy = NULL;
    ks_real* theta = NULL;
    ks_policy_info info;
    bool ok = ks_policy_load(fuzz_file(0, data, size), &policy, &theta, &info, &err);
    fuzz_check(ok, &err);
    if (ok) {
        write_and_read(policy, theta, &info);
    }
    ks_policy_destroy(policy);
    free(theta);
    return 0;
}

/* Where one process of a run fails, however far the others have come: what is left can be resumed, and comes to the same bytes.
 * The other processes are made up here, in place of run/dist_*.c. */
#include "run/train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the others --------------------------------------------------------------------------------------------------------- */

struct ks_dist {
    int agreements;      /* so far */
    int fail_at;         /* the one in which another process has failed */
    int broadcasts;      /* so far */
    uint64_t digest_xor; /* of process 0's parameters, once all are on their way */
};

ks_team ks_dist_team(ks_dist* d) {
    (void)d;
    return (ks_team){0};
}

bool ks_dist_leads(const ks_dist* d) {
    (void)d;
    return true;
}

bool ks_dist_broadcast(ks_dist* d, void* data, size_t bytes, ks_error* err) {
    (void)err;
    enum { AT_START = 7 };
    if (d && ++d->broadcasts > AT_START) {
        assert_int_equal(bytes, sizeof d->digest_xor);
        *(uint64_t*)data ^= d->digest_xor;
    }
    return true;
}

bool ks_dist_any(ks_dist* d, bool flag) {
    (void)d;
    return flag;
}

bool ks_dist_agree(ks_dist* d, bool ok, ks_error* err) {
    if (ok && d && ++d->agreements == d->fail_at) {
        *err = (ks_error){.code = KS_FAILED};
        return false;
    }
    return ok;
}

/* ---- runs ------------------------------------------------------------------------------------------------------------------ */

static char folder[64];

static int set_up(void** state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/kshot-team-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void** state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static ks_config small_config(void) {
    ks_config c;
    ks_config_default(&c);
    c.iterations = 5;
    c.checkpoint_every = 2;
    c.tasks = 3;
    c.rl.trajectories = 3;
    c.rl.horizon = 10;
    c.policy.num_hidden = 1;
    c.policy.hidden[0] = 4;
    c.trpo.step.cg_warm_start = 0.9; /* so that where conjugate gradient starts counts */
    return c;
}

static const char* run_path(const char* name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool train(const char* name, ks_run_start start, ks_dist* dist, ks_error* err) {
    ks_config c = small_config();
    ks_train_options options = {.directory = run_path(name), .start = start, .threads = 1, .dist = dist};
    *err = (ks_error){0};
    return ks_train(&c, &options, err);
}

/* a file of a run; the caller frees it */
static char* content(const char* name, const char* file, size_t* size) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", run_path(name), file);
    FILE* f = fopen(path, "rb");
    assert_non_null(f);
    char* data = malloc(1 << 20);
    assert_non_null(data);
    *size = fread(data, 1, 1 << 20, f);
    fclose(f);
    return data;
}

static void assert_same_file(const char* a, const char* b, const char* file) {
    size_t size_a, size_b;
    char *data_a = content(a, file, &size_a), *data_b = content(b, file, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(data_a, data_b, size_a);
    free(data_a);
    free(data_b);
}

static void assert_same_run(const char* a, const char* b) {
    assert_same_file(a, b, "checkpoint.safetensors");
    assert_same_file(a, b, "policy.safetensors");
    assert_same_file(a, b, "best.safetensors");
}

static void test_another_fails_at_any_time(void** state) {
    (void)state;
    ks_error err;
    assert_true(train("reference", KS_RUN_NEW, NULL, &err));
    bool failed = true;
    int at = 1;
    for (; failed; at++) {
        char name[32];
        snprintf(name, sizeof name, "run%d", at);
        ks_dist dist = {.fail_at = at};
        failed = !train(name, KS_RUN_NEW, &dist, &err);
        if (failed) {
            assert_int_equal(err.code, KS_FAILED);
            if (!train(name, KS_RUN_RESUME_OR_NEW, NULL, &err)) {
                fail_msg("after a failure in agreement %d: %s", at, err.text);
            }
        }
        assert_same_run("reference", name);
    }
    assert_in_range(at, 3 + 3 * 5, 1000); /* at the start, and three times in every iteration at least */
}

static void test_other_parameters_elsewhere(void** state) {
    (void)state;
    ks_error err;
    assert_true(train("reference", KS_RUN_NEW, NULL, &err));
    ks_dist dist = {.digest_xor = 0};
    assert_true(train("alike", KS_RUN_NEW, &dist, &err));
    dist = (ks_dist){.digest_xor = 1};
    assert_false(train("different", KS_RUN_NEW, &dist, &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_non_null(strstr(err.text, "other parameters"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_fails_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_parameters_elsewhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Learned step sizes in files: policies and checkpoints keep them bit for bit, with what says what they are; files without them are as
 * they were; and those that do not fit are refused by name. */
#include "policy_support.h"
#include "run/checkpoint.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct place {
    char dir[64], path[96];
    arena memory;
    ks_policy* policy;
    ks_policy_info info;
} place;

static int make_place(void** state) {
    place* p = calloc(1, sizeof *p);
    ks_error err = {0};
    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/ks_learned.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/file.safetensors", p->dir);
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 4;
    s.act_dim = 2;
    s.num_hidden = 1;
    s.hidden[0] = 5;
    p->policy = ks_policy_create(&s, &err);
    assert_non_null(p->policy);
    p->info = (ks_policy_info){.env = "point",
                               .method = "maml",
                               .inner_lr = 0.1,
                               .inner_steps = 3,
                               .gamma = 0.99,
                               .gae_lambda = 1,
                               .horizon = 100,
                               .iteration = 4,
                               .seed = 1};
    *state = p;
    return 0;
}

static int remove_place(void** state) {
    place* p = *state;
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
    unlink(p->path);
    int left = rmdir(p->dir);
    free(p);
    return left;
}

static size_t num_params(const place* p) {
    ks_step_sizes sizes = ks_policy_info_sizes(&p->info);
    return ks_policy_num_params(p->policy) + ks_step_sizes_count(&sizes, p->policy);
}

/* every kind of step sizes, one after the other, as the info's */
static bool next_kind(ks_policy_info* info) {
    if (info->learned != KS_LEARNED_NONE && !info->per_step) {
        info->per_step = true;
        return true;
    }
    info->per_step = false;
    if (++info->learned <= KS_LEARNED_PARAMETER) {
        return true;
    }
    info->learned = KS_LEARNED_NONE;
    return ++info->adapts <= KS_ADAPTS_BODY;
}

static void test_policies_keep_them(void** state) {
    place* p = *state;
    do {
        ks_error err = {0};
        size_t q = num_params(p);
        const ks_real* params = normals(&p->memory, q, 1);
        assert_true(ks_policy_save(p->path, p->policy, params, &p->info, &err));
        ks_policy* policy;
        ks_real* back;
        ks_policy_info info;
        if (!ks_policy_load(p->path, &policy, &back, &info, &err)) {
            fail_msg("%s", err.text);
        }
        assert_memory_equal(back, params, q * sizeof *back);
        assert_int_equal(info.learned, p->info.learned);
        assert_int_equal(info.adapts, p->info.adapts);
        assert_true(info.per_step == p->info.per_step);
        ks_policy_destroy(policy);
        free(back);
        unlink(p->path);
    } while (next_kind(&p->info));
}

static void test_checkpoints_keep_them(void** state) {
    place* p = *state;
    do {
        ks_error err = {0};
        ks_run_state a, b;
        size_t q = num_params(p);
        size_t outer = 2 * q + 1; /* as Adam's */
        assert_true(ks_run_state_create(&a, q, outer, &err) && ks_run_state_create(&b, q, outer, &err));
        memcpy(a.params, normals(&p->memory, q, 1), q * sizeof *a.params);
        memcpy(a.outer, normals(&p->memory, outer, 1), outer * sizeof *a.outer);
        ks_run_state_note(&a, normals(&p->memory, q, 1), 5);
        ks_run_state_note(&a, normals(&p->memory, q, 1), 4);
        a.iteration = 4;
        assert_true(ks_checkpoint_save(p->path, p->policy, &p->info, &a, &err));
        ks_policy_info info;
        if (!ks_checkpoint_load(p->path, p->policy, &info, &b, &err)) {
            fail_msg("%s", err.text);
        }
        assert_memory_equal(a.params, b.params, q * sizeof *a.params);
        assert_memory_equal(a.outer, b.outer, outer * sizeof *a.outer);
        assert_memory_equal(a.params_last, b.params_last, q * sizeof *a.params);
        assert_memory_equal(a.params_best, b.params_best, q * sizeof *a.params);
        assert_true(a.best_metric == b.best_metric && info.learned == p->info.learned);
        ks_run_state_free(&b);

        /* into a run with other step sizes, or another outer step, it does not fit */
        assert_true(ks_run_state_create(&b, q + 1, 2 * (q + 1) + 1, &err));
        assert_false(ks_checkpoint_load(p->path, p->policy, &info, &b, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        assert_non_null(strstr(err.text, "step sizes"));
        ks_run_state_free(&b);
        assert_true(ks_run_state_create(&b, q, 3 * q, &err));
        assert_false(ks_checkpoint_load(p->path, p->policy, &info, &b, &err));
        assert_int_equal(err.code, KS_BAD_INPUT);
        assert_non_null(strstr(err.text, "run.outer"));
        ks_run_state_free(&b);
        ks_run_state_free(&a);
    } while (next_kind(&p->info));
}

/* a file without any says nothing of them, as those of version 0.1.0 */
static void test_files_without_them(void** state) {
    place* p = *state;
    ks_error err = {0};
    const ks_real* params = normals(&p->memory, num_params(p), 1);
    assert_true(ks_policy_save(p->path, p->policy, params, &p->info, &err));
    ks_tensor_file* f = ks_tensor_file_open(p->path, NULL, &err);
    assert_non_null(f);
    static const char* const KEYS[] = {"inner_learned", "inner_per_step", "inner_adapts", "problem"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        assert_null(ks_tensor_file_meta(f, KEYS[i]));
    }
    assert_null(ks_tensor_file_find(f, "inner.log_lr"));
    ks_tensor_file_close(f);
}

/* what stands in a file that is no good */
typedef struct damage {
    const char *key, *value; /* metadata, or NULL */
    int learned_meta;        /* what the file says */
    int learned_tensor;      /* what its tensor is of; KS_LEARNED_NONE: there is none */
    double first;            /* first number of the tensor */
    const char* says;
} damage;

static void save_damaged(place* p, const damage* d) {
    ks_error err = {0};
    ks_policy_info info = p->info;
    ks_step_sizes sizes = ks_policy_info_sizes(&info);
    sizes.learned = d->learned_tensor;
    info.learned = d->learned_meta;
    size_t n = ks_policy_num_params(p->policy);
    ks_real* params = normals(&p->memory, n + ks_step_sizes_count(&sizes, p->policy) + 1, 1);
    params[n] = (ks_real)d->first;
    ks_tensor_writer* w = ks_tensor_writer_create(&err);
    assert_non_null(w);
    ks_tensor_writer_meta(w, "format", "kshot.policy.1");
    if (d->key) { /* in place of what would be written: the other keys are those of a plain policy */
        ks_policy_info plain = p->info;
        ks_policy_write_meta(w, p->path, p->policy, &plain);
        ks_tensor_writer_meta(w, d->key, d->value);
    } else {
        ks_policy_write_meta(w, p->path, p->policy, &info);
    }
    ks_policy_write_params(w, p->policy, &sizes, params);
    assert_true(ks_tensor_writer_save(w, p->path, 0, &err));
    ks_tensor_writer_destroy(w);
}

static void test_bad_files(void** state) {
    place* p = *state;
    static const damage BAD[] = {
        {.learned_meta = KS_LEARNED_TENSOR, .says = "'inner.log_lr'"},
        {.learned_meta = KS_LEARNED_TENSOR, .learned_tensor = KS_LEARNED_ONE, .says = "'inner.log_lr'"},
        {.learned_meta = KS_LEARNED_ONE, .learned_tensor = KS_LEARNED_PARAMETER, .says = "'inner.log_lr'"},
        {.learned_meta = KS_LEARNED_ONE, .learned_tensor = KS_LEARNED_ONE, .first = NAN, .says = "not finite"},
        {.learned_meta = KS_LEARNED_ONE, .learned_tensor = KS_LEARNED_ONE, .first = INFINITY, .says = "not finite"},
        {.key = "inner_learned",
         .value = "lots",
         .says = "'inner_learned' is 'lots', not none, one, tensor or parameter"},
        {.key = "inner_adapts", .value = "tail", .says = "'inner_adapts' is 'tail', not all, head, body or context"},
        {.key = "inner_per_step", .value = "maybe", .says = "'inner_per_step' is 'maybe', not false or true"},
        {.key = "inner_learned", .value = "one", .says = "'inner.log_lr'"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ks_error err = {0};
        ks_policy* policy;
        ks_real* params;
        ks_policy_info info;
        save_damaged(p, &BAD[i]);
        if (ks_policy_load(p->path, &policy, &params, &info, &err)) {
            fail_msg("%zu is taken: %s", i, BAD[i].says);
        }
        assert_int_equal(err.code, KS_BAD_INPUT);
        if (!strstr(err.text, BAD[i].says) || !strstr(err.text, p->path)) {
            fail_msg("says: %s\nnot: %s", err.text, BAD[i].says);
        }
        assert_true(policy == NULL && params == NULL);
    }
    /* no inner step that they could be of */
    ks_error err = {0};
    ks_policy* policy;
    ks_real* params;
    ks_policy_info info;
    p->info.inner_steps = 0;
    save_damaged(p, &(damage){.learned_meta = KS_LEARNED_ONE, .learned_tensor = KS_LEARNED_ONE, .first = 1});
    assert_false(ks_policy_load(p->path, &policy, &params, &info, &err));
    assert_non_null(strstr(err.text, "there is no inner step"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_policies_keep_them, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_checkpoints_keep_them, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_files_without_them, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_bad_files, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

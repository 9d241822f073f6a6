/* Policy files: what is saved loads bit for bit, with all its settings; whatever is missing, damaged, foreign or does not fit is
 * refused with one line that names the file and what is wrong, without asking for memory that the file does not justify. */
#include "policy/policy_file.h"
#include "policy_support.h"

#include <fcntl.h>
#include <float.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#ifndef __SANITIZE_ADDRESS__
/* notes the largest piece of memory asked for */
static size_t largest_malloc;
extern void* __libc_malloc(size_t);
void* malloc(size_t size) {
    largest_malloc = size > largest_malloc ? size : largest_malloc;
    return __libc_malloc(size);
}
#else
static size_t largest_malloc; /* the sanitizer needs malloc for itself */
#endif

/* a folder of its own for each test, and a policy saved there */
typedef struct place {
    char dir[64], path[96], copy[96];
    arena memory;
    ks_policy* policy;
    ks_real* theta;
    ks_policy_info info;
} place;

static ks_policy_settings small_shape(void) {
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 4;
    s.act_dim = 2;
    s.hidden[0] = 5;
    s.hidden[1] = 3;
    return s;
}

static int make_place(void** state) {
    place* p = calloc(1, sizeof *p);
    ks_error err = {0};
    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/ks_policy.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/policy.safetensors", p->dir);
    snprintf(p->copy, sizeof p->copy, "%s/copy.safetensors", p->dir);
    p->info = (ks_policy_info){.env = "half-cheetah-vel",
                               .method = "maml",
                               .inner_lr = 0.1,
                               .inner_steps = 1,
                               .gamma = 0.1 + 0.2,
                               .gae_lambda = 1.0 / 3,
                               .horizon = 200,
                               .iteration = 475,
                               .seed = INT64_MAX};
    ks_policy_settings s = small_shape();
    p->policy = ks_policy_create(&s, &err);
    assert_non_null(p->policy);
    p->theta = normals(&p->memory, ks_policy_num_params(p->policy), 1);
    assert_true(ks_policy_save(p->path, p->policy, p->theta, &p->info, &err));
    *state = p;
    return 0;
}

static int remove_place(void** state) {
    place* p = *state;
    ks_policy_destroy(p->policy);
    arena_free(&p->memory);
    unlink(p->path);
    unlink(p->copy);
    int left = rmdir(p->dir);
    free(p);
    return left;
}

/* ---- loading ------------------------------------------------------------------------------------------------------ */

/* loads; on success everything is whole, on failure the error is as promised and nothing is handed out */
static bool loads(const char* path, ks_error* err) {
    ks_policy* policy = NULL;
    ks_real* theta = NULL;
    ks_policy_info info;
    *err = (ks_error){0};
    bool ok = ks_policy_load(path, &policy, &theta, &info, err);
    if (ok) {
        for (size_t i = 0; i < ks_policy_num_params(policy); i++) {
            assert_true(isfinite((double)theta[i]));
        }
        assert_int_equal(err->code, KS_OK);
    } else {
        assert_null(policy);
        assert_null(theta);
        assert_int_equal(err->code, KS_BAD_INPUT);
        assert_non_null(strstr(err->text, path));
        assert_null(strchr(err->text, '\n'));
    }
    ks_policy_destroy(policy);
    free(theta);
    return ok;
}

static void refused(const char* path, const char* because) {
    ks_error err;
    if (loads(path, &err)) {
        fail_msg("loaded, although: %s", because);
    }
    if (!strstr(err.text, because)) {
        fail_msg("'%s' does not speak of %s", err.text, because);
    }
}

/* What differs in a copy of the saved file; NULL: nothing. */
typedef struct change {
    const char *without_key, *without_tensor;
    const char *key, *value; /* instead of what the key says */
    const char* tensor;      /* this one's dtype, shape and data are the following */
    ks_dtype dtype;
    size_t shape[2];
    const void* data;
} change;

static void copy_with(const place* p, const change* c) {
    ks_error err = {0};
    ks_tensor_file* f = ks_tensor_file_open(p->path, NULL, &err);
    ks_tensor_writer* w = ks_tensor_writer_create(&err);
    assert_true(f && w);
    for (size_t i = 0; i < ks_tensor_file_meta_count(f); i++) {
        const char* key = ks_tensor_file_meta_key(f, i);
        if (!c->without_key || strcmp(key, c->without_key) != 0) {
            bool other = c->key && strcmp(key, c->key) == 0;
            ks_tensor_writer_meta(w, key, other ? c->value : ks_tensor_file_meta(f, key));
        }
    }
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) {
        ks_tensor t = ks_tensor_file_at(f, i);
        if (c->tensor && strcmp(t.name, c->tensor) == 0) {
            ks_tensor_writer_add(w, t.name, c->dtype, t.ndim, c->shape, c->data);
        } else if (!c->without_tensor || strcmp(t.name, c->without_tensor) != 0) {
            ks_tensor_writer_add(w, t.name, t.dtype, t.ndim, t.shape, t.data);
        }
    }
    assert_true(ks_tensor_writer_save(w, p->copy, 0, &err));
    ks_tensor_writer_destroy(w);
    ks_tensor_file_close(f);
}

/* ---- what is saved loads ---------------------------------------------------------------------------------------------- */

static void check_round_trip(const place* p, ks_policy_settings settings) {
    ks_error err = {0};
    ks_policy* policy = ks_policy_create(&settings, &err);
    assert_non_null(policy);
    size_t n = ks_policy_num_params(policy);
    ks_real* theta = malloc(n * sizeof *theta);
    assert_non_null(theta);
    static const float ODD[] = {-0.0f, FLT_MAX, -FLT_MIN, 1e-42f, 1.0f / 3, -1e-20f, 16777217};
    for (size_t i = 0; i < n; i++) {
        theta[i] = (ks_real)ODD[i % LENGTH(ODD)];
    }
    assert_true(ks_policy_save(p->copy, policy, theta, &p->info, &err));

    ks_policy* back = NULL;
    ks_real* theta_back = NULL;
    ks_policy_info info;
    if (!ks_policy_load(p->copy, &back, &theta_back, &info, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(ks_policy_num_params(back), n);
    assert_memory_equal(theta_back, theta, n * sizeof *theta);
    const ks_policy_settings* s = ks_policy_get_settings(back);
    assert_int_equal(s->obs_dim, settings.obs_dim);
    assert_int_equal(s->act_dim, settings.act_dim);
    assert_int_equal(s->head, settings.head);
    assert_int_equal(s->activation, settings.activation);
    assert_int_equal(s->num_hidden, settings.num_hidden);
    assert_memory_equal(s->hidden, settings.hidden, (size_t)settings.num_hidden * sizeof *s->hidden);
    assert_true(s->log_std_min == settings.log_std_min);
    assert_string_equal(info.env, p->info.env);
    assert_string_equal(info.method, p->info.method);
    assert_true(info.inner_lr == p->info.inner_lr && info.inner_steps == p->info.inner_steps);
    assert_true(info.gamma == p->info.gamma && info.gae_lambda == p->info.gae_lambda);
    assert_true(info.horizon == p->info.horizon && info.iteration == p->info.iteration && info.seed == p->info.seed);
    ks_policy_destroy(back);
    ks_policy_destroy(policy);
    free(theta_back);
    free(theta);
}

static void round_trip(void** state) {
    const place* p = *state;
    ks_policy_settings s = small_shape();
    check_round_trip(p, s);
    s.activation = KS_TANH;
    s.log_std_min = -1.0 / 3;
    check_round_trip(p, s);
    s.head = KS_CATEGORICAL;
    check_round_trip(p, s);
    s.head = KS_SQUARED_ERROR;
    check_round_trip(p, s);
    s.num_hidden = 0;
    check_round_trip(p, s);
    s.head = KS_GAUSSIAN;
    s.num_hidden = KS_MAX_HIDDEN;
    for (int i = 0; i < KS_MAX_HIDDEN; i++) {
        s.hidden[i] = 1 + i % 3;
    }
    check_round_trip(p, s);
}

/* the contract with other programs (docs/files.md) */
static void metadata_and_tensors(void** state) {
    const place* p = *state;
    static const char* const META[][2] = {{"format", "kshot.policy.1"},
                                          {"env", "half-cheetah-vel"},
                                          {"obs_dim", "4"},
                                          {"act_dim", "2"},
                                          {"hidden", "5,3"},
                                          {"activation", "relu"},
                                          {"head", "gaussian"},
                                          {"method", "maml"},
                                          {"inner_lr", "0.1"},
                                          {"inner_steps", "1"},
                                          {"gamma", "0.30000000000000004"},
                                          {"gae_lambda", "0.3333333333333333"},
                                          {"horizon", "200"},
                                          {"iteration", "475"},
                                          {"seed", "9223372036854775807"}};
    static const struct {
        const char* name;
        int ndim;
        size_t shape[2];
    } TENSORS[] = {{"mlp.0.weight", 2, {5, 4}}, {"mlp.0.bias", 1, {5}},      {"mlp.1.weight", 2, {3, 5}},
                   {"mlp.1.bias", 1, {3}},      {"mlp.2.weight", 2, {2, 3}}, {"mlp.2.bias", 1, {2}},
                   {"log_std", 1, {2}}};
    ks_error err = {0};
    ks_tensor_file* f = ks_tensor_file_open(p->path, "kshot.policy.1", &err);
    assert_non_null(f);
    for (size_t i = 0; i < LENGTH(META); i++) {
        const char* value = ks_tensor_file_meta(f, META[i][0]);
        assert_non_null(value);
        assert_string_equal(value, META[i][1]);
    }
    double floor = 0;
    assert_true(ks_tensor_file_meta_double(f, "log_std_min", -50, 20, &floor, &err));
    assert_true(floor == log(1e-6));
    assert_non_null(ks_tensor_file_meta(f, "kshot_version"));
    assert_int_equal(ks_tensor_file_count(f), LENGTH(TENSORS));
    const ks_real* theta = p->theta;
    for (size_t i = 0; i < LENGTH(TENSORS); i++) { /* one after another they are θ */
        const void* data = NULL;
        size_t count = TENSORS[i].shape[0] * (TENSORS[i].ndim == 2 ? TENSORS[i].shape[1] : 1);
        assert_true(ks_tensor_file_get(f, TENSORS[i].name, KS_F32, TENSORS[i].ndim, TENSORS[i].shape, &data, &err));
        assert_memory_equal(data, theta, count * sizeof *theta);
        theta += count;
    }
    ks_tensor_file_close(f);
}

/* ---- what does not fit is refused ---------------------------------------------------------------------------------------- */

static void wrong_metadata(void** state) {
    const place* p = *state;
    char long_name[80];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    const char* const WRONG[][2] = {
        {"format", "kshot.checkpoint.1"},
        {"format", ""},
        {"obs_dim", "0"},
        {"obs_dim", "-4"},
        {"obs_dim", "4x"},
        {"obs_dim", "4.5"},
        {"obs_dim", "99999999999999999"},
        {"act_dim", "65537"},
        {"act_dim", ""},
        {"hidden", "5,"},
        {"hidden", ",3"},
        {"hidden", "5;3"},
        {"hidden", "5,0"},
        {"hidden", "5,-3"},
        {"hidden", "5,65537"},
        {"hidden", "5,3 "},
        {"hidden", "five"},
        {"hidden", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"},
        {"activation", "gelu"},
        {"activation", ""},
        {"head", "beta"},
        {"log_std_min", "low"},
        {"log_std_min", "nan"},
        {"log_std_min", "inf"},
        {"inner_lr", ""},
        {"inner_lr", "nan"},
        {"inner_lr", "-1"},
        {"inner_lr", "1001"},
        {"gamma", "5"},
        {"gamma", "-3"},
        {"gae_lambda", "1.01"},
        {"log_std_min", "-51"},
        {"log_std_min", "21"},
        {"inner_steps", "17"},
        {"gamma", "0.9 9"},
        {"gae_lambda", "1e999"},
        {"inner_steps", "-1"},
        {"inner_steps", "4294967297"},
        {"horizon", "0"},
        {"horizon", "200000000"},
        {"iteration", "-1"},
        {"iteration", "1e3"},
        {"seed", "-1"},
        {"seed", "9223372036854775808"},
        {"env", long_name},
        {"method", long_name},
    };
    for (size_t i = 0; i < LENGTH(WRONG); i++) {
        copy_with(p, &(change){.key = WRONG[i][0], .value = WRONG[i][1]});
        refused(p->copy, strcmp(WRONG[i][0], "format") == 0 ? "kshot.policy.1" : WRONG[i][0]);
    }
}

/* metadata that is right in itself but speaks of other tensors than there are */
static void another_shape(void** state) {
    const place* p = *state;
    static const char* const OTHER[][3] = {{"obs_dim", "5", "mlp.0.weight"},  {"act_dim", "3", "mlp.2.weight"},
                                           {"hidden", "6,3", "mlp.0.weight"}, {"hidden", "5", "mlp.1.weight"},
                                           {"hidden", "5,3,1", "mlp.2"},      {"hidden", "", "mlp.0.weight"},
                                           {"hidden", "3,5", "mlp.0.weight"}};
    for (size_t i = 0; i < LENGTH(OTHER); i++) {
        copy_with(p, &(change){.key = OTHER[i][0], .value = OTHER[i][1]});
        refused(p->copy, OTHER[i][2]);
    }
}

/* sizes that would need gigabytes, in a file of one kilobyte */
static void lying_sizes_ask_for_no_memory(void** state) {
    const place* p = *state;
    static const char* const HUGE_SHAPES[] = {"16000,16000", "65536,65536", "65536,4000,10"};
    for (size_t i = 0; i < LENGTH(HUGE_SHAPES); i++) {
        copy_with(p, &(change){.key = "hidden", .value = HUGE_SHAPES[i]});
        ks_error err;
        largest_malloc = 0;
        assert_false(loads(p->copy, &err));
        assert_true(largest_malloc < 1 << 20);
    }
}

static void missing_parts(void** state) {
    const place* p = *state;
    static const char* const KEYS[] = {"format",      "env",     "obs_dim",   "act_dim",     "hidden", "activation",
                                       "head",        "method",  "inner_lr",  "inner_steps", "gamma",  "gae_lambda",
                                       "log_std_min", "horizon", "iteration", "seed"};
    for (size_t i = 0; i < LENGTH(KEYS); i++) {
        copy_with(p, &(change){.without_key = KEYS[i]});
        refused(p->copy, i == 0 ? "kshot.policy.1" : KEYS[i]);
    }
    for (size_t i = 0; i < ks_policy_num_tensors(p->policy); i++) {
        ks_policy_tensor t = ks_policy_tensor_at(p->policy, i);
        copy_with(p, &(change){.without_tensor = t.name});
        refused(p->copy, t.name);
    }
    ks_error err;
    copy_with(p, &(change){0}); /* the copying itself does no harm */
    assert_true(loads(p->copy, &err));
}

static void wrong_tensors(void** state) {
    const place* p = *state;
    float numbers[20] = {0};
    double wide[20] = {0};
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_F32, .shape = {4, 5}, .data = numbers});
    refused(p->copy, "mlp.0.weight");
    wide[3] = 1e300;
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_F64, .shape = {5, 4}, .data = wide});
    refused(p->copy, "mlp.0.weight");
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_I64, .shape = {5, 4}, .data = wide});
    refused(p->copy, "I64 of shape 5 x 4");
    static const float BAD[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < LENGTH(BAD); i++) {
        numbers[19] = BAD[i];
        copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_F32, .shape = {5, 4}, .data = numbers});
        refused(p->copy, "mlp.0.weight");
        const float log_std[2] = {BAD[i], 0};
        copy_with(p, &(change){.tensor = "log_std", .dtype = KS_F32, .shape = {2}, .data = log_std});
        refused(p->copy, "log_std");
    }
}

/* F64 and half-precision tensors are read, and it is told what they were */
static void other_types(void** state) {
    const place* p = *state;
    ks_error err = {0};
    ks_policy* policy;
    ks_real* theta;
    ks_policy_info info;
    double wide[20];
    uint16_t half[20];
    for (int i = 0; i < 20; i++) {
        wide[i] = i / 8.0 - 1;
        half[i] = 0xbc00; /* -1 */
    }
    assert_true(ks_policy_load(p->path, &policy, &theta, &info, &err));
    assert_string_equal(info.converted_from, "");
    ks_policy_destroy(policy);
    free(theta);
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_F64, .shape = {5, 4}, .data = wide});
    assert_true(ks_policy_load(p->copy, &policy, &theta, &info, &err));
    assert_string_equal(info.converted_from, "F64");
    assert_true(theta[0] == -1 && theta[19] == 1.375);
    ks_policy_destroy(policy);
    free(theta);
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_BF16, .shape = {5, 4}, .data = half});
    assert_true(ks_policy_load(p->copy, &policy, &theta, &info, &err));
    assert_string_equal(info.converted_from, "BF16");
    ks_policy_destroy(policy);
    free(theta);
    copy_with(p, &(change){.tensor = "mlp.0.weight", .dtype = KS_F16, .shape = {5, 4}, .data = half});
    assert_true(ks_policy_load(p->copy, &policy, &theta, &info, &err));
    assert_string_equal(info.converted_from, "F16");
    assert_true(theta[0] == -1 && theta[19] == -1);
    ks_policy_destroy(policy);
    free(theta);
}

/* ---- damage ------------------------------------------------------------------------------------------------------------ */

static size_t slurp(const char* path, unsigned char* data, size_t room) {
    FILE* file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(data, 1, room, file);
    assert_true(length < room);
    fclose(file);
    return length;
}

static void truncated_anywhere(void** state) {
    const place* p = *state;
    ks_error err;
    unsigned char data[4096];
    size_t length = slurp(p->path, data, sizeof data);
    while (length-- > 0) {
        assert_int_equal(truncate(p->path, (off_t)length), 0);
        if (loads(p->path, &err)) {
            fail_msg("loaded from %zu bytes", length);
        }
    }
}

static void flipped_anywhere_in_the_header(void** state) {
    const place* p = *state;
    static const unsigned char MASKS[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};
    ks_error err;
    unsigned char data[4096];
    size_t length = slurp(p->path, data, sizeof data);
    size_t header = 8 + data[0] + 256u * data[1];
    assert_true(header < length);
    int fd = open(p->path, O_WRONLY);
    assert_true(fd >= 0);
    largest_malloc = 0;
    size_t refusals = 0;
    for (size_t i = 0; i < header; i++) {
        for (size_t k = 0; k < LENGTH(MASKS); k++) {
            unsigned char flipped = data[i] ^ MASKS[k];
            assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
            refusals += !loads(p->path, &err);
        }
        assert_int_equal(pwrite(fd, data + i, 1, (off_t)i), 1);
    }
    close(fd);
    assert_true(loads(p->path, &err));
    assert_true(largest_malloc < 1 << 20);
    assert_true(refusals > header * LENGTH(MASKS) / 2);
}

static void not_a_policy_at_all(void** state) {
    const place* p = *state;
    ks_error err;
    assert_false(loads(p->copy, &err)); /* does not exist */
    assert_false(loads(p->dir, &err));
    FILE* file = fopen(p->copy, "wb");
    assert_non_null(file);
    for (int i = 0; i < 3000; i++) {
        fputc("env: point\n"[i % 11], file);
    }
    assert_int_equal(fclose(file), 0);
    assert_false(loads(p->copy, &err));
}

static void a_failed_save_says_where(void** state) {
    const place* p = *state;
    ks_error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/nowhere/p.safetensors", p->dir);
    assert_false(ks_policy_save(path, p->policy, p->theta, &p->info, &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_non_null(strstr(err.text, path));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(round_trip),
        TEST(metadata_and_tensors),
        TEST(wrong_metadata),
        TEST(another_shape),
        TEST(lying_sizes_ask_for_no_memory),
        TEST(missing_parts),
        TEST(wrong_tensors),
        TEST(other_types),
        TEST(truncated_anywhere),
        TEST(flipped_anywhere_in_the_header),
        TEST(not_a_policy_at_all),
        TEST(a_failed_save_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

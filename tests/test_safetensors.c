/* tensor files: what is written reads back, a damaged file is refused and never crashes the reader, a failed save harms
 * nothing. Python's own reader and writer are tried in safetensors_python.py, to which this program lends itself:
 * `test_safetensors write FILE` and `test_safetensors read FILE`. */
#include "base/safetensors.h"

#include <dirent.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const float FLOATS[6] = {0, -1.5f, 3.25f, FLT_MAX, FLT_MIN, 1e-42f};
static const double DOUBLES[3] = {0.1, -DBL_MAX, 1e-310};
static const int64_t INTS[2] = {INT64_MIN, INT64_MAX};
static const uint8_t BYTES[5] = {0, 1, 127, 128, 255};

/* a folder of its own for each test, removed afterwards */
typedef struct place {
    char dir[64], path[96];
} place;

static int make_place(void** state) {
    place* p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/ks_tensors.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/f.safetensors", p->dir);
    *state = p;
    return 0;
}

/* files in the folder */
static int count_files(const place* p) {
    DIR* dir = opendir(p->dir);
    assert_non_null(dir);
    int n = 0;
    for (struct dirent* e = readdir(dir); e; e = readdir(dir)) {
        n += e->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static int remove_place(void** state) {
    place* p = *state;
    unlink(p->path);
    int left = rmdir(p->dir);
    free(p);
    return left;
}

static bool write_sample(const char* path, bool checksum, ks_error* err) {
    ks_tensor_writer* w = ks_tensor_writer_create(err);
    assert_non_null(w);
    ks_tensor_writer_meta(w, "format", "replaced below");
    ks_tensor_writer_meta(w, "format", "kshot.test.1");
    ks_tensor_writer_meta(w, "text", "tab\t quote\" back\\slash caf\xc3\xa9");
    ks_tensor_writer_meta_double(w, "third", 1.0 / 3);
    ks_tensor_writer_meta_double(w, "tenth", 0.1);
    ks_tensor_writer_meta_int(w, "least", INT64_MIN);
    ks_tensor_writer_add(w, "bytes", KS_U8, 1, (size_t[]){5}, BYTES); /* odd length before wider types */
    ks_tensor_writer_add(w, "floats", KS_F32, 2, (size_t[]){2, 3}, FLOATS);
    ks_tensor_writer_add(w, "doubles", KS_F64, 3, (size_t[]){1, 3, 1}, DOUBLES);
    ks_tensor_writer_add(w, "ints", KS_I64, 1, (size_t[]){2}, INTS);
    ks_tensor_writer_add(w, "empty", KS_F32, 2, (size_t[]){0, 7}, NULL);
    ks_tensor_writer_add(w, "scalar", KS_F32, 0, NULL, FLOATS + 1);
    ks_tensor_writer_add_real(w, "real32", 1, (size_t[]){6}, FLOATS, sizeof *FLOATS);
    ks_tensor_writer_add_real(w, "real64", 1, (size_t[]){1}, DOUBLES, sizeof *DOUBLES);
    bool ok = ks_tensor_writer_save(w, path, checksum ? KS_SAVE_CHECKSUM : 0, err);
    ks_tensor_writer_destroy(w);
    return ok;
}

static void check_tensor(const ks_tensor_file* f, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                         const void* want, size_t bytes) {
    ks_error err = {0};
    const void* data = NULL;
    if (!ks_tensor_file_get(f, name, dtype, ndim, shape, &data, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal((uintptr_t)data % ks_dtype_size(dtype), 0);
    assert_memory_equal(data, want, bytes);
}

static void check_sample(const ks_tensor_file* f) {
    ks_error err = {0};
    double number = 0;
    int64_t whole = 0;
    assert_string_equal(ks_tensor_file_meta(f, "format"), "kshot.test.1");
    assert_string_equal(ks_tensor_file_meta(f, "text"), "tab\t quote\" back\\slash caf\xc3\xa9");
    assert_string_equal(ks_tensor_file_meta(f, "tenth"), "0.1");
    assert_true(ks_tensor_file_meta_double(f, "third", 0, 1, &number, &err));
    assert_true(number == 1.0 / 3);
    assert_true(ks_tensor_file_meta_int(f, "least", INT64_MIN, INT64_MAX, &whole, &err));
    assert_true(whole == INT64_MIN);
    assert_int_equal(ks_tensor_file_count(f), 8);
    check_tensor(f, "bytes", KS_U8, 1, (size_t[]){5}, BYTES, sizeof BYTES);
    check_tensor(f, "floats", KS_F32, 2, (size_t[]){2, 3}, FLOATS, sizeof FLOATS);
    check_tensor(f, "doubles", KS_F64, 3, (size_t[]){1, 3, 1}, DOUBLES, sizeof DOUBLES);
    check_tensor(f, "ints", KS_I64, 1, (size_t[]){2}, INTS, sizeof INTS);
    check_tensor(f, "empty", KS_F32, 2, (size_t[]){0, 7}, FLOATS, 0);
    check_tensor(f, "scalar", KS_F32, 0, NULL, FLOATS + 1, sizeof *FLOATS);
    check_tensor(f, "real32", KS_F32, 1, (size_t[]){6}, FLOATS, sizeof FLOATS);
    check_tensor(f, "real64", KS_F32, 1, (size_t[]){1}, &(float){0.1f}, sizeof(float));
}

static void test_round_trip(void** state) {
    const place* p = *state;
    ks_error err = {0};
    for (int checksum = 0; checksum < 2; checksum++) {
        assert_true(write_sample(p->path, checksum, &err));
        ks_tensor_file* f = ks_tensor_file_open(p->path, "kshot.test.1", &err);
        assert_non_null(f);
        assert_string_equal(ks_tensor_file_path(f), p->path);
        assert_int_equal(ks_tensor_file_meta(f, "crc32") != NULL, checksum);
        check_sample(f);
        ks_tensor_file_close(f);
    }
    assert_int_equal(count_files(p), 1);
}

static void test_wrong_questions(void** state) {
    const place* p = *state;
    ks_error err = {0};
    const void* data;
    double number;
    int64_t whole;
    assert_true(write_sample(p->path, false, &err));
    assert_null(ks_tensor_file_open(p->path, "kshot.policy.1", &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    assert_non_null(strstr(err.text, "kshot.test.1, not kshot.policy.1"));
    ks_tensor_file* f = ks_tensor_file_open(p->path, NULL, &err);
    assert_non_null(f);
    assert_null(ks_tensor_file_meta(f, "nothing"));
    assert_null(ks_tensor_file_meta_string(f, "nothing", &err));
    assert_false(ks_tensor_file_meta_double(f, "text", 0, 1, &number, &err));
    assert_false(ks_tensor_file_meta_int(f, "third", 0, 9, &whole, &err));
    assert_false(ks_tensor_file_meta_int(f, "least", 0, 9, &whole, &err));
    assert_non_null(strstr(err.text, "least"));
    assert_false(ks_tensor_file_get(f, "nothing", KS_F32, 0, NULL, &data, &err));
    assert_false(ks_tensor_file_get(f, "floats", KS_F64, 2, (size_t[]){2, 3}, &data, &err));
    assert_false(ks_tensor_file_get(f, "floats", KS_F32, 1, (size_t[]){6}, &data, &err));
    assert_false(ks_tensor_file_get(f, "floats", KS_F32, 2, (size_t[]){3, 2}, &data, &err));
    assert_non_null(strstr(err.text, "floats"));
    assert_non_null(strstr(err.text, "3 x 2"));
    ks_tensor_file_close(f);
}

/* ---- damaged files ------------------------------------------------------------------------------------------------ */

static unsigned char* slurp(const char* path, size_t* length) {
    FILE* file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char* data = malloc(1 << 16);
    assert_non_null(data);
    *length = fread(data, 1, 1 << 16, file);
    fclose(file);
    return data;
}

static void spill(const char* path, const void* data, size_t length) {
    FILE* file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void change_byte(const char* path, size_t at, unsigned char value) {
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &value, 1, (off_t)at), 1);
    close(fd);
}

/* opens, and touches every byte that it was promised, for the address sanitizer to watch */
static bool opens(const char* path, ks_error* err) {
    *err = (ks_error){0};
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, err);
    if (!f) {
        assert_int_equal(err->code, KS_BAD_INPUT);
        assert_non_null(strstr(err->text, path));
        return false;
    }
    volatile unsigned sum = 0;
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) {
        ks_tensor t = ks_tensor_file_at(f, i);
        for (size_t k = 0; k < t.bytes; k++) {
            sum += ((const unsigned char*)t.data)[k];
        }
        sum += (unsigned)strlen(t.name);
    }
    ks_tensor_file_close(f);
    return true;
}

static void test_truncated(void** state) {
    const place* p = *state;
    ks_error err = {0};
    size_t length;
    assert_true(write_sample(p->path, false, &err));
    unsigned char* data = slurp(p->path, &length);
    for (size_t n = 0; n < length; n++) {
        spill(p->path, data, n);
        if (opens(p->path, &err)) {
            fail_msg("opened with %zu of %zu bytes", n, length);
        }
    }
    data[length] = 0;
    spill(p->path, data, length + 1);
    assert_false(opens(p->path, &err)); /* a byte too many */
    free(data);
}

static void test_flipped(void** state) {
    const place* p = *state;
    ks_error err = {0};
    size_t length;
    assert_true(write_sample(p->path, true, &err));
    unsigned char* data = slurp(p->path, &length);
    size_t header = 8 + data[0] + 256u * data[1];
    static const unsigned char masks[] = {0x01, 0x02, 0x04, 0x10, 0x20, 0x80, 0xff};
    for (size_t i = 0; i < length; i++) {
        unsigned char was = data[i];
        for (size_t k = 0; k < sizeof masks + 3; k++) {
            data[i] = k < sizeof masks ? (unsigned char)(was ^ masks[k]) : (unsigned char)"\0\"9"[k - sizeof masks];
            change_byte(p->path, i, data[i]);
            bool ok = opens(p->path, &err);
            if (ok && data[i] != was && (i < 8 || i >= header)) { /* in the header, a flip may be a harmless new name */
                fail_msg("opened with byte %zu changed", i);
            }
        }
        data[i] = was;
        change_byte(p->path, i, was);
    }
    assert_true(opens(p->path, &err));
    free(data);
}

/* a header of our own before `bytes` zero bytes of data; length_field < 0 tells the truth */
static bool opens_header(const place* p, const char* json, size_t bytes, int64_t length_field) {
    ks_error err;
    size_t n = strlen(json);
    uint64_t told = length_field < 0 ? n : (uint64_t)length_field;
    unsigned char* data = calloc(1, 8 + n + bytes);
    assert_non_null(data);
    memcpy(data, &told, 8);
    memcpy(data + 8, json, n);
    spill(p->path, data, 8 + n + bytes);
    free(data);
    return opens(p->path, &err);
}

static void test_lying_length(void** state) {
    const place* p = *state;
    const char* json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
    int64_t n = (int64_t)strlen(json);
    assert_true(opens_header(p, json, 4, -1));
    assert_false(opens_header(p, json, 4, 0));
    assert_false(opens_header(p, json, 4, n - 1));
    assert_false(opens_header(p, json, 4, n + 1));
    assert_false(opens_header(p, json, 4, n + 4));
    assert_false(opens_header(p, json, 4, n + 5));
    assert_false(opens_header(p, json, 4, (int64_t)1 << 26));
    assert_false(opens_header(p, json, 4, INT64_MAX - 8));
    assert_false(opens_header(p, json, 4, INT64_MAX));
    uint64_t most[2] = {UINT64_MAX, 0};
    spill(p->path, most, sizeof most);
    ks_error err;
    assert_false(opens(p->path, &err));
}

#define U4 "\"dtype\":\"U8\",\"shape\":[4],"
#define ENTRY(type, shape, offsets) "{\"a\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

#define TWO(offsets_a, offsets_b)                                        \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" offsets_a \
    "},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":" offsets_b "}}"

static void test_legal_headers(void** state) {
    const place* p = *state;
    assert_true(opens_header(p, "{}", 0, -1));
    assert_true(opens_header(p, "{}      ", 0, -1));
    assert_true(opens_header(p, "{\"__metadata__\":{}}", 0, -1));
    assert_true(
        opens_header(p, "{\"__metadata__\":{\"a\":\"\\\\u0000\"}}\n\t ", 0, -1)); /* a backslash, then letters */
    assert_true(opens_header(p, ENTRY("U8", "[]", "[0,1]"), 1, -1));
    assert_true(opens_header(p, ENTRY("U8", "[0,4294967296]", "[0,0]"), 0, -1));
    assert_true(opens_header(p, "{\"b\":{" U4 "\"data_offsets\":[4,8]},\"a\":{" U4 "\"data_offsets\":[0,4]}}", 8, -1));
}

static void test_illegal_headers(void** state) {
    const place* p = *state;
    static const char* const headers[] = {
        "",
        "[]",
        "null",
        "7",
        "\"a\"",
        "{",
        "{}x",
        "{}{}",
        "{\"a\":1}",
        "{\"a\":[]}",
        "{\"a\":{}}",
        "{\"__metadata__\":[]}",
        "{\"__metadata__\":\"x\"}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":{\"a\":null}}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"__metadata__\":{},\"__metadata__\":{}}",
        ENTRY("U8", "[4]", "[0,3]"),
        ENTRY("U8", "[3]", "[0,3]"),
        ENTRY("U8", "[3]", "[1,4]"),
        ENTRY("U8", "[4]", "[4,0]"),
        ENTRY("U8", "[4]", "[0]"),
        ENTRY("U8", "[4]", "[0,4,4]"),
        ENTRY("U8", "[4]", "[0,\"4\"]"),
        ENTRY("U8", "[4]", "4"),
        ENTRY("U8", "[-4]", "[0,4]"),
        ENTRY("U8", "[-2,-2]", "[0,4]"),
        ENTRY("U8", "[4.5]", "[0,4]"),
        ENTRY("U8", "[4]", "[0,4.5]"),
        ENTRY("U8", "[4]", "[-4,0]"),
        ENTRY("U8", "[1e400]", "[0,4]"),
        ENTRY("U8", "[NaN]", "[0,4]"),
        ENTRY("U8", "[4]", "[NaN,4]"),
        ENTRY("U8", "[\"4\"]", "[0,4]"),
        ENTRY("U8", "[null]", "[0,4]"),
        ENTRY("U8", "4", "[0,4]"),
        ENTRY("U8", "[5]", "[0,5]"),
        ENTRY("U8", "[4294967296,4294967296,4]", "[0,4]"),
        ENTRY("U8", "[9007199254740992,2048]", "[0,4]"),
        ENTRY("F32", "[4611686018427387905]", "[0,4]"),
        ENTRY("F32", "[4]", "[0,4]"),
        ENTRY("F64", "[1]", "[0,4]"),
        ENTRY("F32", "[1,1,1,1,2]", "[0,4]"),
        ENTRY("F16", "[3]", "[0,4]"),
        ENTRY("BF16", "[4]", "[0,4]"),
        ENTRY("I32", "[4]", "[0,4]"),
        ENTRY("BOOL", "[1]", "[0,4]"),
        ENTRY("F8_E4M3", "[8]", "[0,4]"),
        ENTRY("C64", "[1]", "[0,4]"),
        ENTRY("f32", "[1]", "[0,4]"),
        ENTRY("", "[4]", "[0,4]"),
        ENTRY("9", "[4]", "[0,4]"),
        ENTRY("F\\u001b[2J", "[4]", "[0,4]"),
        ENTRY("F32_AND_SO_ON_AND_ON", "[4]", "[0,4]"),
        "{\"a\":{\"dtype\":8,\"shape\":[4],\"data_offsets\":[0,4]}}",
        "{\"a\":{" U4 "\"data_offsets\":[0,4]},\"b\":{" U4 "\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],"
        "\"data_offsets\":[2,4]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"a\":{\"dtype\":\"U8\",\"shape\":[2],"
        "\"data_offsets\":[2,4]}}",
        TWO("[0,2]", "[0,2]"),
        TWO("[2,4]", "[2,4]"),
        "{\"__metadata__\":{\"a\":\"\\\\\\u0000\"},\"a\":{" U4 "\"data_offsets\":[0,4]}}",
        "{\"__metadata__\":{\"a\":\"\xe4\"},\"a\":{" U4 "\"data_offsets\":[0,4]}}",
        "{\"a\\u0000\":{" U4 "\"data_offsets\":[0,4]}}"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (opens_header(p, headers[i], 4, -1)) {
            fail_msg("opened with the header %s", headers[i]);
        }
    }
}

/* what other programs add is no reason to refuse a file */
static void test_other_types(void** state) {
    const place* p = *state;
    static const char* const types[] = {"F16", "BF16", "I16", "U16"};
    char json[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(json, sizeof json, ENTRY("%s", "[2]", "[0,4]"), types[i]);
        assert_true(opens_header(p, json, 4, -1));
    }
    assert_true(opens_header(p, ENTRY("I32", "[1]", "[0,4]"), 4, -1));
    assert_true(opens_header(p, ENTRY("BOOL", "[4]", "[0,4]"), 4, -1));
    assert_true(opens_header(p, ENTRY("F8_E5M2", "[2,2]", "[0,4]"), 4, -1));
    assert_true(opens_header(p, ENTRY("F4", "[8]", "[0,4]"), 4, -1));  /* half a byte each */
    assert_true(opens_header(p, ENTRY("F99", "[7]", "[0,4]"), 4, -1)); /* of another time */
    assert_true(opens_header(p, ENTRY("F32", "[1,1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, -1));
    ks_error err = {0};
    ks_tensor_file* f = ks_tensor_file_open(p->path, NULL, &err);
    ks_tensor t = ks_tensor_file_at(f, 0);
    assert_true(t.ndim == 10 && t.count == 1 && t.shape[9] == 1);
    const void* data;
    assert_false(ks_tensor_file_get(f, "a", KS_F32, 1, (size_t[]){1}, &data, &err));
    assert_non_null(
        strstr(err.text, "'a' is F32 of shape 1 x 1 x 1 x 1 x 1 x 1 x 1 x 1 x 1 x 1; it should be F32 of shape 1"));
    ks_tensor_file_close(f);
    assert_true(opens_header(p, ENTRY("I32", "[]", "[0,4]"), 4, -1));
    f = ks_tensor_file_open(p->path, NULL, &err);
    assert_false(ks_tensor_file_get_real(f, "a", 0, NULL, NULL, &err));
    assert_non_null(
        strstr(err.text, "'a' is I32 of shape one number; it should be F32 (or F64, F16, BF16) of shape one"));
    ks_tensor_file_close(f);
}

/* tensors that lie at odd places, and floating-point numbers of all types */
static void test_unaligned_and_converted(void** state) {
    const place* p = *state;
    static const char json[] =
        "{\"__metadata__\":{\"b\":\"1\",\"a\":\"2\"},"
        "\"flag\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"half\":{\"dtype\":\"F16\",\"shape\":[7],\"data_offsets\":[1,15]},"
        "\"brain\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[15,19]},"
        "\"double\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[19,35]},"
        "\"float\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[35,43]}}";
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x8000, 0x7c00},
                          brains[] = {0x3f80, 0xc049};
    static const double doubles[] = {0.1, -1e300};
    static const float floats[] = {0.5f, -3};
    unsigned char data[8 + sizeof json - 1 + 43];
    uint64_t n = sizeof json - 1;
    unsigned char* at = data + 8 + n;
    memcpy(data, &n, 8);
    memcpy(data + 8, json, n);
    at[0] = 1;
    memcpy(at + 1, halves, 14);
    memcpy(at + 15, brains, 4);
    memcpy(at + 19, doubles, 16);
    memcpy(at + 35, floats, 8);
    spill(p->path, data, sizeof data);
    ks_error err = {0};
    assert_true(opens(p->path, &err));
    ks_tensor_file* f = ks_tensor_file_open(p->path, NULL, &err);
    check_tensor(f, "double", KS_F64, 1, (size_t[]){2}, doubles, sizeof doubles);
    check_tensor(f, "float", KS_F32, 2, (size_t[]){1, 2}, floats, sizeof floats);
    assert_string_equal(ks_tensor_file_meta_key(f, 0), "b");
    assert_string_equal(ks_tensor_file_meta(f, "a"), "2");
    ks_real out[7];
    static const double want[] = {1, -2, 0x1.554p-2, 65504, 0x1p-24, 0};
    assert_true(ks_tensor_file_get_real(f, "half", 1, (size_t[]){7}, out, &err));
    for (size_t i = 0; i < 6; i++) {
        assert_true(out[i] == want[i]);
    }
    assert_true(isinf(out[6]));
    assert_true(ks_tensor_file_get_real(f, "brain", 1, (size_t[]){2}, out, &err) && out[0] == 1 && out[1] == -3.140625);
    assert_true(ks_tensor_file_get_real(f, "double", 1, (size_t[]){2}, out, &err));
    assert_true(out[0] == (ks_real)0.1 && (sizeof *out == 8 || isinf(out[1])));
    assert_true(ks_tensor_file_get_real(f, "float", 2, (size_t[]){1, 2}, out, &err) && out[1] == -3);
    assert_false(ks_tensor_file_get_real(f, "flag", 1, (size_t[]){1}, out, &err));
    assert_non_null(strstr(err.text, "U8"));
    ks_tensor_file_close(f);
}

/* 200,000 keys or tensors are looked up in time */
static void test_many_names(void** state) {
    const place* p = *state;
    enum { MANY = 200000, ROOM = 70 * MANY };
    char* json = malloc(ROOM);
    assert_non_null(json);
    size_t n = (size_t)snprintf(json, ROOM, "{\"__metadata__\":{\"format\":\"x\"");
    for (int i = 0; i < MANY; i++) {
        n += (size_t)snprintf(json + n, ROOM - n, ",\"k%d\":\"%d\"", i, i);
    }
    n += (size_t)snprintf(json + n, ROOM - n, "}");
    for (int i = 0; i < MANY / 10; i++) {
        n +=
            (size_t)snprintf(json + n, ROOM - n, ",\"t%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", i);
    }
    snprintf(json + n, ROOM - n, "}");
    assert_true(opens_header(p, json, 0, -1));
    free(json);
    ks_error err = {0};
    ks_tensor_file* f = ks_tensor_file_open(p->path, "x", &err);
    assert_non_null(f);
    assert_int_equal(ks_tensor_file_meta_count(f), MANY + 1);
    for (size_t i = 1; i < MANY; i++) {
        const char* key = ks_tensor_file_meta_key(f, i);
        assert_string_equal(ks_tensor_file_meta(f, key), key + 1);
    }
    assert_null(ks_tensor_file_meta(f, "k"));
    ks_tensor_file_close(f);
}

/* where the end is cut off, that is said; and lengths that only a header claims take no memory */
static void test_cut_off(void** state) {
    const place* p = *state;
    ks_error err;
    assert_false(opens_header(p, ENTRY("U8", "[4]", "[0,4]"), 3, -1));
    assert_null(ks_tensor_file_open(p->path, NULL, &err));
    assert_non_null(strstr(err.text, "cut off, or damaged: tensor 'a' goes on for 1 bytes behind"));
    spill(p->path, "", 0);
    assert_false(opens(p->path, &err));
    assert_non_null(strstr(err.text, "it is empty"));
    spill(p->path, "\2\0\0\0\0\0\0\0{}", 10);
    assert_int_equal(truncate(p->path, (off_t)1 << 40), 0); /* sparse */
    assert_false(opens(p->path, &err));
    assert_int_equal(truncate(p->path, 0), 0);
    assert_int_equal(truncate(p->path, (off_t)1 << 40), 0);
    assert_false(opens(p->path, &err));
}

/* 64 KiB of one opening bracket must not exhaust the stack */
static void test_deep_nesting(void** state) {
    const place* p = *state;
    static char json[1 << 16];
    memset(json, '[', sizeof json - 1);
    assert_false(opens_header(p, json, 0, -1));
    memcpy(json, "{\"a\":", 5);
    assert_false(opens_header(p, json, 0, -1));
}

static void test_checksum(void** state) {
    const place* p = *state;
    ks_error err = {0};
    size_t length;
    assert_true(write_sample(p->path, true, &err));
    unsigned char* data = slurp(p->path, &length);
    data[length - 1] ^= 1;
    spill(p->path, data, length);
    free(data);
    assert_false(opens(p->path, &err));
    assert_non_null(strstr(err.text, "checksum"));
}

/* ---- disks that fail ---------------------------------------------------------------------------------------------- */

static void test_not_a_file(void** state) {
    const place* p = *state;
    ks_error err;
    assert_false(opens(p->path, &err)); /* missing */
    assert_false(opens(p->dir, &err));
    assert_int_equal(mkfifo(p->path, 0600), 0);
    assert_false(opens(p->path, &err)); /* must not wait for somebody to write */
    assert_false(write_sample(p->path, false, &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_false(write_sample(p->dir, false, &err));
    assert_false(write_sample("/dev/full", false, &err));
    struct stat info;
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_false(write_sample("/nowhere/at/all/f.safetensors", false, &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all/f.safetensors"));
    assert_int_equal(count_files(p), 1);
}

/* runs in a child process, as another user where we are root, so that limits and identity end with it */
static int in_child(int (*run)(const place*), const place* p) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run(p));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int without_permission(const place* p) {
    ks_error err = {0};
    if (getuid() == 0 && setuid(65534) != 0) {
        return 9;
    }
    if (ks_tensor_file_open(p->path, NULL, &err) || err.code != KS_BAD_INPUT || !strstr(err.text, "ermission")) {
        return 1;
    }
    return write_sample(p->path, false, &err) || err.code != KS_FAILED || !strstr(err.text, "ermission") ? 2 : 0;
}

static void test_no_permission(void** state) {
    const place* p = *state;
    ks_error err = {0};
    assert_true(write_sample(p->path, false, &err));
    assert_int_equal(chmod(p->path, 0), 0);
    assert_int_equal(chmod(p->dir, 0555), 0);
    assert_int_equal(in_child(without_permission, p), 0);
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(chmod(p->path, 0644), 0);
    assert_true(opens(p->path, &err));
}

/* a limit on the size of files fails writes as a full disk does */
static int with_full_disk(const place* p) {
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t most = 0; most < 600; most += 100) {
        ks_error err = {0};
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){most, RLIM_INFINITY});
        if (write_sample(p->path, true, &err) || err.code != KS_FAILED || !strstr(err.text, p->path)) {
            return 1;
        }
    }
    return 0;
}

static void test_full_disk(void** state) {
    const place* p = *state;
    ks_error err = {0};
    assert_true(write_sample(p->path, false, &err));
    assert_int_equal(in_child(with_full_disk, p), 0);
    assert_int_equal(count_files(p), 1); /* no temporary file is left */
    ks_tensor_file* f = ks_tensor_file_open(p->path, "kshot.test.1", &err);
    assert_non_null(f);
    check_sample(f);
    ks_tensor_file_close(f);
}

/* ---- for safetensors_python.py ------------------------------------------------------------------------------------ */

static int read_foreign(const char* path) {
    ks_error err = {0};
    ks_tensor_file* f = ks_tensor_file_open(path, NULL, &err);
    if (!f) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    for (size_t i = 0; i < ks_tensor_file_count(f); i++) { /* name, type, shape, and the bytes in hexadecimal */
        ks_tensor t = ks_tensor_file_at(f, i);
        printf("%s %s (", t.name, t.type);
        for (int d = 0; d < t.ndim; d++) {
            printf("%zu,", t.shape[d]);
        }
        printf(") ");
        for (size_t k = 0; k < t.bytes; k++) {
            printf("%02x", ((const unsigned char*)t.data)[k]);
        }
        printf("\n");
    }
    ks_tensor_file_close(f);
    return 0;
}

int main(int argc, char** argv) {
    if (argc == 3) {
        ks_error err = {0};
        return strcmp(argv[1], "read") == 0 ? read_foreign(argv[2]) : !write_sample(argv[2], true, &err);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_wrong_questions, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_truncated, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_flipped, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_lying_length, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_legal_headers, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_illegal_headers, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_other_types, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_unaligned_and_converted, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_many_names, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_cut_off, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_deep_nesting, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_checksum, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_not_a_file, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_no_permission, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_full_disk, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Random streams: Philox's published answers, numbers that depend on their place alone and not on what is drawn beside them,
 * their distributions, and the ends of their ranges. */
#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- known answers ---------------------------------------------------------------------------------------------- */

/* philox4x32, 10 rounds, from the file kat_vectors of Random123 */
static const struct {
    uint32_t counter[4], key[2], answer[4];
} KNOWN[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void philox(uint32_t out[4], const uint32_t key[2], const uint32_t counter[4]) {
    philox4x32_key_t k = {{key[0], key[1]}};
    philox4x32_ctr_t c = {{counter[0], counter[1], counter[2], counter[3]}};
    philox4x32_ctr_t x = philox4x32(c, k);
    memcpy(out, x.v, sizeof x.v);
}

/* the 53 bits of two words, in the middle of their interval */
static double uniform_of(const uint32_t words[2]) {
    uint64_t bits = ((uint64_t)words[1] << 32 | words[0]) >> 11;
    return fmin(((double)bits + 0.5) * 0x1p-53, 1 - 0x1p-53);
}

/* one word of the float build, likewise from 23 bits */
static ks_real row_uniform_of(uint32_t word) {
    return (ks_real)(((double)(word >> 9) + 0.5) * 0x1p-23);
}

static void known_answers(void** state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(KNOWN); i++) {
        uint32_t words[4];
        const uint32_t *c = KNOWN[i].counter, *k = KNOWN[i].key, *answer = KNOWN[i].answer;
        philox(words, k, c);
        assert_memory_equal(words, answer, sizeof words);

        /* a stream's key is such an answer */
        ks_stream s = ks_stream_make((uint64_t)k[1] << 32 | k[0], (ks_purpose)c[3], (uint64_t)c[1] << 32 | c[0], c[2]);
        assert_int_equal(s.key[0], answer[0]);
        assert_int_equal(s.key[1], answer[1]);
    }
    /* as are the numbers in it; the first answer is at a place that can be asked for */
    const ks_stream zero = {{0, 0}};
    const uint32_t* answer = KNOWN[0].answer;
    double two[2];
    ks_real four[4];
    const uint32_t trajectory = 0;
    ks_stream_uniform(two, 2, zero, 0, 0, 0);
    assert_true(two[0] == uniform_of(answer) && two[1] == uniform_of(answer + 2));
    ks_stream_uniform_rows(four, 1, 4, zero, 0, &trajectory, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(four[i] == row_uniform_of(answer[i]));
    }
}

/* ---- every number by itself --------------------------------------------------------------------------------------- */

enum { PLACES = 200, COUNT = 9 };

/* the i-th of some places far apart */
static void some_place(uint32_t place[3], uint32_t i) {
    static const uint32_t ODD[3] = {2654435761u, 40503u, 2246822519u};
    for (int k = 0; k < 3; k++) {
        place[k] = i < 100 ? (i + (uint32_t)k) % 5 : i * ODD[k];
    }
}

static ks_stream some_stream(void) {
    return ks_stream_make(0x123456789abcdef0, KS_RNG_ACTION, (uint64_t)7 << 32, 2);
}

static void numbers_are_philox_at_their_place(void** state) {
    (void)state;
    ks_stream s = some_stream();
    for (uint32_t p = 0; p < PLACES; p++) {
        uint32_t at[3];
        some_place(at, p);
        double uniform[COUNT], normal[COUNT];
        ks_real row_uniform[COUNT], row_normal[COUNT];
        ks_stream_uniform(uniform, COUNT, s, at[0], at[1], at[2]);
        ks_stream_normal(normal, COUNT, s, at[0], at[1], at[2]);
        ks_stream_uniform_rows(row_uniform, 1, COUNT, s, at[0], at + 1, at[2]);
        ks_stream_normal_rows(row_normal, 1, COUNT, s, at[0], at + 1, at[2]);
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t w[4], v[4];
            const double turn = 2 * acos(-1.0);
            philox(w, s.key, (uint32_t[]){at[0], at[1], at[2], i / 2});
            double u = uniform_of(w + i % 2 * 2);
            double angle = turn * uniform_of(w + 2);
            double n = sqrt(-2 * log(uniform_of(w))) * (i % 2 ? sin(angle) : cos(angle));
            assert_true(uniform[i] == u);
            assert_true(fabs(normal[i] - n) < 1e-12);

            philox(v, s.key, (uint32_t[]){at[0], at[1], at[2], i / 4});
            const uint32_t* pair = v + i % 4 / 2 * 2;
            angle = turn * (double)row_uniform_of(pair[1]);
            n = sqrt(-2 * log((double)row_uniform_of(pair[0]))) * (i % 2 ? sin(angle) : cos(angle));
            assert_true(row_uniform[i] == row_uniform_of(v[i % 4]));
            assert_true(fabs((double)row_normal[i] - n) < 1e-5);
        }
    }
}

static void fewer_numbers_are_the_first_of_more(void** state) {
    (void)state;
    double all[COUNT], some[COUNT];
    for (size_t n = 0; n <= COUNT; n++) {
        ks_stream_uniform(all, COUNT, some_stream(), 1, 2, 3);
        memset(some, 0, sizeof some);
        ks_stream_uniform(some, n, some_stream(), 1, 2, 3);
        assert_memory_equal(some, all, n * sizeof *some);
        assert_true(n == COUNT || some[n] == 0); /* and none is written beyond */
        ks_stream_normal(all, COUNT, some_stream(), 1, 2, 3);
        memset(some, 0, sizeof some);
        ks_stream_normal(some, n, some_stream(), 1, 2, 3);
        assert_memory_equal(some, all, n * sizeof *some);
        assert_true(n == COUNT || some[n] == 0);
    }
}

/* a row's bits are the same alone, in any order, and among any number of others */
static void rows_do_not_know_their_neighbours(void** state) {
    (void)state;
    enum { MAX_ROWS = 100, MAX_COLS = 9 };
    static const size_t ROWS[] = {1, 2, 5, 16, 17, 31, MAX_ROWS};
    static const size_t COLS[] = {1, 2, 3, 4, 6, 8, MAX_COLS};
    ks_real out[MAX_ROWS * MAX_COLS + 1], alone[MAX_COLS];
    uint32_t trajectory[MAX_ROWS];
    for (uint32_t i = 0; i < MAX_ROWS; i++) {
        trajectory[i] = (i * 37) % MAX_ROWS; /* out of order, as after early ends */
    }
    for (size_t r = 0; r < LENGTH(ROWS); r++) {
        for (size_t c = 0; c < LENGTH(COLS); c++) {
            size_t n = ROWS[r], cols = COLS[c];
            for (int kind = 0; kind < 2; kind++) {
                void (*draw)(ks_real*, size_t, size_t, ks_stream, uint32_t, const uint32_t*, uint32_t) =
                    kind ? ks_stream_uniform_rows : ks_stream_normal_rows;
                out[n * cols] = -77;
                draw(out, n, cols, some_stream(), 4, trajectory, 11);
                assert_true(out[n * cols] == -77);
                for (size_t i = 0; i < n; i++) {
                    draw(alone, 1, MAX_COLS, some_stream(), 4, trajectory + i, 11);
                    assert_memory_equal(out + i * cols, alone, cols * sizeof *out);
                }
            }
        }
    }
}

static int ascending(const void* a, const void* b) {
    double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

/* whatever differs, the numbers do: 53 bits do not meet by chance */
static void streams_and_places_differ(void** state) {
    (void)state;
    static double seen[8 * 5 * 4 * 3 * 2 * 3 * 3 * 3];
    size_t n = 0;
    static const uint64_t SEEDS[] = {0, 1, 2, 1ull << 32, UINT64_MAX, 1ull << 33, 3, 475};
    static const uint64_t ITERATIONS[] = {0, 1, 1ull << 32, 2, 99};
    for (size_t s = 0; s < LENGTH(SEEDS); s++) {
        for (size_t i = 0; i < LENGTH(ITERATIONS); i++) {
            for (int purpose = KS_RNG_INIT; purpose <= KS_RNG_ACTION; purpose++) {
                for (uint32_t stage = 0; stage < 3; stage++) {
                    ks_stream stream = ks_stream_make(SEEDS[s], (ks_purpose)purpose, ITERATIONS[i], stage);
                    for (uint32_t place = 0; place < 27; place++, n += 2) {
                        ks_stream_uniform(seen + n, 2, stream, place / 9, place / 3 % 3, place % 3);
                    }
                }
            }
        }
    }
    assert_int_equal(n, LENGTH(seen));
    qsort(seen, n, sizeof *seen, ascending);
    for (size_t i = 1; i < n; i++) {
        assert_true(seen[i] != seen[i - 1]);
    }
}

/* ---- distributions -------------------------------------------------------------------------------------------------- */

enum { DRAWS = 1000000, CHUNK = 1000, BINS = 1000 };

/* within `sigmas` standard errors of what is expected; the draws are fixed, so this cannot fail by chance later */
static void expect(const char* what, double got, double want, double standard_error) {
    if (!(fabs(got - want) < 4.5 * standard_error)) {
        fail_msg("%s: %g, not %g within 4.5 times %g", what, got, want, standard_error);
    }
}

static void check_normals(const double* x) {
    double sum[5] = {0}, pairs = 0, pairs_squared = 0, most = 0;
    double beyond[5] = {0}; /* |x| > 1, 2, 3, 4 */
    for (size_t i = 0; i < DRAWS; i++) {
        double power = x[i];
        for (int k = 1; k <= 4; k++, power *= x[i]) {
            sum[k] += power / DRAWS;
            beyond[k] += fabs(x[i]) > k;
        }
        if (i % 2) {
            pairs += x[i] * x[i - 1] / (DRAWS / 2);
            pairs_squared += (x[i] * x[i] - 1) * (x[i - 1] * x[i - 1] - 1) / (DRAWS / 2);
        }
        most = fmax(most, fabs(x[i]));
    }
    expect("mean", sum[1], 0, 1e-3);
    expect("variance", sum[2], 1, sqrt(2.0) * 1e-3);
    expect("third moment", sum[3], 0, sqrt(15.0) * 1e-3);
    expect("fourth moment", sum[4], 3, sqrt(96.0) * 1e-3);
    expect("covariance of a pair", pairs, 0, 1 / sqrt(DRAWS / 2.0));
    expect("covariance of a pair's squares", pairs_squared, 0, 2 / sqrt(DRAWS / 2.0));
    for (int k = 1; k <= 4; k++) {
        double p = erfc(k / sqrt(2.0));
        expect("share beyond k standard deviations", beyond[k] / DRAWS, p, sqrt(p / DRAWS));
    }
    assert_true(most > 4.4 && most < 6.2);
}

static void check_uniforms(const double* x) {
    static size_t count[BINS];
    memset(count, 0, sizeof count);
    double mean = 0, pairs = 0, chi_squared = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(x[i] > 0 && x[i] < 1);
        count[(size_t)(x[i] * BINS)]++;
        mean += x[i] / DRAWS;
        pairs += i ? (x[i] - 0.5) * (x[i - 1] - 0.5) / DRAWS : 0;
    }
    for (size_t b = 0; b < BINS; b++) {
        double expected = (double)DRAWS / BINS;
        chi_squared += ((double)count[b] - expected) * ((double)count[b] - expected) / expected;
    }
    expect("mean", mean, 0.5, sqrt(1.0 / 12) * 1e-3);
    expect("covariance of neighbours", pairs, 0, 1e-3 / 12);
    expect("chi-squared", chi_squared, BINS - 1, sqrt(2.0 * (BINS - 1)));
}

static void distributions(void** state) {
    (void)state;
    double* x = malloc(DRAWS * sizeof *x);
    ks_real* row = malloc(CHUNK * sizeof *row);
    uint32_t trajectory[CHUNK];
    assert_true(x && row);
    for (uint32_t i = 0; i < CHUNK; i++) {
        trajectory[i] = i;
    }
    for (uint32_t i = 0; i < DRAWS / CHUNK; i++) { /* along the index */
        ks_stream_uniform(x + i * CHUNK, CHUNK, some_stream(), 0, 0, i);
    }
    check_uniforms(x);
    for (uint32_t i = 0; i < DRAWS / CHUNK; i++) {
        ks_stream_normal(x + i * CHUNK, CHUNK, some_stream(), 0, i, 0);
    }
    check_normals(x);
    for (int kind = 0; kind < 2; kind++) { /* across trajectories: 250 rows of 4 numbers each */
        for (uint32_t i = 0; i < DRAWS / CHUNK; i++) {
            (kind ? ks_stream_uniform_rows : ks_stream_normal_rows)(row, CHUNK / 4, 4, some_stream(), 1, trajectory, i);
            for (size_t j = 0; j < CHUNK; j++) {
                x[i * CHUNK + j] = (double)row[j];
            }
        }
        kind ? check_uniforms(x) : check_normals(x);
    }
    free(row);
    free(x);
}

/* ---- the ends of the ranges -------------------------------------------------------------------------------------------- */

/* 1/m modulo 2^32, m odd (Newton: every round doubles the bits that are right) */
static uint32_t inverse(uint32_t m) {
    uint32_t x = m;
    for (int i = 0; i < 5; i++) {
        x *= 2 - m * x;
    }
    return x;
}

/* Philox backwards: the counter at which these words come out */
static void philox_backwards(uint32_t counter[4], const uint32_t key[2], const uint32_t words[4]) {
    const uint32_t m0 = 0xD2511F53u, m1 = 0xCD9E8D57u;
    const uint32_t inverse0 = inverse(m0), inverse1 = inverse(m1);
    uint32_t x[4] = {words[0], words[1], words[2], words[3]};
    for (uint32_t round = 10; round-- > 0;) {
        uint32_t k0 = key[0] + round * 0x9E3779B9u, k1 = key[1] + round * 0xBB67AE85u;
        uint32_t c0 = x[3] * inverse0, c2 = x[1] * inverse1;
        uint32_t c1 = (uint32_t)(((uint64_t)m1 * c2) >> 32) ^ x[0] ^ k0;
        uint32_t c3 = (uint32_t)(((uint64_t)m0 * c0) >> 32) ^ x[2] ^ k1;
        x[0] = c0;
        x[1] = c1;
        x[2] = c2;
        x[3] = c3;
    }
    memcpy(counter, x, sizeof x);
}

enum { NEAR = 4096 }; /* an index that can be asked for */

/* a place near the start of a stream whose words begin with these two; the other two are free, so one is soon found */
static void find_place(uint32_t counter[4], ks_stream stream, uint32_t first, uint32_t second) {
    uint32_t words[4] = {first, second, 0, 0};
    for (uint32_t i = 0; i < 1u << 26; i++) {
        words[2] = i;
        philox_backwards(counter, stream.key, words);
        if (counter[3] < NEAR) {
            uint32_t again[4];
            philox(again, stream.key, counter);
            assert_memory_equal(again, words, sizeof words);
            return;
        }
    }
    fail_msg("no place found");
}

static void ends_of_the_ranges(void** state) {
    (void)state;
    static const uint32_t ALL = 0xffffffff;
    static const struct {
        uint32_t word[2];
        double uniform; /* from both words */
        double normal;  /* of the rows, from one word each: radius, angle 0 */
    } ENDS[] = {{{0, 0}, 0x1p-54, 5.768108}, {{ALL, ALL}, 1 - 0x1p-53, 0}, {{0, ALL}, 1 - 0x1p-22, 5.768108}};
    static double uniform[2 * NEAR], normal[2 * NEAR];
    static ks_real rows[4 * NEAR];
    for (size_t e = 0; e < LENGTH(ENDS); e++) {
        uint32_t at[4];
        ks_stream s = some_stream();
        find_place(at, s, ENDS[e].word[0], ENDS[e].word[1]);
        size_t index = at[3];

        ks_stream_uniform(uniform, 2 * index + 1, s, at[0], at[1], at[2]);
        assert_true(uniform[2 * index] > 0 && uniform[2 * index] < 1);
        assert_true(fabs(uniform[2 * index] - ENDS[e].uniform) <= 0x1p-21 * ENDS[e].uniform);
        ks_stream_normal(normal, 2 * index + 2, s, at[0], at[1], at[2]);
        assert_true(fabs(normal[2 * index]) < 8.7 && fabs(normal[2 * index + 1]) < 8.7);

        ks_stream_uniform_rows(rows, 1, 4 * index + 2, s, at[0], at + 1, at[2]);
        assert_true(rows[4 * index] == (ENDS[e].word[0] ? 1 - 0x1p-24f : 0x1p-24f));
        ks_stream_normal_rows(rows, 1, 4 * index + 2, s, at[0], at + 1, at[2]);
        assert_true(fabs((double)rows[4 * index]) < 5.8 && fabs((double)rows[4 * index + 1]) < 5.8);
        assert_true(fabs((double)rows[4 * index] - ENDS[e].normal) < 1e-3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(numbers_are_philox_at_their_place),
        cmocka_unit_test(fewer_numbers_are_the_first_of_more),
        cmocka_unit_test(rows_do_not_know_their_neighbours),
        cmocka_unit_test(streams_and_places_differ),
        cmocka_unit_test(distributions),
        cmocka_unit_test(ends_of_the_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

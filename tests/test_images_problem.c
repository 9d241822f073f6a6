/* Classification of images as a problem: which images tasks and batches have, that they depend on nothing but their numbers; and what is
 * made of a model for classes that it was not trained on: a fresh last layer, and nearest neighbours. */
#include "fewshot/fresh_head.h"
#include "fewshot/images.h"
#include "fewshot/nearest.h"

#include "base/rng.h"
#include "maml/evaluate.h"
#include "policy/outputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 10, PIXELS = SIDE * SIDE, WAYS = 4, SHOTS = 2, QUERIES = 3, CLASSES = 9, TASKS = 6 };

static ks_problem* first; /* has drawn the images that all others share */

static ks_images_settings small(void) {
    ks_images_settings s = {0};
    ks_settings_rows_default(&ks_images_rows, &s);
    s.train_classes = CLASSES;
    s.validation_classes = 7;
    s.size = SIDE;
    s.invert = true;
    s.ways = WAYS;
    s.shots = SHOTS;
    s.queries = QUERIES;
    return s;
}

typedef struct world {
    ks_problem* problem;
    ks_policy* policy;
    ks_real* theta; /* (P) */
} world;

static world world_create(ks_images_settings s, ks_method method, const char* network) {
    ks_error err = {0};
    world w = {.problem = ks_problem_beside(first, &s, method, TASKS, &err)};
    assert_non_null(w.problem);
    ks_policy_settings shape = ks_policy_settings_default();
    ks_problem_images.shape(w.problem, &shape);
    if (network) {
        snprintf(shape.network, sizeof shape.network, network, shape.act_dim);
    } else {
        shape.input = (ks_image_shape){0};
    }
    w.policy = ks_policy_create(&shape, &err);
    assert_non_null(w.policy);
    size_t n = ks_policy_num_params(w.policy);
    w.theta = malloc(n * sizeof *w.theta);
    double* uniform = malloc(n * sizeof *uniform);
    assert_true(w.theta && uniform);
    ks_stream_uniform(uniform, n, ks_stream_make(1, KS_RNG_INIT, 0, 0), 0, 0, 0);
    ks_policy_init(w.policy, w.theta, uniform, 0);
    free(uniform);
    return w;
}

static void world_prepare(world* w) {
    ks_error err = {0};
    const ks_problem_sizes sizes = {.tasks = TASKS, .stages = 1, .threads = 1};
    assert_true(ks_problem_images.prepare(w->problem, w->policy, &sizes, &err));
}

static void world_destroy(world* w) {
    ks_problem_images.destroy(w->problem);
    ks_policy_destroy(w->policy);
    free(w->theta);
}

static void draw(const world* w, ks_split split, uint64_t seed, uint64_t iteration, size_t number, size_t count) {
    ks_error err = {0};
    const ks_draw d = {.split = split, .seed = seed, .iteration = iteration, .first = number, .count = count};
    assert_true(ks_problem_images.draw(w->problem, &d, &err));
}

static void collect(const world* w, ks_task_rows* rows, size_t count, bool judges) {
    ks_error err = {0};
    const ks_stage stage = {.seed = 1, .count = count, .judges = judges};
    assert_true(ks_problem_images.collect(w->problem, &stage, rows, &err));
}

/* The number of the image of a class that a row is, so many quarters turned; -1: none is. */
static int find_image(const ks_real* row, ks_image_split split, size_t class, int turns) {
    const ks_image_set* set = ks_images_set(first);
    for (size_t i = 0; i < ks_image_set_num_images(set, split, class); i++) {
        const uint8_t* image = ks_image_set_image(set, split, class, i);
        size_t same = 0;
        for (size_t r = 0; r < SIDE; r++) {
            for (size_t c = 0; c < SIDE; c++) {
                size_t from_r = r, from_c = c;
                for (int t = 0; t < turns; t++) { /* a quarter */
                    size_t kept = from_r;
                    from_r = from_c;
                    from_c = SIDE - 1 - kept;
                }
                same += fabs((double)row[r * SIDE + c] - image[from_r * SIDE + from_c] / 255.0) < 1e-6;
            }
        }
        if (same == PIXELS) {
            return (int)i;
        }
    }
    return -1;
}

/* A task's rows are different images of its classes, which are of the split; labels count the classes. */
static void check_task(const world* w, size_t i, ks_image_split split, const ks_task_rows* support,
                       const ks_task_rows* query) {
    assert_int_equal(support->rows.n, WAYS * SHOTS);
    assert_int_equal(query->rows.n, WAYS * QUERIES);
    assert_int_equal(ks_images_task_split(w->problem), split);
    for (size_t way = 0; way < WAYS; way++) {
        ks_images_class class = ks_images_task_class(w->problem, i, way);
        uint32_t seen = 0;
        for (size_t k = 0; k < SHOTS + QUERIES; k++) {
            const ks_rows* rows = k < SHOTS ? &support->rows : &query->rows;
            size_t n = k < SHOTS ? way * SHOTS + k : way * QUERIES + k - SHOTS;
            assert_true(rows->act[n] == (ks_real)way);
            int image = find_image(rows->obs + n * PIXELS, split, class.number, class.turns);
            assert_in_range(image, 0, 31);
            assert_false(seen & (1u << image));
            seen |= 1u << image;
        }
        for (size_t other = 0; other < way; other++) {
            assert_int_not_equal(ks_images_task_class(w->problem, i, other).number, class.number);
        }
    }
}

static void test_tasks(void** state) {
    (void)state;
    static const ks_image_split SPLITS[] = {KS_IMAGES_TRAIN, KS_IMAGES_VALIDATION, KS_IMAGES_TEST};
    world w = world_create(small(), KS_MAML, NULL);
    assert_true(w.problem->has_validation && w.problem->accuracy && w.problem->adapts);
    world_prepare(&w);
    ks_task_rows support[TASKS], query[TASKS];
    int turned = 0;
    for (int split = 0; split < 3; split++) {
        draw(&w, (ks_split)split, 3, 5, 10, TASKS);
        collect(&w, support, TASKS, false);
        collect(&w, query, TASKS, true);
        ks_real kept[PIXELS];
        for (size_t i = 0; i < TASKS; i++) {
            check_task(&w, i, SPLITS[split], &support[i], &query[i]);
            turned += ks_images_task_class(w.problem, i, 0).turns != 0;
        }
        memcpy(kept, query[4].rows.obs, sizeof kept); /* the first query of task 14, which is the same alone */
        draw(&w, (ks_split)split, 3, 5, 14, 1);
        assert_memory_equal(query[0].rows.obs, kept, sizeof kept);
        draw(&w, (ks_split)split, 4, 5, 14, 1); /* of another seed it is another; */
        assert_memory_not_equal(query[0].rows.obs, kept, sizeof kept);
        draw(&w, (ks_split)split, 3, 6, 14, 1); /* and of another iteration, where that counts */
        assert_int_equal(memcmp(query[0].rows.obs, kept, sizeof kept) != 0, split == KS_SPLIT_TRAIN);
    }
    assert_in_range(turned, 5, 17); /* of 18 */
    world_destroy(&w);
}

/* Batches have images of all classes of training, with their classes as labels. */
static void test_batches(void** state) {
    (void)state;
    for (int rotated = 0; rotated < 2; rotated++) {
        ks_images_settings s = small();
        s.rotate = !rotated;
        s.rotated_classes = rotated;
        world w = world_create(s, KS_PRETRAIN, NULL);
        size_t labels = rotated ? 4 * CLASSES : CLASSES;
        assert_int_equal(ks_policy_get_settings(w.policy)->act_dim, labels);
        assert_false(w.problem->adapts);
        world_prepare(&w);
        ks_task_rows rows[TASKS];
        draw(&w, KS_SPLIT_TRAIN, 1, 2, 0, TASKS);
        collect(&w, rows, TASKS, true);
        size_t of[4 * CLASSES] = {0}, turned[4] = {0};
        for (size_t i = 0; i < TASKS; i++) {
            assert_int_equal(rows[i].rows.n, WAYS * (SHOTS + QUERIES));
            for (size_t n = 0; n < rows[i].rows.n; n++) {
                size_t label = (size_t)rows[i].rows.act[n];
                assert_in_range(label, 0, labels - 1);
                of[label]++;
                int found = -1, turns = 0;
                for (; found < 0 && turns < 4; turns++) {
                    found =
                        find_image(rows[i].rows.obs + n * PIXELS, KS_IMAGES_TRAIN, rotated ? label / 4 : label, turns);
                }
                assert_in_range(found, 0, 31);
                turned[turns - 1]++;
                assert_true(!rotated || turns - 1 == (int)(label % 4));
            }
        }
        for (size_t l = 0; !rotated && l < labels; l++) {
            assert_in_range(of[l], 3, 30); /* of 120 */
        }
        for (int t = 0; t < 4; t++) {
            assert_in_range(turned[t], 12, 50);
        }
        world_destroy(&w);
    }
}

/* ---- other last layers ---------------------------------------------------------------------------------------------------------- */

static const char CONV[] =
    "[{\"type\": \"conv\", \"out\": 3, \"stride\": 2, \"pad\": 1}, {\"type\": \"batch_norm\"}, {\"type\": "
    "\"relu\"}, {\"type\": \"mean\"}, {\"type\": \"dense\", \"out\": %d}]";

static void forward(ks_real* out, const ks_policy* policy, const ks_real* theta, ks_rows rows) {
    ks_error err = {0};
    ks_policy_ws* ws = ks_policy_ws_create(policy, rows.n, &err);
    assert_non_null(ws);
    ks_policy_forward_rows(policy, theta, rows, out, ws);
    ks_policy_ws_destroy(ws);
}

/* What the last layer makes of features is what the model puts out; with other classes features are the same. */
static void test_last_layer(void** state) {
    (void)state;
    for (int conv = 0; conv < 2; conv++) {
        ks_error err = {0};
        ks_fresh_head fresh, other;
        world w = world_create(small(), KS_MAML, conv ? CONV : NULL);
        world_prepare(&w);
        ks_task_rows rows;
        draw(&w, KS_SPLIT_TEST, 1, 0, 0, 1);
        collect(&w, &rows, 1, true);
        ks_policy* body = ks_policy_without_last(w.policy, &err);
        assert_non_null(body);
        size_t features = ks_policy_head_cols(body), n = rows.rows.n, before = ks_policy_body_params(w.policy);
        assert_int_equal(features, conv ? 3 : 100);
        assert_int_equal(ks_policy_num_params(body), before);
        assert_int_equal(before + (features + 1) * WAYS, ks_policy_num_params(w.policy));
        ks_real *x = malloc(n * features * sizeof *x), out[WAYS * QUERIES * WAYS];
        assert_non_null(x);
        forward(x, body, w.theta, rows.rows);
        forward(out, w.policy, w.theta, rows.rows);
        const ks_real *weight = w.theta + before, *bias = weight + features * WAYS;
        for (size_t i = 0; i < n * WAYS; i++) {
            double sum = (double)bias[i % WAYS];
            for (size_t f = 0; f < features; f++) {
                sum += (double)weight[i % WAYS * features + f] * (double)x[i / WAYS * features + f];
            }
            assert_true(fabs(sum - (double)out[i]) < 1e-4);
        }
        assert_true(ks_fresh_head_create(&fresh, w.policy, w.theta, 7, 0.5, 1, &err));
        assert_true(ks_fresh_head_create(&other, w.policy, w.theta, 7, 0, 1, &err));
        assert_int_equal(ks_policy_get_settings(fresh.policy)->act_dim, 7);
        assert_memory_equal(fresh.theta, w.theta, before * sizeof *w.theta);
        assert_memory_equal(other.theta, w.theta, before * sizeof *w.theta);
        double square = 0, largest = 0;
        for (size_t i = 0; i < features * 7; i++) {
            square += (double)fresh.theta[before + i] * (double)fresh.theta[before + i];
            largest = fmax(largest, fabs((double)other.theta[before + i]));
        }
        assert_true(fabs(sqrt(square / (double)(features * 7)) - 0.5) < (conv ? 0.2 : 0.05));
        assert_true(largest > 0 && largest < sqrt(6.0 / (double)(features + 7)));
        for (size_t i = 0; i < 7; i++) {
            assert_true(fresh.theta[before + features * 7 + i] == 0);
        }
        ks_fresh_head_free(&other);
        assert_true(ks_fresh_head_create(&other, w.policy, w.theta, 7, 0.5, 2, &err));
        assert_memory_not_equal(fresh.theta + before, other.theta + before, features * 7 * sizeof *w.theta);
        ks_fresh_head_free(&other);
        ks_fresh_head_free(&fresh);
        ks_policy_destroy(body);
        free(x);
        world_destroy(&w);
    }
}

static void test_no_last_layer(void** state) {
    (void)state;
    ks_error err = {0};
    ks_policy_settings s = ks_policy_settings_default();
    s.obs_dim = 5;
    s.act_dim = 3;
    s.num_hidden = 0;
    ks_policy* linear = ks_policy_create(&s, &err);
    assert_non_null(linear);
    assert_null(ks_policy_without_last(linear, &err));
    assert_non_null(strstr(err.text, "nothing comes before"));
    ks_policy_destroy(linear);
    snprintf(s.network, sizeof s.network, "[{\"type\": \"dense\", \"out\": 3}, {\"type\": \"relu\"}]");
    ks_policy* odd = ks_policy_create(&s, &err);
    assert_non_null(odd);
    assert_null(ks_policy_without_last(odd, &err));
    assert_null(ks_policy_with_outputs(odd, 4, &err));
    assert_non_null(strstr(err.text, "relu"));
    ks_policy_destroy(odd);
}

/* ---- nearest neighbours --------------------------------------------------------------------------------------------------------- */

static double similarity(const ks_real* a, const ks_real* b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa) / sqrt(bb);
}

/* The same by hand: of the pixels, and of the features with either norm. */
static void test_nearest(void** state) {
    (void)state;
    enum { COUNT = 20 };
    double mean[3] = {0};
    for (int kind = 0; kind < 3; kind++) {
        ks_error err = {0};
        ks_images_settings s = small();
        s.norm = kind == 2 ? KS_INDUCTIVE : KS_TRANSDUCTIVE;
        world w = world_create(s, KS_MAML, CONV), again = world_create(s, KS_MAML, CONV),
              by_hand = world_create(s, KS_MAML, CONV);
        ks_nearest_model model = {.policy = w.policy, .theta = w.theta, .inputs = kind == 0};
        double accuracy[COUNT], with_threads[COUNT];
        assert_true(ks_nearest(accuracy, w.problem, &model, COUNT, KS_SPLIT_TEST, 1, 1, &err));
        assert_true(ks_nearest(with_threads, again.problem, &model, COUNT, KS_SPLIT_TEST, 1, 3, &err));
        assert_memory_equal(accuracy, with_threads, sizeof accuracy);
        world_prepare(&by_hand);
        ks_policy* body = ks_policy_without_last(w.policy, &err);
        assert_non_null(body);
        size_t n = kind == 0 ? PIXELS : 3;
        for (size_t i = 0; i < COUNT; i++) {
            ks_task_rows support, query;
            ks_real x[WAYS * SHOTS * 3], y[WAYS * QUERIES * 3];
            draw(&by_hand, KS_SPLIT_TEST, 1, 0, i, 1);
            collect(&by_hand, &support, 1, false);
            collect(&by_hand, &query, 1, true);
            forward(x, body, w.theta, support.rows);
            forward(y, body, w.theta, query.rows);
            double hits = 0;
            for (size_t q = 0; q < WAYS * QUERIES; q++) {
                size_t best = 0;
                for (size_t k = 0; k < WAYS * SHOTS; k++) {
                    const ks_real* one = kind == 0 ? query.rows.obs + q * n : y + q * n;
                    const ks_real* all = kind == 0 ? support.rows.obs : x;
                    best = similarity(one, all + k * n, n) > similarity(one, all + best * n, n) ? k : best;
                }
                hits += best / SHOTS == q / QUERIES;
            }
            assert_true(fabs(hits / (WAYS * QUERIES) - accuracy[i]) < 1e-12);
            mean[kind] += accuracy[i] / COUNT;
        }
        ks_policy_destroy(body);
        world_destroy(&w);
        world_destroy(&again);
        world_destroy(&by_hand);
    }
    print_message("nearest neighbour of 4 characters: pixels %.3f, features %.3f, inductive %.3f\n", mean[0], mean[1],
                  mean[2]);
    assert_true(mean[0] > 0.4 && mean[1] > 0.3 && mean[1] != mean[2]);
}

static int make_first(void** state) {
    (void)state;
    ks_error err = {0};
    ks_images_settings s = small();
    first = ks_problem_images.create(&s, KS_MAML, 1, &err);
    return first ? 0 : -1;
}

static int destroy_first(void** state) {
    (void)state;
    ks_problem_images.destroy(first);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks),         cmocka_unit_test(test_batches), cmocka_unit_test(test_last_layer),
        cmocka_unit_test(test_no_last_layer), cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, make_first, destroy_first);
}

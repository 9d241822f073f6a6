#include "fewshot/image_split.h"

#include "base/rng.h"

#include <stdlib.h>

enum { STAGE_SPLIT }; /* what numbers of the purpose KS_RNG_IMAGES are for */

/* How many classes of a random split go to training and to validation. */
static bool count_classes(size_t part[2], const ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    size_t n = list->num_classes;
    part[0] = (size_t)s->train;
    part[1] = (size_t)s->validation;
    if (s->train == 0 && s->validation == 0) { /* Omniglot's as the paper's; else MiniImagenet's shares */
        part[0] = list->omniglot && n > 1200 ? 1100 : (n * 64 + 50) / 100;
        part[1] = list->omniglot && n > 1200 ? 100 : (n * 16 + 50) / 100;
    }
    return part[0] + part[1] <= n || ks_fail(err, KS_BAD_INPUT,
                                             "%zu classes for training and %zu for validation are wanted, and there "
                                             "are %zu in all",
                                             part[0], part[1], n);
}

/* Fisher and Yates' shuffle of classes that are sorted by name: it depends on nothing but the seed and what there is. */
static bool split_at_random(ks_image_list* list, const ks_image_set_settings* s, ks_error* err) {
    size_t n = list->num_classes, part[2];
    if (!count_classes(part, list, s, err)) {
        return false;
    }
    double* uniform = malloc(n * sizeof *uniform);
    size_t* order = malloc(n * sizeof *order);
    bool ok = (uniform && order) || ks_fail(err, KS_FAILED, "not enough memory");
    if (ok) {
        ks_stream_uniform(uniform, n, ks_stream_make(s->seed, KS_RNG_IMAGES, 0, STAGE_SPLIT), 0, 0, 0);
        for (size_t i = 0; i < n; i++) {
            order[i] = i;
        }
        for (size_t i = 0; i < n; i++) {
            size_t j = i + (size_t)(uniform[i] * (double)(n - i)), chosen = order[j];
            order[j] = order[i];
            list->classes[chosen].split = i < part[0]             ? KS_IMAGES_TRAIN
                                          : i < part[0] + part[1] ? KS_IMAGES_VALIDATION
                                                                  : KS_IMAGES_TEST;
        }
    }
    free(uniform);
    free(order);
    return ok;
}

bool ks_image_split_classes(ks_image_list* list, const ks_image_set_settings* settings, ks_error* err) {
    return split_at_random(list, settings, err);
}

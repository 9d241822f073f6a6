#include "viewer/classification.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

bool ks_classification_draw(ks_classification* c, ks_error* err) {
    return ks_images_fit_draw(c->fit, c->split, c->seed, c->number, err);
}

void ks_classification_adapt(ks_classification* c) {
    double start = ks_clock(), lr[KS_EVAL_MAX_STEPS];
    for (int j = 0; j < c->steps; j++) {
        lr[j] = c->lr_factor * c->lr[j];
    }
    ks_images_fit_adapt(c->fit, c->steps, lr);
    c->seconds = ks_clock() - start;
}

static const double* probabilities_at(const ks_classification* c, ks_question q, int step) {
    return q.sketch ? ks_images_fit_sketch_probabilities(c->fit, step)
                    : ks_images_fit_query_probabilities(c->fit, step, q.way, q.query);
}

void ks_classification_ask(double* out, const ks_classification* c, ks_question q, double position) {
    int step = (int)floor(position);
    double share = position - step;
    const double* a = probabilities_at(c, q, step);
    const double* b = share > 0 ? probabilities_at(c, q, step + 1) : a;
    size_t ways = ks_images_fit_form(c->fit).ways;
    for (size_t i = 0; i < ways; i++) {
        out[i] = share > 0 ? (1 - share) * a[i] + share * b[i] : a[i];
    }
}

ks_guess ks_classification_guess(const ks_classification* c, ks_question q, int step) {
    size_t ways = ks_images_fit_form(c->fit).ways;
    const double* p = probabilities_at(c, q, step);
    size_t way = ks_images_likeliest(p, ways);
    return (ks_guess){way, way < ways ? p[way] : 0};
}

void ks_class_letters(char out[KS_CLASS_LETTERS], size_t way, size_t ways) {
    char reversed[KS_CLASS_LETTERS];
    int length = 0;
    if (way >= ways) {
        snprintf(out, KS_CLASS_LETTERS, "?");
        return;
    }
    for (size_t rest = way + 1; rest > 0 && length < KS_CLASS_LETTERS - 1; rest = (rest - 1) / 26) {
        reversed[length++] = (char)('A' + (rest - 1) % 26);
    }
    for (int i = 0; i < length; i++) {
        out[i] = reversed[length - 1 - i];
    }
    out[length] = 0;
}

void ks_classification_text(char* out, size_t room, const ks_classification* c) {
    static const char* const SPLITS[] = {
        [KS_SPLIT_TRAIN] = "training", [KS_SPLIT_VALIDATION] = "validation", [KS_SPLIT_TEST] = "test"};
    if (c->own) {
        snprintf(out, room, "own images");
    } else {
        snprintf(out, room, "%s task %zu", SPLITS[c->split], c->number);
    }
}

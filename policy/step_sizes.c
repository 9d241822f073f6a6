#include "policy/step_sizes.h"

#include <math.h>
#include <string.h>

const char* const ks_learned_names[] = {KS_LEARNED(KS_CHOICE_WORD) NULL};
const char* const ks_adapts_names[] = {KS_ADAPTS(KS_CHOICE_WORD) NULL};

size_t ks_step_sizes_set(const ks_step_sizes* s, const ks_policy* policy) {
    switch ((ks_learned)s->learned) {
        case KS_LEARNED_NONE:
            return 0;
        case KS_LEARNED_ONE:
            return 1;
        case KS_LEARNED_TENSOR:
            return ks_policy_num_tensors(policy);
        case KS_LEARNED_PARAMETER:
            return ks_policy_num_params(policy);
    }
    return 0;
}

static size_t sets(const ks_step_sizes* s) {
    return s->per_step && s->steps > 1 ? (size_t)s->steps : 1;
}

size_t ks_step_sizes_norm_set(const ks_policy* policy) {
    size_t numbers = 0;
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        numbers += tensor.norm ? tensor.count : 0;
    }
    return numbers;
}

size_t ks_step_sizes_norms(const ks_step_sizes* s, const ks_policy* policy) {
    return s->norm_per_step ? (size_t)s->steps * ks_step_sizes_norm_set(policy) : 0;
}

size_t ks_step_sizes_count(const ks_step_sizes* s, const ks_policy* policy) {
    return sets(s) * ks_step_sizes_set(s, policy) + ks_step_sizes_norms(s, policy);
}

size_t ks_step_sizes_start(const ks_step_sizes* s, const ks_policy* policy, int step) {
    size_t last = sets(s) - 1;
    return ((size_t)step < last ? (size_t)step : last) * ks_step_sizes_set(s, policy);
}

bool ks_step_sizes_are_plain(const ks_step_sizes* s, const ks_policy* policy) {
    return s->learned == KS_LEARNED_NONE && s->adapts == KS_ADAPTS_ALL &&
           !((s->norm_stays || s->norm_per_step) && ks_policy_has_norm(policy));
}

double ks_step_sizes_own(const ks_step_sizes* s) {
    return s->learned == KS_LEARNED_NONE ? s->lr : 1;
}

void ks_step_sizes_init(ks_real* a, const ks_step_sizes* s, const ks_policy* policy) {
    size_t count = sets(s) * ks_step_sizes_set(s, policy);
    for (size_t c = 0; c < count; c++) {
        a[c] = (ks_real)log(s->lr);
    }
    for (int j = 0; s->norm_per_step && j < s->steps; j++) {
        for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
            ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
            for (size_t i = 0; tensor.norm && i < tensor.count; i++) {
                a[count++] = tensor.scale;
            }
        }
    }
}

/* where the norms of a stage, 1 or more, start */
static size_t norm_start(const ks_step_sizes* s, const ks_policy* policy, int stage) {
    int last = stage < s->steps ? stage : s->steps;
    return sets(s) * ks_step_sizes_set(s, policy) + (size_t)(last - 1) * ks_step_sizes_norm_set(policy);
}

void ks_step_sizes_put_norm(ks_real* theta, const ks_step_sizes* s, const ks_policy* policy, const ks_real* a,
                            int stage) {
    if (!s->norm_per_step || stage < 1 || s->steps < 1) {
        return;
    }
    const ks_real* from = a + norm_start(s, policy, stage);
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = 0; tensor.norm && i < tensor.count; i++) {
            theta[tensor.offset + i] = *from++;
        }
    }
}

void ks_step_sizes_take_norm(double* da, double* u, const ks_step_sizes* s, const ks_policy* policy, int stage) {
    if (!s->norm_per_step || stage < 1 || s->steps < 1) {
        return;
    }
    double* to = da + norm_start(s, policy, stage);
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = 0; tensor.norm && i < tensor.count; i++) {
            *to++ += u[tensor.offset + i];
            u[tensor.offset + i] = 0;
        }
    }
}

void ks_step_sizes_map(size_t* of, const ks_step_sizes* s, const ks_policy* policy) {
    memset(of, 0, ks_policy_num_params(policy) * sizeof *of);
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        for (size_t i = tensor.offset; i < tensor.offset + tensor.count; i++) {
            of[i] = s->learned == KS_LEARNED_PARAMETER ? i : s->learned == KS_LEARNED_TENSOR ? t : 0;
        }
    }
}

static bool adapts(const ks_step_sizes* s, const ks_policy_tensor* tensor) {
    if (s->adapts == KS_ADAPTS_CONTEXT) {
        return tensor->context;
    }
    return (s->adapts == KS_ADAPTS_ALL || tensor->head == (s->adapts == KS_ADAPTS_HEAD)) &&
           !((s->norm_stays || s->norm_per_step) && tensor->norm);
}

void ks_step_sizes_alpha(double* alpha, const ks_step_sizes* s, const ks_policy* policy, const ks_real* a, int step,
                         double lr) {
    const ks_real* set = a + ks_step_sizes_start(s, policy, step);
    for (size_t t = 0; t < ks_policy_num_tensors(policy); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(policy, t);
        bool moves = adapts(s, &tensor);
        bool shared = s->learned != KS_LEARNED_PARAMETER;
        double one = s->learned == KS_LEARNED_NONE     ? lr
                     : s->learned == KS_LEARNED_ONE    ? lr * exp((double)set[0])
                     : s->learned == KS_LEARNED_TENSOR ? lr * exp((double)set[t])
                                                       : 0;
        for (size_t i = tensor.offset; i < tensor.offset + tensor.count; i++) {
            alpha[i] = !moves ? 0 : shared ? one : lr * exp((double)set[i]);
        }
    }
}

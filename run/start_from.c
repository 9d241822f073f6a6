#include "run/start_from.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

/* A model: its parameters are θ, then what is learned with it. */
typedef struct model {
    const ks_policy* policy;
    ks_real* params;
    ks_step_sizes sizes;
} model;

/* The file's tensor that takes the place of ours; -1: none does. */
static int find(const ks_policy* theirs, const ks_policy_tensor* ours) {
    for (size_t t = 0; t < ks_policy_num_tensors(theirs); t++) {
        ks_policy_tensor tensor = ks_policy_tensor_at(theirs, t);
        if (strcmp(tensor.name, ours->name) == 0) {
            bool same = tensor.ndim == ours->ndim &&
                        memcmp(tensor.shape, ours->shape, (size_t)ours->ndim * sizeof *ours->shape) == 0;
            return same ? (int)t : -1;
        }
    }
    return -1;
}

static ks_real* behind_theta(const model* m) {
    return m->params + ks_policy_num_params(m->policy);
}

/* Whether the inner steps of both learn the same kind of thing, as many times. */
static bool same_kind(const ks_step_sizes* a, const ks_step_sizes* b) {
    return a->learned == b->learned && a->per_step == b->per_step && a->norm_per_step == b->norm_per_step &&
           ((!a->per_step && !a->norm_per_step) || a->steps == b->steps);
}

/* The step sizes of one tensor, in every set. */
static void take_step_sizes(const model* to, const model* from, size_t ours, size_t theirs) {
    ks_policy_tensor a = ks_policy_tensor_at(to->policy, ours), b = ks_policy_tensor_at(from->policy, theirs);
    bool each = to->sizes.learned == KS_LEARNED_PARAMETER;
    for (int step = 0; step < (to->sizes.per_step ? to->sizes.steps : 1); step++) {
        ks_real* set = behind_theta(to) + ks_step_sizes_start(&to->sizes, to->policy, step);
        const ks_real* other = behind_theta(from) + ks_step_sizes_start(&from->sizes, from->policy, step);
        if (each) {
            memcpy(set + a.offset, other + b.offset, a.count * sizeof *set);
        } else if (to->sizes.learned == KS_LEARNED_TENSOR) {
            set[ours] = other[theirs];
        } else if (to->sizes.learned == KS_LEARNED_ONE) {
            set[0] = other[0];
        }
    }
}

static void take_norms(const model* to, const model* from) {
    size_t count = ks_step_sizes_norms(&to->sizes, to->policy);
    if (count == ks_step_sizes_norms(&from->sizes, from->policy)) {
        size_t ours = ks_step_sizes_count(&to->sizes, to->policy) - count;
        size_t theirs = ks_step_sizes_count(&from->sizes, from->policy) - count;
        memcpy(behind_theta(to) + ours, behind_theta(from) + theirs, count * sizeof(ks_real));
    }
}

static void add(char note[KS_START_FROM_NOTE], const char* name) {
    size_t used = strlen(note);
    ks_snprintf(note + used, KS_START_FROM_NOTE - used, "%s%s", used ? ", " : "", name);
}

/* Returns how many tensors were taken. */
static size_t take(const model* to, char note[KS_START_FROM_NOTE], const model* from) {
    bool learned = same_kind(&to->sizes, &from->sizes);
    size_t taken = 0;
    for (size_t t = 0; t < ks_policy_num_tensors(to->policy); t++) {
        ks_policy_tensor ours = ks_policy_tensor_at(to->policy, t);
        int other = find(from->policy, &ours);
        if (other < 0) {
            add(note, ours.name);
            continue;
        }
        size_t offset = ks_policy_tensor_at(from->policy, (size_t)other).offset;
        memcpy(to->params + ours.offset, from->params + offset, ours.count * sizeof *to->params);
        if (learned) {
            take_step_sizes(to, from, t, (size_t)other);
        }
        taken++;
    }
    if (learned) {
        take_norms(to, from);
    } else if (ks_step_sizes_count(&to->sizes, to->policy) > 0) {
        add(note, "what is learned for the inner steps");
    }
    return taken;
}

bool ks_start_from(ks_real* params, char note[KS_START_FROM_NOTE], const char* path, const ks_policy* policy,
                   const ks_step_sizes* sizes, ks_error* err) {
    ks_policy_info info;
    ks_policy* theirs;
    ks_real* their_params;
    *note = 0;
    if (!ks_policy_load(path, &theirs, &their_params, &info, err)) {
        return ks_fail_in(err, "start_from");
    }
    model to = {.policy = policy, .params = params, .sizes = *sizes};
    model from = {.policy = theirs, .params = their_params, .sizes = ks_policy_info_sizes(&info)};
    bool ok = take(&to, note, &from) > 0 ||
              ks_fail(err, KS_BAD_INPUT, "start_from: %s has no tensor of a name and shape that this model has", path);
    ks_policy_destroy(theirs);
    free(their_params);
    return ok;
}

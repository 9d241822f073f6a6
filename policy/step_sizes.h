/* step_sizes.h: how far an inner step goes along each parameter: θ' = θ - α ∘ ∇L(θ).
 *
 * α is one number for all, or it is learned with θ (Meta-SGD, Li et al. 2017): α = exp(a), a being `count` numbers that stand
 * behind θ in a model's parameters, so that params (Q = P + count) = θ, then a. There is one a for all, one a tensor of θ or
 * one a parameter; with per_step every inner step has a set of its own. What does not adapt has α = 0: with ADAPTS_HEAD all but
 * the last layer and the log-std (ANIL, Raghu et al. 2020), with ADAPTS_BODY these (BOIL, Oh et al. 2021); with
 * ADAPTS_CONTEXT all but context layers, which start from 0 in every task (CAVIA, Zintgraf et al. 2019).
 *
 * With norm_per_step, shifts and scales of batch norms do not adapt, but every stage has its own (Antoniou et al. 2019, section 3):
 * stage 0 those of θ, stage j = 1 … k (after j steps) the j-th of k sets that stand behind the a, and take their place in θ_j.
 *
 * Thread rule: pure functions of their arguments. Nothing allocates. */
#ifndef KS_POLICY_STEP_SIZES_H
#define KS_POLICY_STEP_SIZES_H

#include "base/names.h"
#include "policy/policy.h"

#define KS_LEARNED(X)            \
    X(KS_LEARNED_NONE, none)     \
    X(KS_LEARNED_ONE, one)       \
    X(KS_LEARNED_TENSOR, tensor) \
    X(KS_LEARNED_PARAMETER, parameter)
#define KS_ADAPTS(X)        \
    X(KS_ADAPTS_ALL, all)   \
    X(KS_ADAPTS_HEAD, head) \
    X(KS_ADAPTS_BODY, body) \
    X(KS_ADAPTS_CONTEXT, context)

typedef enum ks_learned { KS_LEARNED(KS_CHOICE_CONSTANT) } ks_learned;
typedef enum ks_adapts { KS_ADAPTS(KS_CHOICE_CONSTANT) } ks_adapts;

extern const char* const ks_learned_names[]; /* by ks_learned; NULL ends */
extern const char* const ks_adapts_names[];  /* by ks_adapts; NULL ends */

typedef struct ks_step_sizes {
    double lr;          /* α, or where learning it starts */
    int steps;          /* k, the inner steps that it is trained for */
    int learned;        /* ks_learned */
    int adapts;         /* ks_adapts */
    bool per_step;      /* every inner step has its own; only where they are learned */
    bool norm_stays;    /* what batch norms have does not adapt either */
    bool norm_per_step; /* nor do they adapt, but every stage has its own */
} ks_step_sizes;

/* Numbers behind θ: step sizes, then sets of norms; 0 where there are none. */
size_t ks_step_sizes_count(const ks_step_sizes* sizes, const ks_policy* policy);
/* Of them, the sets of norms, and the numbers of one set. */
size_t ks_step_sizes_norms(const ks_step_sizes* sizes, const ks_policy* policy);
size_t ks_step_sizes_norm_set(const ks_policy* policy);
/* Step sizes of one step: all, or one k-th of them with per_step. */
size_t ks_step_sizes_set(const ks_step_sizes* sizes, const ks_policy* policy);
/* Where the set of inner step `step` (from 0) starts; steps behind the last trained one take the last one's. */
size_t ks_step_sizes_start(const ks_step_sizes* sizes, const ks_policy* policy, int step);

/* Whether α is the same number for all parameters, and known: nothing learned, everything adapts. */
bool ks_step_sizes_are_plain(const ks_step_sizes* sizes, const ks_policy* policy);
/* What a caller gives as the size of a step where he changes nothing: α itself, or 1, the factor of learned ones. */
double ks_step_sizes_own(const ks_step_sizes* sizes);

/* a (count): step sizes log lr, norms that do nothing (shift 0, scale 1): where learning starts. */
void ks_step_sizes_init(ks_real* a, const ks_step_sizes* sizes, const ks_policy* policy);
/* Which number of its set the parameter i of θ has: of (P). Zeros where none are learned. */
void ks_step_sizes_map(size_t* of, const ks_step_sizes* sizes, const ks_policy* policy);
/* alpha (P) = lr · exp(a) of inner step `step` where they are learned, else lr; 0 where nothing adapts. a: what stands behind θ. */
void ks_step_sizes_alpha(double* alpha, const ks_step_sizes* sizes, const ks_policy* policy, const ks_real* a, int step,
                         double lr);

/* theta (P): where every stage has norms of its own, those of `stage` (after so many steps; beyond the last, the last's) take their
 * place. a: what stands behind θ. */
void ks_step_sizes_put_norm(ks_real* theta, const ks_step_sizes* sizes, const ks_policy* policy, const ks_real* a,
                            int stage);
/* And back: of derivatives u (P) by the parameters at a stage, those by its norms are added to da (count) and become 0. */
void ks_step_sizes_take_norm(double* da, double* u, const ks_step_sizes* sizes, const ks_policy* policy, int stage);

#endif

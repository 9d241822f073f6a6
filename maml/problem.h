/* problem.h: what is meta-learned over: tasks, and the rows that each of them gives.
 *
 * The core knows no trajectories, examples or images. It draws tasks, and asks for rows k + 1 times an iteration, for all tasks at
 * once:
 *   stage 0 … k-1   rows that the inner steps learn from: rollouts of θ_j, or support examples
 *   stage k         rows that the outer loss is taken on: rollouts of θ_k, or query examples
 *
 * A kind of problem is one ks_problem_kind, in a file of its own, and one row of the list in run/kinds.h. Its objects begin with
 * a ks_problem.
 *
 * Thread rule: one call at a time per object, which may use its own threads inside. Nothing is allocated after prepare. */
#ifndef KS_MAML_PROBLEM_H
#define KS_MAML_PROBLEM_H

#include "base/names.h"
#include "base/safetensors.h"
#include "base/settings.h"
#include "policy/policy.h"

typedef struct ks_problem ks_problem;
typedef struct ks_problem_kind ks_problem_kind;
typedef struct ks_audit ks_audit; /* an iteration as a file (audit.h) */

/* How its tasks are put: one by one, to be adapted to; all together, without adaptation, for one model for the mean of the tasks;
 * or the same, and inputs say which task it is. */
#define KS_METHODS(X)        \
    X(KS_MAML, maml)         \
    X(KS_PRETRAIN, pretrain) \
    X(KS_ORACLE, oracle)
typedef enum ks_method { KS_METHODS(KS_CHOICE_CONSTANT) } ks_method;
const char* ks_method_name(ks_method method); /* "maml", "pretrain", "oracle" */

typedef enum ks_split { KS_SPLIT_TRAIN, KS_SPLIT_VALIDATION, KS_SPLIT_TEST } ks_split;

/* Which tasks are wanted: numbers first … first + count - 1. */
typedef struct ks_draw {
    ks_split split;
    uint64_t seed, iteration; /* of the random streams; test tasks follow from the seed alone */
    size_t first, count;
} ks_draw;

/* Which rows of the tasks that were drawn. */
typedef struct ks_stage {
    uint64_t seed, iteration; /* of the random streams */
    size_t first, count;      /* tasks, as drawn: the first one's number */
    int index;                /* inner steps taken before */
    bool judges;        /* rows that the outcome is judged on (query), not those that a step learns from (support) */
    bool deterministic; /* without noise in what the model does; what is given has none anyway */
    const ks_real*
        theta; /* (count x P) every task's parameters now; only where rows are sampled, or the problem measures */
} ks_stage;

/* Rows of one task, and what is told of them. They live until the same stage is collected again. */
typedef struct ks_task_rows {
    ks_rows rows;         /* with logp where they were sampled */
    const ks_real* head;  /* (n x head_cols) what the network put out, where they were sampled; else NULL */
    const ks_real* extra; /* (n) on stage 0: weights of the extra outer term; NULL without one */
    double metric;        /* of θ_j on these rows: where they were sampled, and where the problem measures */
    double length;        /* mean number of timesteps of a trajectory; 0: has none */
    size_t steps;         /* environment steps taken, those that broke down included */
    size_t rejected;      /* trajectories that ended before a step that broke down */
    size_t failed;        /* baselines that could not be solved for */
} ks_task_rows;

/* What a problem gets to know before the first task. */
typedef struct ks_problem_sizes {
    size_t tasks; /* worked on here at most */
    int stages;   /* whose rows are kept at once: stage j is kept in place j mod stages */
    int threads;
} ks_problem_sizes;

enum { KS_PROBLEM_CONTENT = 128 };

/* Of one kind, with its settings. */
struct ks_problem {
    const ks_problem_kind* kind;
    const char* name; /* for messages and files: the environment's, or the kind's. The object's own */
    size_t tasks;     /* M of an iteration, of all processes together */
    size_t max_rows;  /* of a task's stage */
    bool adapts;      /* false: no inner steps, whatever the settings say */
    bool sampled;     /* rows come of acting by θ, so that the outer loss is one of ratios to that policy */
    bool
        measures; /* of given rows: collect says their metric, for example the accuracy; false: it is their loss or accuracy */
    bool accuracy;       /* of given rows: it is the share of rows whose label the model finds the likeliest */
    bool has_validation; /* there are tasks of KS_SPLIT_VALIDATION */
    double extra;        /* weight of the extra outer term on stage 0; 0: there is none */
    double emaml;        /* weight of E-MAML's sampling term there (extra.h), of sampled rows alone; 0: there is none */
};

struct ks_problem_kind {
    const char* name;           /* "rl" */
    const char* summary;        /* one line for people */
    const char* metric;         /* "return": name of the metric in progress.csv */
    bool higher_is_better;      /* of the metric */
    size_t settings_size;       /* of its settings' struct */
    const char* const* initial; /* "KEY=VALUE", …, NULL: defaults that differ from the tables' */
    const char* outer;          /* name of the usual outer step */
    bool acts;                  /* rows come of acting by θ (ks_problem.sampled) */
    bool has_validation;        /* its objects may have validation tasks (ks_problem.has_validation) */
    bool validates_by_default;  /* and progress.csv a column for them, also where none are looked at */

    /* What no row of settings can say. NULL: nothing. Errors: KS_BAD_INPUT naming the key. */
    bool (*check)(const void* settings, ks_error* err);
    /* An object of its settings, which it copies, for `tasks` tasks an iteration. Owned by the caller. Errors: KS_BAD_INPUT, KS_FAILED. */
    ks_problem* (*create)(const void* settings, ks_method method, size_t tasks, ks_error* err);
    void (*destroy)(ks_problem* problem);
    /* Another object, which shares what `first` has read from files and must not outlive it. The settings may differ in all that does
     * not change what is read. NULL: create is as good. Errors: as create. */
    ks_problem* (*create_beside)(const ks_problem* first, const void* settings, ks_method method, size_t tasks,
                                 ks_error* err);

    /* Notes in settings a run directory, in which what is read from files may be kept; and keeps it there, once the directory is this
     * process's to write. NULL: nothing is. */
    void (*set_folder)(void* settings, const char* folder);
    void (*keep)(const ks_problem* problem);
    /* Notes in settings how many threads may read, on which nothing depends. NULL: one does, or nothing is read. */
    void (*set_threads)(void* settings, int threads);
    /* What is read from files, as text for people that is the same for the same: however its files are named and packed, and not for
     * anything else. NULL: nothing is. */
    void (*content)(const ks_problem* problem, char text[KS_PROBLEM_CONTENT]);
    const char* content_is; /* "set of images": what that is */
    bool content_stays;     /* a run goes on with the same alone; else a change is no more than a warning */

    /* Inputs, outputs and head of the model that it needs. */
    void (*shape)(const ks_problem* problem, ks_policy_settings* settings);
    /* Roughly how much every input varies (obs_dim), for policy.scale_inputs. NULL: as much as the others. */
    void (*input_size)(const ks_problem* problem, double* size);

    /* Memory for all that follows; once. policy must outlive the problem. Errors: KS_BAD_INPUT (a model that does not fit),
     * KS_FAILED. */
    bool (*prepare)(ks_problem* problem, const ks_policy* policy, const ks_problem_sizes* sizes, ks_error* err);
    /* Errors: KS_FAILED. */
    bool (*draw)(ks_problem* problem, const ks_draw* draw, ks_error* err);
    /* rows (count). A task whose θ is good for nothing gives no rows (n = 0), which is no error from stage 1 on.
     * Errors: KS_FAILED. */
    bool (*collect)(ks_problem* problem, const ks_stage* stage, ks_task_rows* rows, ks_error* err);

    /* Task i of those drawn, for messages: "0.5 1.25". NULL: nothing to say. */
    void (*task_text)(const ks_problem* problem, size_t i, char* text, size_t room);
    /* Why policies break down, for the end of a message: " or in unstable physics". NULL: for no other reason. */
    const char* (*breaks_in)(const ks_problem* problem);
    /* Writes the last iteration down (audit.h). Errors: KS_FAILED, KS_BAD_INPUT. */
    bool (*audit)(const ks_problem* problem, const ks_audit* audit, ks_error* err);
};

/* create_beside where the kind has it, else create. */
static inline ks_problem* ks_problem_beside(const ks_problem* first, const void* settings, ks_method method,
                                            size_t tasks, ks_error* err) {
    return first->kind->create_beside ? first->kind->create_beside(first, settings, method, tasks, err)
                                      : first->kind->create(settings, method, tasks, err);
}

#endif

/* worlds.h: environments, and many worlds of one that are stepped together. Part of kshot_api.h, which has the rules. */
#ifndef KS_PYTHON_WORLDS_H
#define KS_PYTHON_WORLDS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many threads it is worth to start (run/cores.h). */
int ks_api_cores(void);

/* ---- environments ---------------------------------------------------------------------------------------------------------- */

typedef struct ks_api_env ks_api_env;

typedef struct ks_api_env_facts {
    const char *name, *file; /* file: that it came from; "" for those that ship */
    const char *summary, *task_summary;
    int obs_dim, act_dim, num_actions, task_dim, horizon, nq, nv;
    double dt; /* s */
} ks_api_env_facts;

/* One number of a task, as ks_task_number has it. */
typedef struct ks_api_task_number {
    const char *name, *unit;
    double trained[2], known[2];
} ks_api_task_number;

/* The names of those that ship; NULL behind the last. */
const char* ks_api_env_name(size_t index);

/* By name or file. To be closed after all that was made of it. append_task: observations end with the task. Errors: KS_BAD_INPUT,
 * KS_FAILED. */
ks_api_env* ks_api_env_open(const char* reference, bool append_task, ks_error* err);
void ks_api_env_close(ks_api_env* env);
ks_api_env_facts ks_api_env_describe(const ks_api_env* env);
/* False: nothing is said of its numbers. */
bool ks_api_env_task_number(const ks_api_env* env, int index, ks_api_task_number* number);
/* Errors: KS_BAD_INPUT (a task that it does not know). */
bool ks_api_env_check_task(const ks_api_env* env, const double* task, ks_error* err);
/* task (count x task_dim): held-out ones, that follow from the seed alone. */
void ks_api_env_held_out_tasks(const ks_api_env* env, uint64_t seed, size_t count, double* task);

/* ---- worlds: many instances of an environment, stepped together --------------------------------------------------------------- */

typedef struct ks_api_worlds ks_api_worlds;

/* What happens to a world whose episode has ended. KS_API_NO_RESET: it stays where it is, with reward 0, terminated or truncated as
 * at the end. */
enum { KS_API_NEXT_STEP, KS_API_SAME_STEP, KS_API_NO_RESET };

/* Where a step writes to; count is that of the worlds. */
typedef struct ks_api_step {
    float* obs;          /* (count x obs_dim) after the step */
    double* rew;         /* (count) */
    uint8_t* terminated; /* (count) the environment, or physics that broke down, ended the episode */
    uint8_t* truncated;  /* (count) its time limit did */
    uint8_t* unstable;   /* (count) the physics broke down: reward 0, and the observation before */
    double* task;        /* (count x task_dim) that it was rewarded for */
    float*
        final_obs; /* (count x obs_dim) of KS_API_SAME_STEP: the last one of episodes that ended; others are not written */
} ks_api_step;

/* Episodes of at most `horizon` timesteps. Errors: KS_FAILED. */
ks_api_worlds* ks_api_worlds_create(const ks_api_env* env, size_t count, size_t horizon, int autoreset, ks_error* err);
void ks_api_worlds_destroy(ks_api_worlds* worlds);
/* A world's tasks and start states follow from its seed and the number of episodes since. */
void ks_api_worlds_seed(ks_api_worlds* worlds, size_t world, uint64_t seed);
/* Its task (task_dim) from the next episode on; NULL: drawn anew for each. */
void ks_api_worlds_set_task(ks_api_worlds* worlds, size_t world, const double* task);
/* Starts episodes in all worlds, or those with mask (count) not 0; obs (count x obs_dim) and task (count x task_dim) are written of
 * all. */
void ks_api_worlds_reset(ks_api_worlds* worlds, const uint8_t* mask, float* obs, double* task, int threads);
/* act (count x act_dim), or (count) indices of actions. */
void ks_api_worlds_step(ks_api_worlds* worlds, const float* act, const ks_api_step* out, int threads);
/* qpos (nq) and qvel (nv) of a world; where there is no physics, nothing. */
void ks_api_worlds_physics(const ks_api_worlds* worlds, size_t world, double* qpos, double* qvel);

#endif

/* config.h: the settings of a training run, and the one table that parses, checks, prints and documents them. Its rows stand
 * with what they set: here, in policy/settings.c and in maml/settings.c.
 *
 * Thread rule: plain data. */
#ifndef KS_RUN_CONFIG_H
#define KS_RUN_CONFIG_H

#include "maml/settings.h"
#include "policy/settings.h"

#include <stdio.h>

typedef struct ks_config {
    char env[64];
    int method;       /* ks_method */
    int64_t seed;     /* 0 … 2^63-1 */
    int iterations;   /* 0 writes an untrained policy: the random baseline */
    int tasks;        /* per iteration */
    int trajectories; /* per task and stage */
    int horizon;      /* timesteps */
    double gamma;
    double gae_lambda;
    int checkpoint_every; /* iterations */
    ks_policy_config policy;
    ks_inner_config inner;
    ks_trpo_config trpo;
} ks_config;

/* All defaults of the table. */
void ks_config_default(ks_config* config);

/* Reads a YAML file onto *config (keys that it does not name keep their values). Every key is checked against the table.
 * Errors: KS_BAD_INPUT as `FILE:LINE: KEY: …` with the nearest known name, or the type or range that would be right. */
bool ks_config_read(ks_config* config, const char* path, ks_error* err);
/* One `-s` option: "trpo.max_kl=0.02"; the value is YAML. Errors: KS_BAD_INPUT. */
bool ks_config_set(ks_config* config, const char* assignment, ks_error* err);
/* What no single key can say: the environment exists, sizes fit each other. Errors: KS_BAD_INPUT. */
bool ks_config_check(const ks_config* config, ks_error* err);

/* Every field as YAML that reads back exactly; with comments (unit and range) if asked. Returns false on a write error. */
bool ks_config_write(const ks_config* config, FILE* file, bool comments);
/* Writes it to a path, with comments, atomically. Errors: KS_FAILED. */
bool ks_config_save(const ks_config* config, const char* path, ks_error* err);
/* First key in which the two differ, or NULL. Keys that may change on resume (iterations, checkpoint_every) do not count. */
const char* ks_config_difference(const ks_config* a, const ks_config* b);

/* The settings of the library's objects that follow from a config. */
ks_maml_settings ks_config_maml(const ks_config* config, int threads);
ks_policy_settings ks_config_policy(const ks_config* config, const ks_env_model* model);

#endif

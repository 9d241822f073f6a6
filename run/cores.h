/* cores.h: how many threads it is worth to start.
 * Thread rule: pure but for what it reads. */
#ifndef KS_RUN_CORES_H
#define KS_RUN_CORES_H

#include <stddef.h>

/* The cores that this process may run on and, where a container or a scheduler allows fewer, may use. */
int ks_cores(void);

/* Processors that the control groups of this process allow it, as a container or a scheduler limits them (quota / period, the least
 * of the group and those above it; version 1 and 2); HUGE_VAL if there is no limit. root: "" or, for tests, a folder in place of /. */
double ks_cgroup_cpus(const char* root);

/* Cores by their numbers, a bit each. */
typedef struct ks_core_set {
    unsigned char bits[128];
} ks_core_set;
/* Those that this process may run on. */
ks_core_set ks_core_set_own(void);
/* How many threads process `own` of these, all of one machine, is to have: a core that several may run on is divided among them, and so
 * is what a control group allows all of them (HUGE_VAL: no limit). At least 1. */
int ks_core_set_share(const ks_core_set* all, size_t count, size_t own, double allowed);

#endif

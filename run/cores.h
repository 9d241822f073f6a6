/* cores.h: how many threads it is worth to start.
 * Thread rule: pure but for what it reads. */
#ifndef KS_RUN_CORES_H
#define KS_RUN_CORES_H

/* The cores that this process may run on and, where a container or a scheduler allows fewer, may use. */
int ks_cores(void);

/* Processors that the control groups of this process allow it, as a container or a scheduler limits them (quota / period, the least
 * of the group and those above it; version 1 and 2); HUGE_VAL if there is no limit. root: "" or, for tests, a folder in place of /. */
double ks_cgroup_cpus(const char* root);

#endif

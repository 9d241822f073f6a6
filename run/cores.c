#define _GNU_SOURCE /* sched_getaffinity */
#include "run/cores.h"

#include "base/number.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/* numbers from the first line of a file; "max", as no number, ends them */
static int read_numbers(const char* path, double* numbers, int room) {
    char line[128] = "";
    FILE* f = fopen(path, "r");
    if (!f) {
        return 0;
    }
    int count = 0;
    const char* at = fgets(line, sizeof line, f) ? line : "";
    while (count < room && ks_scan_double(&at, &numbers[count])) {
        count++;
    }
    fclose(f);
    return count;
}

/* quota / period of one group of version 2: "QUOTA PERIOD" or "max PERIOD"; version 1 has a file for each, and a quota of -1 */
static double limit_of(const char* folder, bool version_2) {
    char path[PATH + 32];
    double n[2] = {0, 0};
    if (version_2) {
        snprintf(path, sizeof path, "%s/cpu.max", folder);
        return read_numbers(path, n, 2) == 2 && n[0] > 0 && n[1] > 0 ? n[0] / n[1] : HUGE_VAL;
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    bool quota = read_numbers(path, n, 1) == 1;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    return quota && read_numbers(path, n + 1, 1) == 1 && n[0] > 0 && n[1] > 0 ? n[0] / n[1] : HUGE_VAL;
}

/* The least of a group and all above it. In a container its own group may be the topmost, under another name than it has outside. */
static double least(const char* root, const char* mount, const char* group, bool version_2) {
    char folder[PATH];
    double limit = HUGE_VAL;
    int length = snprintf(folder, sizeof folder, "%s%s", root, mount);
    if (length < 0 || (size_t)length + strlen(group) >= sizeof folder) {
        return limit;
    }
    strcpy(folder + length, group);
    for (;;) {
        limit = fmin(limit, limit_of(folder, version_2));
        char* slash = strrchr(folder + length, '/');
        if (!slash) {
            return limit;
        }
        *slash = 0;
    }
}

/* whether "cpu" is one of "cpu,cpuacct" */
static bool has_cpu(const char* controllers) {
    for (const char* c = controllers; *c; c += strcspn(c, ",") + (c[strcspn(c, ",")] != 0)) {
        if (strcspn(c, ",") == 3 && strncmp(c, "cpu", 3) == 0) {
            return true;
        }
    }
    return false;
}

double ks_cgroup_cpus(const char* root) {
    char path[PATH], line[PATH];
    double limit = HUGE_VAL;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE* f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) { /* NUMBER:CONTROLLERS:GROUP */
        line[strcspn(line, "\n")] = 0;
        char* controllers = strchr(line, ':');
        char* group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) {
            continue;
        }
        *group++ = 0;
        controllers++;
        if (!*controllers) { /* version 2, alone or beside version 1 */
            limit = fmin(limit, least(root, "/sys/fs/cgroup", group, true));
            limit = fmin(limit, least(root, "/sys/fs/cgroup/unified", group, true));
        } else if (has_cpu(controllers)) {
            limit = fmin(limit, least(root, "/sys/fs/cgroup/cpu", group, false));
            limit = fmin(limit, least(root, "/sys/fs/cgroup/cpu,cpuacct", group, false));
            limit = fmin(limit, least(root, "/sys/fs/cgroup/cpuacct,cpu", group, false));
        }
    }
    if (f) {
        fclose(f);
    }
    return limit;
}

int ks_cores(void) {
    cpu_set_t set;
    long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    double allowed =
        floor(ks_cgroup_cpus("")); /* a thread more than whole processors would be stopped again and again */
    return cores < 1 || allowed < 1 ? 1 : allowed < (double)cores ? (int)allowed : (int)cores;
}

/* ---- several processes on one machine ---------------------------------------------------------------------------------------- */

enum { CORES = 8 * (int)sizeof((ks_core_set){{0}}.bits) };

static bool has(const ks_core_set* set, int core) {
    return (set->bits[core / 8] >> (core % 8) & 1) != 0;
}

ks_core_set ks_core_set_own(void) {
    cpu_set_t set;
    ks_core_set own = {{0}};
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int core = 0; core < CORES && core < CPU_SETSIZE; core++) {
            own.bits[core / 8] |= (unsigned char)((CPU_ISSET(core, &set) ? 1u : 0u) << (core % 8));
        }
    }
    return own;
}

int ks_core_set_share(const ks_core_set* all, size_t count, size_t own, double allowed) {
    double share = 0;
    for (int core = 0; core < CORES; core++) {
        int there = 0;
        for (size_t i = 0; i < count; i++) {
            there += has(&all[i], core);
        }
        share += has(&all[own], core) ? 1.0 / there : 0;
    }
    share = fmin(share, allowed / (double)count);
    return share < 1 ? 1 : (int)(share + 1e-9); /* a third three times is one */
}

/* The number of threads follows what control groups allow. */
#include "run/cores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[64];

static int set_up(void** state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/kshot-cores-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void** state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void put(const char* path, const char* text) {
    char command[512];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s%s')\" && printf '%%s' '%s' > '%s%s'", root, path, text,
             root, path);
    assert_int_equal(system(command), 0);
}

static void assert_cpus(double expected) {
    assert_float_equal(ks_cgroup_cpus(root), expected, 1e-9);
}

static void test_no_limit(void** state) {
    (void)state;
    assert_true(isinf(ks_cgroup_cpus(root))); /* no such files */
    put("/proc/self/cgroup", "0::/user.slice\n");
    assert_true(isinf(ks_cgroup_cpus(root)));
    put("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    assert_true(isinf(ks_cgroup_cpus(root)));
    put("/proc/self/cgroup", "4:cpu,cpuacct:/job\n2:cpuset:/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    assert_true(isinf(ks_cgroup_cpus(root)));
    put("/proc/self/cgroup", "nonsense\n::\n0:\n");
    assert_true(isinf(ks_cgroup_cpus(root)));
}

static void test_version_2(void** state) {
    (void)state;
    put("/proc/self/cgroup", "0::/slurm/job_5/step_0\n");
    put("/sys/fs/cgroup/slurm/job_5/step_0/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/slurm/job_5/cpu.max", "250000 100000\n");
    put("/sys/fs/cgroup/slurm/cpu.max", "800000 100000\n");
    assert_cpus(2.5);                   /* the least of all above it */
    put("/proc/self/cgroup", "0::/\n"); /* a container, in a namespace of its own */
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_cpus(0.5);
}

static void test_version_1(void** state) {
    (void)state;
    /* a container sees its own group as the topmost, under the name that it has outside */
    put("/proc/self/cgroup", "7:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_cpus(3);
    put("/proc/self/cgroup", "4:cpuset:/a\n3:cpu:/a/b\n");
    put("/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "50000\n");
    assert_cpus(2);
}

static ks_core_set cores(int first, int last) {
    ks_core_set set = {{0}};
    for (int core = first; core <= last; core++) {
        set.bits[core / 8] |= (unsigned char)(1u << (core % 8));
    }
    return set;
}

static void assert_shares(const ks_core_set* all, size_t count, double allowed, const int* wanted) {
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ks_core_set_share(all, count, i, allowed), wanted[i]);
    }
}

static void test_processes_share_cores(void** state) {
    (void)state;
    ks_core_set free_ones[] = {cores(0, 8), cores(0, 8), cores(0, 8)}; /* bound to nothing */
    assert_shares(free_ones, 3, HUGE_VAL, (const int[]){3, 3, 3});
    assert_shares(free_ones, 3, 6.5, (const int[]){2, 2, 2});
    assert_shares(free_ones, 3, 1, (const int[]){1, 1, 1});
    assert_shares(free_ones, 1, HUGE_VAL, (const int[]){9});
    ks_core_set bound[] = {cores(0, 3), cores(4, 11), cores(100, 100)};
    assert_shares(bound, 3, HUGE_VAL, (const int[]){4, 8, 1});
    ks_core_set sockets[] = {cores(0, 7), cores(8, 15), cores(0, 7), cores(8, 15)};
    assert_shares(sockets, 4, HUGE_VAL, (const int[]){4, 4, 4, 4});
    ks_core_set crowd[] = {cores(0, 0), cores(0, 0), cores(0, 1)};
    assert_shares(crowd, 3, HUGE_VAL, (const int[]){1, 1, 1});
    ks_core_set own = ks_core_set_own();
    assert_int_equal(ks_core_set_share(&own, 1, 0, ks_cgroup_cpus("")), ks_cores());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_2, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_1, set_up, tear_down),
        cmocka_unit_test(test_processes_share_cores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_2, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_version_1, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

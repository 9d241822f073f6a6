/* A directory has one writer, however the one before it ended. */
#include "base/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

/* What happens in the next call of flock, which this one stands for: a number of error, or the lock's file is removed. */
static int flock_errno;
static bool flock_removes;

static char* file(const char* name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

int flock(int fd, int operation) {
    if (flock_errno) {
        errno = flock_errno;
        flock_errno = 0;
        return -1;
    }
    if (flock_removes) {
        unlink(file(".kshot.lock"));
        flock_removes = false;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

static int set_up(void** state) {
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/kshot-lock-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void** state) {
    (void)state;
    unlink(file(".kshot.lock"));
    unlink(file("count"));
    return rmdir(directory);
}

/* A process that holds the lock, until it is killed; returns when it does. */
static pid_t holding_process(void) {
    int ready[2];
    char said = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        said = ks_lock_directory(directory, NULL) ? 'y' : 'n';
        (void)!write(ready[1], &said, 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void test_refused_by_name(void** state) {
    (void)state;
    ks_error err = {0};
    char pid[32];
    pid_t child = holding_process();
    assert_null(ks_lock_directory(directory, &err));
    assert_int_equal(err.code, KS_BAD_INPUT);
    snprintf(pid, sizeof pid, "process %ld ", (long)child);
    assert_non_null(strstr(err.text, pid));
    assert_non_null(strstr(err.text, directory));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(access(file(".kshot.lock"), F_OK), 0); /* it could not take it away, */
    ks_lock* lock = ks_lock_directory(directory, &err);     /* and it is in nobody's way */
    assert_non_null(lock);
    assert_true(ks_lock_excludes(lock));
    ks_lock_release(lock);
    assert_int_not_equal(access(file(".kshot.lock"), F_OK), 0);
}

static void test_within_a_process(void** state) {
    (void)state;
    ks_error err = {0};
    ks_lock* lock = ks_lock_directory(directory, &err);
    assert_non_null(lock);
    assert_null(ks_lock_directory(directory, &err));
    assert_true(ks_lock_held(lock, &err)); /* the second try has left it alone */
    assert_null(ks_lock_directory(directory, &err));
    ks_lock_release(lock);
    lock = ks_lock_directory(directory, &err);
    assert_non_null(lock);
    ks_lock* beside = ks_lock_named(directory, ".other", &err); /* for something else */
    assert_non_null(beside);
    assert_null(ks_lock_named(directory, ".other", &err));
    ks_lock_release(beside);
    assert_int_not_equal(access(file(".other"), F_OK), 0);
    assert_true(ks_lock_held(lock, &err));
    ks_lock_release(lock);
    ks_lock_release(NULL);
}

static void test_made_anew_under_it(void** state) {
    (void)state;
    ks_error err = {0};
    ks_lock* lock = ks_lock_directory(directory, &err);
    assert_non_null(lock);
    unlink(file(".kshot.lock"));
    rmdir(directory);
    assert_false(ks_lock_held(lock, &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_int_equal(mkdir(directory, 0700), 0);
    pid_t child = holding_process();
    assert_false(ks_lock_held(lock, &err));
    ks_lock_release(lock); /* takes nothing away from the new holder */
    assert_null(ks_lock_directory(directory, &err));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* A directory that gets another name is followed; its old name is nobody's business. */
static void test_moved(void** state) {
    (void)state;
    ks_error err = {0};
    char other[80], path[128];
    bool moved;
    ks_lock* lock = ks_lock_directory(directory, &err);
    assert_non_null(lock);
    snprintf(path, sizeof path, "%s", directory);
    assert_true(ks_lock_follow(lock, path, sizeof path, &moved, &err));
    assert_false(moved);
    snprintf(other, sizeof other, "%s-moved", directory);
    assert_int_equal(rename(directory, other), 0);
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_true(ks_lock_held(lock, &err));
    assert_true(ks_lock_follow(lock, path, sizeof path, &moved, &err));
    assert_true(moved);
    assert_string_equal(path, other);
    assert_null(ks_lock_directory(other, &err));
    ks_lock_release(lock);
    assert_int_equal(rmdir(other), 0); /* the lock's file was taken out of it */
}

static void test_no_place_for_it(void** state) {
    (void)state;
    ks_error err = {0};
    assert_null(ks_lock_directory("/nowhere/at/all", &err));
    assert_int_equal(err.code, KS_FAILED);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
}

/* Adds one to the number in a file, in a way that loses counts if two do it at a time. */
static void count_up(void) {
    long count = 0;
    FILE* f = fopen(file("count"), "r");
    if (f) {
        (void)!fscanf(f, "%ld", &count);
        fclose(f);
    }
    f = fopen(file("count"), "w");
    fprintf(f, "%ld\n", count + 1);
    fclose(f);
}

/* Holders come and go, and the file with them: never do two hold it. */
static void test_crowd(void** state) {
    (void)state;
    enum { PROCESSES = 6, TIMES = 300 };
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() == 0) {
            for (int i = 0; i < TIMES;) {
                ks_lock* lock = ks_lock_directory(directory, NULL);
                if (lock) {
                    count_up();
                    ks_lock_release(lock);
                    i++;
                }
            }
            _exit(0);
        }
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    long count = 0;
    FILE* f = fopen(file("count"), "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld", &count), 1);
    fclose(f);
    assert_int_equal(count, PROCESSES * TIMES);
}

/* Whoever looks sees who is there, and is in nobody's way. */
static void test_looks(void** state) {
    (void)state;
    enum { TIMES = 500 };
    assert_int_equal(ks_lock_look("/nowhere/at/all"), KS_LOCK_NONE);
    assert_int_equal(ks_lock_look(directory), KS_LOCK_NONE);
    pid_t holder = holding_process();
    assert_int_equal(ks_lock_look(directory), KS_LOCK_HELD);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_int_equal(ks_lock_look(directory), KS_LOCK_LEFT);
    pid_t lookers[3];
    for (int p = 0; p < 3; p++) {
        lookers[p] = fork();
        if (lookers[p] == 0) {
            alarm(60); /* an assertion that fails leaves them alone */
        }
        while (lookers[p] == 0) {
            ks_lock_look(directory);
        }
    }
    for (int i = 0; i < TIMES; i++) {
        ks_error err = {0};
        ks_lock* lock = ks_lock_directory(directory, &err);
        if (!lock) {
            print_error("%d: %s\n", i, err.text);
        }
        assert_non_null(lock);
        ks_lock_release(lock);
    }
    for (int p = 0; p < 3; p++) {
        kill(lookers[p], SIGKILL);
        waitpid(lookers[p], NULL, 0);
    }
    assert_int_equal(ks_lock_look(directory), KS_LOCK_NONE);
}

/* Its holder lets it go just as somebody looks; and a file system that knows no locks. */
static void test_looks_late(void** state) {
    (void)state;
    pid_t holder = holding_process();
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    flock_errno = ENOLCK;
    assert_int_equal(ks_lock_look(directory), KS_LOCK_HELD);
    assert_int_equal(ks_lock_look(directory), KS_LOCK_LEFT);
    flock_removes = true;
    assert_int_equal(ks_lock_look(directory), KS_LOCK_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_within_a_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_made_anew_under_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_moved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_place_for_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_crowd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looks_late, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* faults.c: a shared object to be preloaded (tests/test_faults.py), in which an allocation of the program fails. Counted are malloc,
 * calloc, realloc, aligned_alloc, posix_memalign and memalign of all threads and libraries, from main on: what the loader and the
 * libraries' constructors do before is not the program's.
 *
 *   FAULTS_AT=N       the N-th allocation fails (from 1); without it none
 *   FAULTS_FROM=N     the N-th and all after it fail
 *   FAULTS_CALLERS=A  counts only those that come from an object whose path has A in it, or MuJoCo's: not a driver's
 *   FAULTS_COUNT=FILE how many there were, written when main returns
 *
 * When main starts, access() of "/faults/main" is called, so that a trace of system calls shows where that was. Programs that are
 * started by this one are left alone. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, which go on to work */
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

typedef int main_function(int argc, char** argv, char** environment);
int __libc_start_main(main_function* program, int argc, char** argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void* stack_end);

static struct {
    bool counting;
    long count;    /* allocations so far */
    long at, from; /* 0: none */
    const char *callers, *count_file;
    main_function* program;
} faults;

static bool counts(const void* caller) {
    Dl_info info;
    return !faults.callers || (dladdr(caller, &info) && info.dli_fname &&
                               (strstr(info.dli_fname, faults.callers) || strstr(info.dli_fname, "libmujoco")));
}

static bool fails(const void* caller) {
    if (!__atomic_load_n(&faults.counting, __ATOMIC_RELAXED) || !counts(caller)) {
        return false;
    }
    long number = __atomic_add_fetch(&faults.count, 1, __ATOMIC_RELAXED);
    return number == faults.at || (faults.from && number >= faults.from);
}

static void* no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void* malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? no_memory() : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? no_memory() : __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
    return fails(__builtin_return_address(0)) ? no_memory() : __libc_realloc(memory, size);
}

void* memalign(size_t alignment, size_t size) {
    return fails(__builtin_return_address(0)) ? no_memory() : __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
    return fails(__builtin_return_address(0)) ? no_memory() : __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
    void* made = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
    if (!made) {
        return ENOMEM;
    }
    *memory = made;
    return 0;
}

static long number_of(const char* name) {
    const char* text = getenv(name);
    return text ? atol(text) : 0;
}

static int counted_main(int argc, char** argv, char** environment) {
    access("/faults/main", F_OK);
    faults.counting = true;
    int code = faults.program(argc, argv, environment);
    faults.counting = false;
    if (faults.count_file) {
        FILE* file = fopen(faults.count_file, "w");
        if (file) {
            fprintf(file, "%ld\n", faults.count);
            fclose(file);
        }
    }
    return code;
}

int __libc_start_main(main_function* program, int argc, char** argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void* stack_end) {
    void* own = dlsym(RTLD_NEXT, "__libc_start_main");
    __typeof__(__libc_start_main)* start;
    memcpy(&start, &own, sizeof start);
    faults.at = number_of("FAULTS_AT");
    faults.from = number_of("FAULTS_FROM");
    faults.callers = getenv("FAULTS_CALLERS");
    faults.count_file = getenv("FAULTS_COUNT");
    faults.program = program;
    unsetenv("LD_PRELOAD");
    return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

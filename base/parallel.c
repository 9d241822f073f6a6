#include "base/parallel.h"

#include <omp.h>

void ks_parallel_for(int threads, size_t count, void (*item)(void* user, size_t index, int thread), void* user) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        item(user, i, omp_get_thread_num());
    }
}

void ks_parallel_even(int threads, size_t count, void (*item)(void* user, size_t index, int thread), void* user) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        item(user, i, omp_get_thread_num());
    }
}

#include "run/kinds.h"

#include <string.h>

#define PROBLEM(name) &ks_problem_##name,
#define OUTER(name) &ks_outer_##name,
const ks_problem_kind* const ks_problem_kinds[] = {KS_PROBLEM_KINDS(PROBLEM)};
const ks_outer_kind* const ks_outer_kinds[] = {KS_OUTER_KINDS(OUTER)};

int ks_problem_find(const char* name) {
    for (int i = 0; i < KS_NUM_PROBLEMS; i++) {
        if (strcmp(ks_problem_kinds[i]->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int ks_outer_find(const char* name) {
    for (int i = 0; i < KS_NUM_OUTERS; i++) {
        if (strcmp(ks_outer_kinds[i]->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

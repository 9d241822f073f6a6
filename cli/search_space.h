/* search_space.h: settings that are to be tried, and how they are drawn. Thread rule: plain data. */
#ifndef KS_CLI_SEARCH_SPACE_H
#define KS_CLI_SEARCH_SPACE_H

#include "base/error.h"

#include <stdint.h>

enum { KS_SEARCH_KEYS = 32, KS_SEARCH_VALUES = 64, KS_SEARCH_TEXT = 160 };

typedef struct ks_search_key {
    char key[64];
    bool range, log; /* numbers from low to high, uniform or in their logarithms; else one of the values */
    double low, high;
    char value[KS_SEARCH_VALUES][64];
    int count;
} ks_search_key;

typedef struct ks_search_space {
    ks_search_key keys[KS_SEARCH_KEYS];
    int count;
} ks_search_space;

/* Adds KEY=A,B,C (values, as `-s` takes them; lists stay whole: [64,64],[100,100]), KEY=LOW..HIGH or KEY=log:LOW..HIGH. Errors: KS_BAD_INPUT. */
bool ks_search_add(ks_search_space* space, const char* text, ks_error* err);

/* How many trials can differ: the number of combinations of listed values; UINT64_MAX where numbers of a range are drawn. */
uint64_t ks_search_combinations(const ks_search_space* space);

/* The settings of a trial, each as KEY=VALUE: a pure function of seed, trial and key. Where all keys have lists, trials go through
 * their combinations in an order that follows from the seed: below ks_search_combinations, no two are alike. */
void ks_search_draw(char setting[KS_SEARCH_TEXT], const ks_search_space* space, uint64_t seed, uint32_t trial, int key);

#endif

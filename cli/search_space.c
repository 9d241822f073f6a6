#include "cli/search_space.h"

#include "base/number.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* LOW..HIGH, with log: before it or without */
static bool parse_range(ks_search_key* k, const char* text) {
    char low[64];
    k->range = true;
    k->log = strncmp(text, "log:", 4) == 0;
    text += k->log ? 4 : 0;
    const char* dots = strstr(text, "..");
    int length = dots ? snprintf(low, sizeof low, "%.*s", (int)(dots - text), text) : 0;
    return length > 0 && length < (int)sizeof low && ks_parse_double(low, &k->low) &&
           ks_parse_double(dots + 2, &k->high) && k->low < k->high && (!k->log || k->low > 0);
}

/* LOW..HIGH that is mistyped, and no value: a path may have dots, too. */
static bool looks_like_range(const char* text) {
    return strstr(text, "..") && !strchr(text, ',') && !strchr(text, '/');
}

/* values separated by commas outside of brackets */
static bool parse_values(ks_search_key* k, const char* text) {
    k->range = false;
    size_t length = 0;
    int depth = 0;
    for (const char* at = text;; at++) {
        depth += (*at == '[') - (*at == ']');
        if ((*at && *at != ',') || (*at && depth > 0)) {
            length++;
            continue;
        }
        if (length == 0 || length >= sizeof k->value[0] || k->count == KS_SEARCH_VALUES) {
            return false;
        }
        snprintf(k->value[k->count++], sizeof k->value[0], "%.*s", (int)length, at - length);
        length = 0;
        if (!*at) {
            return depth == 0;
        }
    }
}

bool ks_search_add(ks_search_space* space, const char* text, ks_error* err) {
    ks_search_key* k = &space->keys[space->count];
    const char* equals = strchr(text, '=');
    if (space->count == KS_SEARCH_KEYS) {
        return ks_fail(err, KS_BAD_INPUT, "--search: more than %d keys", KS_SEARCH_KEYS);
    }
    *k = (ks_search_key){0};
    if (equals && equals > text && (size_t)(equals - text) < sizeof k->key) {
        snprintf(k->key, sizeof k->key, "%.*s", (int)(equals - text), text);
        if (parse_range(k, equals + 1) || (!looks_like_range(equals + 1) && parse_values(k, equals + 1))) {
            space->count++;
            return true;
        }
    }
    return ks_fail(
        err, KS_BAD_INPUT,
        "--search: '%.100s' is none of KEY=A,B,C, KEY=LOW..HIGH and KEY=log:LOW..HIGH (LOW below HIGH; above 0 "
        "for log)",
        text);
}

uint64_t ks_search_combinations(const ks_search_space* space) {
    uint64_t product = 1;
    for (int k = 0; k < space->count; k++) {
        if (space->keys[k].range) {
            return UINT64_MAX;
        }
        product *= (uint64_t)space->keys[k].count;
        product = product < UINT32_MAX ? product : UINT32_MAX; /* more than anybody tries */
    }
    return product;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Which of n combinations a trial is: start + trial · stride (mod n), where stride and n have no divisor in common, so that n trials
 * are all of them. */
static uint64_t combination(uint64_t n, uint64_t seed, uint32_t trial) {
    double u[2];
    ks_stream_uniform(u, 2, ks_stream_make(seed, KS_RNG_TUNE, 0, 1), 0, 0, 0);
    uint64_t start = (uint64_t)(u[0] * (double)n), stride = (uint64_t)(u[1] * (double)n);
    while (common_divisor(stride, n) != 1) {
        stride++;
    }
    return (start + trial * stride) % n;
}

/* What a trial has of a key whose values are listed. */
static int choose(const ks_search_space* space, uint64_t seed, uint32_t trial, int key, double u) {
    const ks_search_key* k = &space->keys[key];
    uint64_t n = ks_search_combinations(space);
    if (n >= UINT32_MAX) { /* there are others to draw */
        int i = (int)(u * k->count);
        return i < k->count ? i : k->count - 1;
    }
    uint64_t index = combination(n, seed, trial);
    for (int i = 0; i < key; i++) {
        index /= (uint64_t)space->keys[i].count;
    }
    return (int)(index % (uint64_t)k->count);
}

void ks_search_draw(char setting[KS_SEARCH_TEXT], const ks_search_space* space, uint64_t seed, uint32_t trial,
                    int key) {
    const ks_search_key* k = &space->keys[key];
    double u;
    ks_stream_uniform(&u, 1, ks_stream_make(seed, KS_RNG_TUNE, 0, 0), trial, 0, (uint32_t)key);
    if (k->range) {
        double x = k->log ? exp(log(k->low) + u * log(k->high / k->low)) : k->low + u * (k->high - k->low);
        ks_snprintf(setting, KS_SEARCH_TEXT, "%s=%.4g", k->key, x);
    } else {
        snprintf(setting, KS_SEARCH_TEXT, "%s=%s", k->key, k->value[choose(space, seed, trial, key, u)]);
    }
}

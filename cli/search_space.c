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

/* values separated by commas outside of brackets */
static bool parse_values(ks_search_key* k, const char* text) {
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
        bool is_range = strstr(equals + 1, "..") != NULL;
        if (is_range ? parse_range(k, equals + 1) : parse_values(k, equals + 1)) {
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

void ks_search_draw(char setting[KS_SEARCH_TEXT], const ks_search_space* space, uint64_t seed, uint32_t trial,
                    int key) {
    const ks_search_key* k = &space->keys[key];
    double u;
    ks_stream_uniform(&u, 1, ks_stream_make(seed, KS_RNG_TUNE, 0, 0), trial, 0, (uint32_t)key);
    if (k->range) {
        double x = k->log ? exp(log(k->low) + u * log(k->high / k->low)) : k->low + u * (k->high - k->low);
        ks_snprintf(setting, KS_SEARCH_TEXT, "%s=%.4g", k->key, x);
    } else {
        int i = (int)(u * k->count);
        snprintf(setting, KS_SEARCH_TEXT, "%s=%s", k->key, k->value[i < k->count ? i : k->count - 1]);
    }
}

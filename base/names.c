#include "base/names.h"

#include <stdio.h>
#include <string.h>

enum { MAX = 63 };

static size_t min(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance with adjacent transpositions, by the table of all prefixes */
size_t ks_edit_distance(const char* a, const char* b) {
    size_t d[MAX + 1][MAX + 1];
    size_t n = min(strlen(a), MAX);
    size_t m = min(strlen(b), MAX);
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = min(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]), 1 + min(d[i - 1][j], d[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[n][m];
}

bool ks_names_at(char* out, size_t room, const char* names, int index) {
    for (; index > 0; index--) {
        names = strchr(names, '|');
        if (!names) {
            return false;
        }
        names++;
    }
    snprintf(out, room, "%.*s", (int)strcspn(names, "|"), names);
    return true;
}

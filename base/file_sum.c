#include "base/file_sum.h"

#include <stdbool.h>
#include <stdio.h>
#include <zlib.h>

enum { CHUNK = 1 << 16 };

uint32_t ks_file_sum(const char* path) {
    uLong sum = 0;
    unsigned char bytes[CHUNK];
    FILE* f = fopen(path, "rb");
    for (size_t n; f && (n = fread(bytes, 1, sizeof bytes, f)) > 0;) {
        sum = crc32(sum, bytes, (uInt)n);
    }
    bool whole = f && !ferror(f);
    if (f) {
        fclose(f);
    }
    return whole ? (uint32_t)sum : 0;
}

#include "base/crc32c.h"

#include <nmmintrin.h> /* every processor with AVX2 has the instruction */
#include <string.h>

uint32_t ks_crc32c(const void* data, size_t length) {
    const unsigned char* at = data;
    uint64_t crc = UINT32_MAX, eight;
    for (; length >= sizeof eight; at += sizeof eight, length -= sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        crc = _mm_crc32_u64(crc, eight);
    }
    for (; length > 0; at++, length--) {
        crc = _mm_crc32_u8((uint32_t)crc, *at);
    }
    return ~(uint32_t)crc;
}

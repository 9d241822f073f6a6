/* file_sum.h: whether a file is what it was. Thread rule: no shared state. */
#ifndef KS_BASE_FILE_SUM_H
#define KS_BASE_FILE_SUM_H

#include <stdint.h>

/* CRC-32 of a file's bytes, which those of gzip and zip are; 0 if it cannot be read. */
uint32_t ks_file_sum(const char* path);

#endif

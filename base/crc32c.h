/* crc32c.h: the checksum CRC-32C (Castagnoli), as of iSCSI and of TensorFlow's records. Thread rule: pure. */
#ifndef KS_BASE_CRC32C_H
#define KS_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t ks_crc32c(const void* data, size_t length);

#endif

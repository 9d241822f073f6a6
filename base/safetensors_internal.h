/* safetensors_internal.h: what the writer and the reader of tensor files share. */
#ifndef KS_BASE_SAFETENSORS_INTERNAL_H
#define KS_BASE_SAFETENSORS_INTERNAL_H

#include "base/safetensors.h"

typedef struct ks_tensor_type {
    const char* name; /* in files */
    size_t size;      /* bytes of one element */
} ks_tensor_type;

/* The format's types whose elements are whole bytes: first those that have a ks_dtype, then the others. */
enum { KS_NUM_TENSOR_TYPES = 17 };
extern const ks_tensor_type ks_tensor_types[KS_NUM_TENSOR_TYPES];

/* CRC-32 of more bytes; starts from 0. */
unsigned long ks_tensor_checksum(unsigned long sum, const void* data, size_t bytes);

#endif

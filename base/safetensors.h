/* safetensors.h: one reader and one writer of tensor files, shared by policies, checkpoints, rollouts and audits.
 *
 * The format (huggingface.co/docs/safetensors): 8 bytes N, little-endian; N bytes of JSON, padded with spaces so
 * that the data starts on a multiple of 8; the tensors' bytes. The JSON maps each name to
 * {"dtype","shape","data_offsets":[begin,end)}, and "__metadata__" to an object of strings.
 *
 * The reader trusts nothing: it checks the header's length against the file's, every offset, shape and type,
 * that tensors neither overlap nor leave gaps, and allocates little more than the file is long. What other programs have added
 * is no reason to refuse a file: tensors of any type and number of dimensions, also where they make others lie unaligned.
 *
 * Thread rule: an object is used by one thread at a time; distinct objects are independent. */
#ifndef KS_BASE_SAFETENSORS_H
#define KS_BASE_SAFETENSORS_H

#include "base/error.h"
#include "base/real.h"

#include <stddef.h>
#include <stdint.h>

enum { KS_TENSOR_MAX_DIMS = 8 }; /* of what is written; files of others may have more */

/* KS_OTHER: any type that kshot neither writes nor computes with */
typedef enum ks_dtype { KS_F32, KS_F64, KS_I64, KS_U8, KS_F16, KS_BF16, KS_OTHER } ks_dtype;

/* Bytes of one element; 0 for KS_OTHER. */
size_t ks_dtype_size(ks_dtype dtype);

/* ---- writing ------------------------------------------------------------------------------------------- */

typedef struct ks_tensor_writer ks_tensor_writer;

/* Owned by the caller. NULL if memory is short. */
ks_tensor_writer* ks_tensor_writer_create(ks_error* err);
void ks_tensor_writer_destroy(ks_tensor_writer* writer);

/* Adds a metadata string (copied). Errors (memory; it is not UTF-8) are remembered and reported by save. */
void ks_tensor_writer_meta(ks_tensor_writer* writer, const char* key, const char* value);
/* The same, printed so that it reads back exactly (shortest form of up to 17 digits). */
void ks_tensor_writer_meta_double(ks_tensor_writer* writer, const char* key, double value);
void ks_tensor_writer_meta_int(ks_tensor_writer* writer, const char* key, int64_t value);

/* Memory for the data of a tensor; the writer owns it until it is destroyed. NULL if memory is short, which save reports. */
void* ks_tensor_writer_alloc(ks_tensor_writer* writer, size_t bytes);

/* Adds a tensor of ndim dimensions. `data` is not copied: it must live until save. */
void ks_tensor_writer_add(ks_tensor_writer* writer, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                          const void* data);
/* Adds an F32 tensor from doubles or from floats (`ks_real` of either build), converting and copying if needed. */
void ks_tensor_writer_add_real(ks_tensor_writer* writer, const char* name, int ndim, const size_t* shape,
                               const void* data, size_t element_size);

/* Writes everything to `path`, whole or not at all (base/atomic_file.h). With KS_SAVE_CHECKSUM, the metadata gets "crc32" of the
 * tensor bytes (for files that nobody else is to edit); with KS_SAVE_NEW, nothing that exists is replaced; with KS_SAVE_AGAIN, it
 * goes there or nowhere (ks_replace_file). Errors: KS_FAILED. */
enum { KS_SAVE_CHECKSUM = 1, KS_SAVE_NEW = 2, KS_SAVE_AGAIN = 4 };
bool ks_tensor_writer_save(ks_tensor_writer* writer, const char* path, unsigned how, ks_error* err);

/* Gives metadata of a file, which must be whole and of this format, another value; all else in it stays as it is, byte for byte but for
 * how the header is spaced. Atomic, as save. Errors: KS_BAD_INPUT as ks_tensor_file_open, KS_FAILED. */
bool ks_tensor_file_set_meta(const char* path, const char* format, const char* key, const char* value, ks_error* err);

/* ---- reading ------------------------------------------------------------------------------------------- */

typedef struct ks_tensor_file ks_tensor_file;

/* Opens and checks a file completely. Errors: KS_BAD_INPUT naming the path (missing, truncated, damaged, foreign); KS_FAILED
 * (not enough memory).
 * If `format` is not NULL, metadata "format" must equal it. If the metadata has a "crc32", the bytes must agree. */
ks_tensor_file* ks_tensor_file_open(const char* path, const char* format, ks_error* err);
void ks_tensor_file_close(ks_tensor_file* file);

/* A metadata string, or NULL if there is none. Lives as long as the file. Keys that nobody asks for do no harm. */
const char* ks_tensor_file_meta(const ks_tensor_file* file, const char* key);
/* How many metadata strings there are, and the key of each. */
size_t ks_tensor_file_meta_count(const ks_tensor_file* file);
const char* ks_tensor_file_meta_key(const ks_tensor_file* file, size_t index);
/* The same, required and parsed. Errors: KS_BAD_INPUT naming path and key (missing, not a number, out of range). */
bool ks_tensor_file_meta_double(const ks_tensor_file* file, const char* key, double min, double max, double* value,
                                ks_error* err);
bool ks_tensor_file_meta_int(const ks_tensor_file* file, const char* key, int64_t min, int64_t max, int64_t* value,
                             ks_error* err);
const char* ks_tensor_file_meta_string(const ks_tensor_file* file, const char* key, ks_error* err);

typedef struct ks_tensor {
    const char* name; /* this and the other pointers live as long as the file */
    const char* type; /* as the file calls it: capital letters, digits and _ */
    ks_dtype dtype;
    int ndim;
    const size_t* shape; /* (ndim) */
    size_t count;        /* product of the shape */
    size_t bytes;        /* of the data */
    const void* data;    /* aligned for its dtype */
} ks_tensor;

size_t ks_tensor_file_count(const ks_tensor_file* file);
ks_tensor ks_tensor_file_at(const ks_tensor_file* file, size_t index); /* in the order of the data */
/* The tensor of that name, or NULL. */
const ks_tensor* ks_tensor_file_find(const ks_tensor_file* file, const char* name);
/* Finds a tensor and checks its type and shape. Errors: KS_BAD_INPUT naming path and tensor, what it is and should be. */
bool ks_tensor_file_get(const ks_tensor_file* file, const char* name, ks_dtype dtype, int ndim, const size_t* shape,
                        const void** data, ks_error* err);
/* The same of a tensor of floating-point numbers: F32, F64, F16 or BF16, which are converted into out (product of the shape);
 * out may be NULL to check only. */
bool ks_tensor_file_get_real(const ks_tensor_file* file, const char* name, int ndim, const size_t* shape, ks_real* out,
                             ks_error* err);
const char* ks_tensor_file_path(const ks_tensor_file* file);

#endif

/* Tensor files of any kind: base/safetensors.h. */
#include "base/safetensors.h"
#include "target.h"

#include <string.h>

/* reads every byte of every tensor, for the address sanitizer */
static unsigned read_through(const ks_tensor_file* file) {
    unsigned sum = 0;
    for (size_t i = 0; i < ks_tensor_file_count(file); i++) {
        ks_tensor t = ks_tensor_file_at(file, i);
        size_t count = 1;
        for (int d = 0; d < t.ndim; d++) {
            count *= t.shape[d];
        }
        if (count != t.count) {
            fuzz_finding("a tensor's count is not the product of its shape");
        }
        size_t element = ks_dtype_size(t.dtype); /* 0: of a type that is only passed over */
        if (element != 0 && ((uintptr_t)t.data % element != 0 || t.bytes != count * element)) {
            fuzz_finding("a tensor is not aligned, or not as long as its shape");
        }
        const unsigned char* bytes = t.data;
        for (size_t k = 0; k < t.bytes; k++) {
            sum += bytes[k];
        }
        const void* data;
        ks_error err = {0};
        if (!ks_tensor_file_get(file, t.name, t.dtype, t.ndim, t.shape, &data, &err) || data != t.data) {
            fuzz_finding("a tensor that is there is not found");
        }
        fuzz_check(ks_tensor_file_get(file, t.name, KS_F32, 1, (size_t[]){1}, &data, &err), &err);
        if (t.count < 1000) {
            ks_real numbers[1000];
            fuzz_check(ks_tensor_file_get_real(file, t.name, t.ndim, t.shape, numbers, &err), &err);
        }
    }
    return sum;
}

static void read_meta(const ks_tensor_file* file) {
    for (size_t i = 0; i < ks_tensor_file_meta_count(file); i++) {
        const char* key = ks_tensor_file_meta_key(file, i);
        double number;
        int64_t integer;
        ks_error err = {0};
        if (!ks_tensor_file_meta(file, key)) {
            fuzz_finding("a metadata string that is there is not found");
        }
        fuzz_check(ks_tensor_file_meta_double(file, key, -1, 1000, &number, &err), &err);
        fuzz_check(ks_tensor_file_meta_int(file, key, 0, 1000, &integer, &err), &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ks_error err = {0};
    ks_tensor_file* file = ks_tensor_file_open(fuzz_file(0, data, size), NULL, &err);
    fuzz_check(file != NULL, &err);
    if (file) {
        volatile unsigned sum = read_through(file);
        (void)sum;
        read_meta(file);
    }
    ks_tensor_file_close(file);
    return 0;
}

/* compiled for any x86-64 processor, as main.c is, which calls it first */
#include "cli/cli.h"

bool ks_cli_check_processor(ks_error* err) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        return ks_fail(err, KS_FAILED, "this processor has no AVX2 and FMA, which kshot needs");
    }
    return true;
}

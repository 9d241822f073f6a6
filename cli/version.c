#include "cli/version.h"

#include "cli/commit.h" /* made by cmake/commit.cmake: KS_COMMIT, KS_COMMIT_DATE */
#include "nn/gemm.h"
#include "run/dist.h"

#include <mujoco/mujoco.h>

#ifdef KS_VIEWER
#define VIEWER "window and videos"
#else
#define VIEWER "no window, no videos"
#endif

void ks_version_print(FILE* out) {
    fprintf(out, "kshot %s\n", KS_VERSION);
    fprintf(out, "commit        %s\n", KS_COMMIT);
    fprintf(out, "instructions  %s\n", ks_gemm_kernel_name());
    fprintf(out, "MuJoCo        %s\n", mj_versionString());
    fprintf(out, "build         %s; %s; %s\n", KS_BUILD_TYPE, VIEWER, ks_dist_available() ? "MPI" : "no MPI");
}

const char* ks_version_date(void) {
    return KS_COMMIT_DATE;
}

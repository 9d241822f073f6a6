#include "envs/step_noise.h"

ks_step_noise ks_step_noise_start(const double* uniform) {
    return (ks_step_noise){.stream = {{(uint32_t)(uniform[0] * 0x1p32), (uint32_t)(uniform[1] * 0x1p32)}}};
}

double ks_step_noise_uniform(ks_step_noise* noise) {
    double x;
    ks_stream_uniform(&x, 1, noise->stream, 0, 0, noise->place++);
    return x;
}

double ks_step_noise_normal(ks_step_noise* noise) {
    double x;
    ks_stream_normal(&x, 1, noise->stream, 0, 0, noise->place++);
    return x;
}

#include "viewer/colors.h"

#include "viewer/play.h"

#include <string.h>

static const float COLORS[KS_PLAY_MAX_STEPS + 1][3] = {
    {0.47f, 0.52f, 0.58f}, {0.95f, 0.61f, 0.18f}, {0.88f, 0.36f, 0.26f}, {0.60f, 0.30f, 0.62f}, {0.24f, 0.42f, 0.75f},
    {0.16f, 0.60f, 0.66f}, {0.45f, 0.62f, 0.24f}, {0.72f, 0.58f, 0.20f}, {0.62f, 0.42f, 0.30f}, {0.30f, 0.30f, 0.34f},
};

void ks_step_color(float rgb[3], int steps) {
    memcpy(rgb, COLORS[steps % (KS_PLAY_MAX_STEPS + 1)], 3 * sizeof *rgb);
}

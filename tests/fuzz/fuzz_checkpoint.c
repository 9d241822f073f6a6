/* Checkpoints: run/checkpoint.h. The checksum is mended first, so that damage gets past it. */
#define _GNU_SOURCE /* memmem */
#include "run/checkpoint.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* the network of the files in the corpus */
static ks_policy* make_policy(void) {
    ks_policy_settings s = ks_policy_settings_default();
    ks_error err = {0};
    s.obs_dim = 2;
    s.act_dim = 2;
    s.num_hidden = 1;
    s.hidden[0] = 3;
    ks_policy* policy = ks_policy_create(&s, &err);
    if (!policy) {
        fuzz_finding(err.text);
    }
    return policy;
}

static void mend_checksum(uint8_t* data, size_t size) {
    static const char KEY[] = "\"crc32\":\"";
    uint64_t header = 0;
    for (int i = 7; i >= 0 && size >= 8; i--) {
        header = header << 8 | data[i];
    }
    uint8_t* at = size >= 8 && header <= size - 8 ? memmem(data + 8, header, KEY, sizeof KEY - 1) : NULL;
    if (at && (size_t)(at - data) + sizeof KEY - 1 + 8 <= 8 + header) {
        char text[16];
        snprintf(text, sizeof text, "%08lx",
                 crc32(crc32(0, NULL, 0), data + 8 + header, (unsigned)(size - 8 - header)));
        memcpy(at + sizeof KEY - 1, text, 8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static ks_policy* policy;
    policy = policy ? policy : make_policy();
    uint8_t* mended = malloc(size + 1);
    ks_run_state state;
    ks_policy_info info;
    ks_error err = {0};
    if (!mended || !ks_run_state_create(&state, ks_policy_num_params(policy), ks_policy_num_params(policy), &err)) {
        fuzz_finding("not enough memory");
    }
    memcpy(mended, data, size);
    mend_checksum(mended, size);
    bool ok = ks_checkpoint_load(fuzz_file(0, mended, size), policy, &info, &state, &err);
    fuzz_check(ok, &err);
    if (ok) {
        const ks_real* best;
        int64_t iteration;
        ks_run_state_best(&state, &best, &iteration);
        ks_run_state_note(&state, state.params, 1);
    }
    ks_run_state_free(&state);
    free(mended);
    return 0;
}

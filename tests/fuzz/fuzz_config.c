/* Configs: run/config.h. What is read can be written, and is then read as the same. */
#include "run/config.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>

static void write_and_read(const ks_config* config) {
    char* text = NULL;
    size_t length;
    ks_error err = {0};
    ks_config again;
    ks_config_default(&again);
    FILE* file = open_memstream(&text, &length);
    if (!file || !ks_config_write(config, file, true) || fclose(file) != 0) {
        fuzz_finding("not enough memory");
    }
    if (!ks_config_read(&again, fuzz_file(1, (const uint8_t*)text, length), &err)) {
        fuzz_finding(err.text);
    }
    if (ks_config_difference(config, &again) || config->iterations != again.iterations ||
        config->checkpoint_every != again.checkpoint_every) {
        fuzz_finding("a config that was read is another after writing it");
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ks_config config;
    ks_error err = {0};
    ks_config_default(&config);
    bool ok = ks_config_read(&config, fuzz_file(0, data, size), &err);
    fuzz_check(ok, &err);
    if (ok) {
        fuzz_check(ks_config_check(&config, &err), &err);
        write_and_read(&config);
    }
    return 0;
}

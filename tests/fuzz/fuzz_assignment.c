/* Settings on the command line, -s KEY=VALUE: run/config.h. One a line. */
#include "run/config.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    char* text = fuzz_text(data, size);
    ks_config config;
    ks_config_default(&config);
    char* at = text;
    for (char* line; (line = strsep(&at, "\n"));) {
        ks_error err = {0};
        fuzz_check(ks_config_set(&config, line, &err), &err);
    }
    ks_error err = {0};
    fuzz_check(ks_config_check(&config, &err), &err);
    free(text);
    return 0;
}

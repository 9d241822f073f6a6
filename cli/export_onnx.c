/* `export --onnx`: the network of a model, as it is in its file (policy/onnx.h). */
#include "base/text.h"
#include "cli/export.h"
#include "policy/onnx.h"

#include <stdio.h>

static bool write_onnx(ks_export* e, ks_error* err) {
    const ks_cli_policy* p = &e->policy;
    char signature[256];
    if (!ks_onnx_save(e->output, e->force, p->policy, p->theta, &p->info, err)) {
        return false;
    }
    ks_onnx_signature(signature, sizeof signature, p->policy, &p->info);
    ks_text_print(stdout, e->output);
    printf(": %s\n", signature);
    return true;
}

const ks_export_format ks_export_onnx = {
    .name = "onnx", .typed = offsetof(ks_export, onnx), .suffix = ".onnx", .bare = true, .write = write_onnx};

#include "cli/export.h"

static bool write_page(ks_export* e, ks_error* err) {
    return ks_fail(err, KS_BAD_INPUT, "%s: there is no page of problem: %s", e->policy.path, e->policy.kind->name);
}

const ks_export_format ks_export_html = {
    .name = "html",
    .suffix = ".html",
    .summary = "one page for a browser, which shows it adapt: nothing to install, no network",
    .takes = KS_EXPORT_TASK | KS_EXPORT_TASKS | KS_EXPORT_STEPS | KS_EXPORT_LR | KS_EXPORT_TRAJECTORIES |
             KS_EXPORT_SEED | KS_EXPORT_THREADS,
    .write = write_page,
};

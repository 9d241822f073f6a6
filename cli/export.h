/* export.h: what the formats of `kshot export` share: a model is opened once, and a format, one row of the table in export.c with a
 * file of its own (export_html.c …), writes it for those who know nothing of kshot. Internal to this room. */
#ifndef KS_CLI_EXPORT_H
#define KS_CLI_EXPORT_H

#include "cli/cli.h"
#include "cli/examples.h"
#include "cli/sampling.h"

enum { KS_EXPORT_MAX_TASKS = 12 };

/* Options that mean something to some formats only: a format says which it takes. All take POLICY, -o, --force, --best, -e, -s,
 * --data, --seed and -j. */
enum {
    KS_EXPORT_TASK = 1 << 0,         /* --task, several times */
    KS_EXPORT_TASKS = 1 << 1,        /* --tasks N */
    KS_EXPORT_STEPS = 1 << 2,        /* --steps K */
    KS_EXPORT_LR = 1 << 3,           /* --lr A1[,A2…] */
    KS_EXPORT_TRAJECTORIES = 1 << 4, /* --trajectories N */
};

typedef struct ks_export {
    /* as typed */
    bool html, onnx; /* one of these: the format */
    const char* output;
    bool force;
    ks_option_list task;
    int64_t tasks;            /* 0: not given */
    ks_cli_sampling sampling; /* trajectories 0, steps -1, lr NULL: not given */
    ks_problem_options problem;
    unsigned given; /* which of KS_EXPORT_* are */
    /* opened */
    ks_cli_policy policy;
} ks_export;

typedef struct ks_export_format {
    const char* name;   /* "html": what --html stands for */
    size_t typed;       /* where in ks_export its flag is */
    const char* suffix; /* that the output must have: ".html" */
    unsigned takes;     /* of KS_EXPORT_* */
    bool bare;          /* it writes the model as it is in its file: without -s, --data or where its images are */
    /* Writes e->output (ks_cli_check_output has said that it may) and says so on stdout. Errors: KS_BAD_INPUT, KS_FAILED. */
    bool (*write)(ks_export* e, ks_error* err);
} ks_export_format;

extern const ks_export_format ks_export_html;
extern const ks_export_format ks_export_onnx;

#endif

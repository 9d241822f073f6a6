#include "base/atomic_file.h"
#include "base/number.h"
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The option that getopt_long has just read, as it is typed: before its value where that is a word of its own. */
static const char* typed_option(char** argv) {
    return argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
}

int ks_cli_option(int argc, char** argv, const char* short_options, const struct option* options, ks_error* err) {
    char with_colon[64]; /* tells a missing value from an unknown option */
    snprintf(with_colon, sizeof with_colon, ":%s", short_options);
    opterr = 0;
    int found = -1;
    int c = getopt_long(argc, argv, with_colon, options, &found);
    /* it takes "--task" for --tasks, which elsewhere is another */
    if (c != '?' && c != ':' && found >= 0 && strcspn(typed_option(argv) + 2, "=") != strlen(options[found].name)) {
        ks_fail(err, KS_BAD_INPUT, "unknown option %s; did you mean --%s? `kshot %s --help` lists them",
                typed_option(argv), options[found].name, argv[0]);
        return '?';
    }
    if (c != '?' && c != ':') {
        return c;
    }
    const char* last = argv[optind - 1]; /* the option, but for a letter within a group of them */
    char letter[] = {'-', (char)optopt, 0};
    const char* text = strncmp(last, "--", 2) == 0 || optopt == 0 || optopt >= 256 ? last : letter;
    ks_fail(err, KS_BAD_INPUT,
            c == ':'        ? "option %s needs a value; `kshot %s --help` explains"
            : optopt >= 256 ? "option %s takes no value; `kshot %s --help` explains"
                            : "unknown option %s; `kshot %s --help` lists them",
            text, argv[0]);
    return '?';
}

bool ks_cli_arguments(int argc, char** argv, int count, const char* const* names, ks_error* err) {
    int given = argc - optind;
    if (given < count) {
        return ks_fail(err, KS_BAD_INPUT, "%s: %s is missing; `kshot %s --help` explains", argv[0], names[given],
                       argv[0]);
    }
    if (given > count) {
        return ks_fail(err, KS_BAD_INPUT, "%s: '%s' is one argument too many; `kshot %s --help` explains", argv[0],
                       argv[optind + count], argv[0]);
    }
    return true;
}

bool ks_cli_int(const char* option, const char* text, int64_t min, int64_t max, int64_t* value, ks_error* err) {
    return ks_parse_int(text, min, max, value) ||
           ks_fail(err, KS_BAD_INPUT, "%s: '%s' is not a whole number from %lld to %lld", option, text, (long long)min,
                   (long long)max);
}

bool ks_cli_numbers(const char* option, const char* text, size_t max, double* values, size_t* count, ks_error* err) {
    *count = 0;
    for (const char* at = text;;) {
        double value;
        bool ok = ks_scan_double(&at, &value);
        at += strspn(at, " \t"); /* "0.1 ,0.2", as "0.1, 0.2" */
        if (!ok || (*at && *at != ',')) {
            return ks_fail(err, KS_BAD_INPUT, "%s: '%s' is not a number, or numbers with commas between", option, text);
        }
        if (*count == max) {
            return ks_fail(err, KS_BAD_INPUT, "%s: '%s' has more than %zu numbers", option, text, max);
        }
        values[(*count)++] = value;
        if (!*at++) {
            return true;
        }
    }
}

bool ks_cli_lr(const char* text, double lr[KS_EVAL_MAX_STEPS], ks_error* err) {
    size_t count;
    if (!ks_cli_numbers("--lr", text, KS_EVAL_MAX_STEPS, lr, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (lr[i] < 0) {
            return ks_fail(err, KS_BAD_INPUT,
                           "--lr: '%s' has %g; a step size is above 0, or 0 for a step that changes nothing", text,
                           lr[i]);
        }
    }
    for (size_t i = count; i < KS_EVAL_MAX_STEPS; i++) {
        lr[i] = lr[count - 1];
    }
    return true;
}

bool ks_cli_run_folder(char* out, size_t room, const char* given, const char* file, const char* ending, ks_error* err) {
    const char* slash = strrchr(file, '/');
    const char* name = slash ? slash + 1 : file;
    const char* dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    if (given && !*given) {
        return ks_fail(err, KS_BAD_INPUT, "-o: the run directory's name is empty");
    }
    int used = given ? snprintf(out, room, "%s", given) : snprintf(out, room, "runs/%.*s%s", length, name, ending);
    return (used >= 0 && (size_t)used < room) ||
           ks_fail(err, KS_BAD_INPUT, "-o: the run directory's name has more than %zu letters", room - 1);
}

bool ks_cli_check_output(const char* path, bool force, ks_error* err) {
    if (strcmp(path, "-") == 0) {
        return ks_fail(err, KS_BAD_INPUT, "-o -: this output is a file; name one");
    }
    return ks_check_output(path, force, err); /* better now than after the work is done */
}

bool ks_cli_check_apart(const char* output, const char* input, ks_error* err) {
    struct stat a, b;
    return !output || !input || stat(output, &a) != 0 || stat(input, &b) != 0 || a.st_dev != b.st_dev ||
           a.st_ino != b.st_ino ||
           ks_fail(err, KS_BAD_INPUT, "-o %.400s: it is read, too%s%.400s; name another file for what is written",
                   output, strcmp(output, input) == 0 ? "" : ", as ", strcmp(output, input) == 0 ? "" : input);
}

void ks_cli_note_broken(size_t broken, size_t trajectories) {
    if (broken > 0) {
        fprintf(stderr,
                "kshot: note: %zu of %zu trajectories broke down and end there: the physics did, or a number was not "
                "finite\n",
                broken, trajectories);
    }
}

int ks_cli_print_json(cJSON* object, ks_error* err) {
    char* text = object ? cJSON_Print(object) : NULL;
    cJSON_Delete(object);
    if (!text) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return KS_FAILED;
    }
    puts(text);
    cJSON_free(text);
    return 0;
}

int ks_cli_exit(bool ok, const ks_error* err) {
    return ok ? 0 : err->code == KS_OK ? KS_FAILED : (int)err->code;
}

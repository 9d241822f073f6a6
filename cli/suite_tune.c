/* Settings of a suite's lines that are searched for: one `kshot tune` for each domain and method, on a seed and tasks that are not
 * reported. */
#include "cli/suite.h"
#include "cli/tune.h"

#include "base/number.h"
#include "base/text_file.h"
#include "figures/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what was found -------------------------------------------------------------------------------------------------------- */

/* Whether tune/search.options, which is written once the search is over, says what the suite says. */
static bool same_search(const ks_suite_line* line, const ks_suite_place* place) {
    enum { MAX_BYTES = 1 << 20 };
    char path[KS_SUITE_PATH];
    ks_text_file file;
    ks_error unused;
    ks_suite_search_path(path, line, place, "search.options");
    if (!ks_text_file_read(&file, path, MAX_BYTES, &unused)) {
        return false;
    }
    char* ours = ks_suite_options_text(&line->search, true);
    bool same = ours && strcmp(ours, file.text) == 0;
    free(ours);
    ks_text_file_free(&file);
    return same;
}

int64_t ks_suite_search_option(const ks_suite_line* line, const char* name, int64_t otherwise) {
    const ks_command_line* c = &line->search;
    int64_t value = otherwise;
    for (int i = 0; i + 1 < c->count; i++) {
        if (strcmp(c->word[i], name) == 0) {
            ks_parse_int(c->word[i + 1], 0, INT64_MAX, &value);
        }
    }
    return value;
}

/* The settings of the best trial, the first row of trials.csv: "-s", "KEY=VALUE" each. It has as many rows as there are trials. */
static bool add_best(ks_command_line* c, const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char path[KS_SUITE_PATH], setting[1024];
    ks_csv csv;
    bool more = false;
    int64_t rows = 0;
    ks_suite_search_path(path, line, place, "trials.csv");
    if (!ks_csv_open(&csv, path, err)) {
        return false;
    }
    bool ok = ks_csv_next(&csv, &more, false, err) && more;
    for (size_t i = 1; ok && i < csv.columns && strncmp(csv.names[i], "score_", 6) != 0; i++) {
        snprintf(setting, sizeof setting, "%s=%s", csv.names[i], csv.fields[i]);
        ok = ks_command_line_add(c, "-s", err) && ks_command_line_add(c, setting, err);
    }
    for (; ok && more; rows++) {
        ok = ks_csv_next(&csv, &more, false, err);
    }
    ks_csv_close(&csv);
    return ok && rows == ks_suite_search_option(line, "--trials", KS_TUNE_TRIALS);
}

/* Whether the config that was found is the line's with what was found: another config would have had another search. */
static bool same_config(const ks_suite_line* line, const ks_suite_place* place) {
    char path[KS_SUITE_PATH];
    ks_suite_search_path(path, line, place, "best.yaml");
    return !ks_suite_difference(line, path, true);
}

bool ks_suite_know(ks_suite_line* line, const ks_suite_place* place) {
    ks_command_line* c = &line->train;
    ks_error unused;
    if (line->search.count == 0 || line->found) {
        return true;
    }
    int before = c->count;
    line->found = same_search(line, place) && add_best(c, line, place, &unused) && same_config(line, place);
    while (!line->found && c->count > before) {
        free(c->word[--c->count]);
    }
    return line->found;
}

/* ---- the search ------------------------------------------------------------------------------------------------------------ */

static bool keep_options(const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    char path[KS_SUITE_PATH], *text = ks_suite_options_text(&line->search, true);
    ks_suite_search_path(path, line, place, "search.options");
    bool ok = ks_suite_write_options(path, text, err);
    free(text);
    return ok;
}

static bool tune(const ks_suite_line* line, const ks_suite_place* place, ks_error* err) {
    ks_command_line c = {0};
    char folder[KS_SUITE_PATH];
    ks_suite_search_path(folder, line, place, "");
    bool ok = ks_command_line_add(&c, "kshot", err) && ks_command_line_add(&c, "tune", err) &&
              ks_suite_add_settings(&c, line, err) && ks_command_line_add_all(&c, &line->search, err) &&
              ks_command_line_add(&c, "-o", err) && ks_command_line_add(&c, folder, err) &&
              ks_command_line_add_common(&c, place->threads, place->quiet, err) && ks_child_run(&c, place->watch, err);
    ks_command_line_free(&c);
    return ok;
}

bool ks_suite_search(ks_suite_line* line, const ks_suite_place* place, char note[256], ks_error* err) {
    char options[KS_SUITE_PATH];
    ks_suite_search_path(options, line, place, "search.options");
    ks_lock* lock = ks_suite_claim(line, place, "tune", note, err);
    if (!lock) {
        return err->code == KS_OK;
    }
    bool ok = ks_suite_know(line, place); /* another process may have done it meanwhile */
    if (!ok) {
        unlink(options);
        ok = tune(line, place, err) && keep_options(line, place, err) &&
             (ks_suite_know(line, place) ||
              ks_fail(err, KS_FAILED, "what the search has found is not there, or not of this suite"));
    }
    ks_lock_release(lock);
    return ok;
}

double ks_suite_search_share(const ks_suite_line* line) {
    int64_t trials = ks_suite_search_option(line, "--trials", KS_TUNE_TRIALS),
            halvings = ks_suite_search_option(line, "--halvings", 0);
    double share = 0, done = 0;
    trials = trials < KS_TUNE_MAX_TRIALS ? trials : KS_TUNE_MAX_TRIALS;
    halvings = halvings < KS_TUNE_MAX_HALVINGS ? halvings : KS_TUNE_MAX_HALVINGS;
    for (int64_t rung = 0; rung <= halvings; rung++, trials = (trials + 1) / 2) {
        double until = 1.0 / (double)((int64_t)1 << (halvings - rung));
        share += (double)trials * (until - done);
        done = until;
    }
    return share;
}

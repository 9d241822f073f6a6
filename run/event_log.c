#include "run/event_log.h"

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/number.h"
#include "base/text_file.h"
#include "run/event.pb-c.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char PREFIX[] = "events.out.tfevents.", SUFFIX[] = ".kshot"; /* a time stands between */

enum { TAG = 48, HOST = 65 };

struct ks_event_log {
    FILE* file;
    char path[4096];
    ks_progress_layout layout;
    ks_progress_column column[KS_PROGRESS_COLUMNS]; /* with their tags */
    /* of a row; each points to a value, whose tag is a column's */
    KsEvent__Summary__Value value[KS_PROGRESS_COLUMNS], *values[KS_PROGRESS_COLUMNS];
    uint8_t* packed; /* an event's bytes */
    size_t room;
    double flushed;
};

/* ---- records ------------------------------------------------------------------------------------------------------------- */

static uint32_t masked_crc(const void* data, size_t length) {
    uint32_t crc = ks_crc32c(data, length);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static bool cannot_write(const ks_event_log* log, ks_error* err) {
    return ks_fail(err, KS_FAILED, "cannot write %s: %s", log->path, strerror(errno));
}

static bool grow(ks_event_log* log, size_t room, ks_error* err) {
    if (room <= log->room) {
        return true;
    }
    uint8_t* grown = realloc(log->packed, room);
    if (!grown) {
        return ks_fail(err, KS_FAILED, "not enough memory for an event of %zu bytes", room);
    }
    log->packed = grown;
    log->room = room;
    return true;
}

/* Appends the event, as of now. */
static bool write_event(ks_event_log* log, KsEvent__Event* event, ks_error* err) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    event->wall_time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    uint64_t length = ks_event__event__get_packed_size(event);
    if (!grow(log, length, err)) {
        return false;
    }
    ks_event__event__pack(event, log->packed);
    uint32_t crc_of_length = masked_crc(&length, sizeof length), crc = masked_crc(log->packed, length);
    bool ok = fwrite(&length, sizeof length, 1, log->file) == 1 &&
              fwrite(&crc_of_length, sizeof crc_of_length, 1, log->file) == 1 &&
              fwrite(log->packed, 1, length, log->file) == length && fwrite(&crc, sizeof crc, 1, log->file) == 1;
    return ok || cannot_write(log, err);
}

/* ---- opening ------------------------------------------------------------------------------------------------------------- */

bool ks_event_log_owns(const char* name) {
    size_t length = strlen(name), end = sizeof SUFFIX - 1;
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 && length > end && strcmp(name + length - end, SUFFIX) == 0;
}

/* Seconds since 1970, but after those of every file that is there: they are read in the order of their names. */
static int64_t next_time(const char* directory) {
    const int64_t last = 9999999999;
    int64_t latest = (int64_t)time(NULL), other;
    DIR* folder = opendir(directory);
    for (const struct dirent* entry; folder && (entry = readdir(folder));) {
        const char* at = entry->d_name + sizeof PREFIX - 1;
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 && ks_scan_int(&at, 0, last - 1, &other)) {
            latest = other >= latest ? other + 1 : latest;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return latest;
}

static bool open_file(ks_event_log* log, const char* directory, ks_error* err) {
    char host[HOST] = "";
    gethostname(host, sizeof host - 1);
    for (char* c = host; *c; c++) {
        *c = isalnum((unsigned char)*c) || *c == '-' ? *c : '_';
    }
    int length = snprintf(log->path, sizeof log->path, "%s/%s%010lld.%s.%ld%s", directory, PREFIX,
                          (long long)next_time(directory), host, (long)getpid(), SUFFIX);
    if (length < 0 || (size_t)length >= sizeof log->path) { /* cut off, it would be no event file of ours */
        return ks_fail(err, KS_BAD_INPUT, "log: the run directory's name is too long for event files in it");
    }
    log->file = fopen(log->path, "wx");
    return log->file || cannot_write(log, err);
}

static void name_values(ks_event_log* log) {
    size_t count = ks_progress_row_columns(log->column, &log->layout, NULL);
    for (size_t i = 0; i < count; i++) {
        log->value[i] = (KsEvent__Summary__Value)KS_EVENT__SUMMARY__VALUE__INIT;
        log->value[i].tag = log->column[i].tag;
        log->value[i].value_case = KS_EVENT__SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
    }
}

/* Which format it is, and from where on earlier files do not count. */
static bool begin(ks_event_log* log, int64_t iteration, ks_error* err) {
    static char version[] = "brain.Event:2";
    KsEvent__Event first = KS_EVENT__EVENT__INIT, start = KS_EVENT__EVENT__INIT;
    KsEvent__SessionLog session = KS_EVENT__SESSION_LOG__INIT;
    first.what_case = KS_EVENT__EVENT__WHAT_FILE_VERSION;
    first.file_version = version;
    session.status = KS_EVENT__SESSION_LOG__STATUS__START;
    start.step = iteration;
    start.what_case = KS_EVENT__EVENT__WHAT_SESSION_LOG;
    start.session_log = &session;
    return write_event(log, &first, err) && write_event(log, &start, err) && ks_event_log_sync(log, err);
}

ks_event_log* ks_event_log_open(const char* directory, ks_progress_layout layout, int64_t iteration, ks_error* err) {
    ks_event_log* log = calloc(1, sizeof *log);
    if (!log) {
        ks_fail(err, KS_FAILED, "not enough memory");
        return NULL;
    }
    log->layout = layout;
    name_values(log);
    if (!open_file(log, directory, err) || !begin(log, iteration, err)) {
        ks_event_log_close(log);
        return NULL;
    }
    return log;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------- */

bool ks_event_log_text(ks_event_log* log, int64_t iteration, const char* tag, const char* path, ks_error* err) {
    enum { TENSOR = 2, STRING = 7 };
    static char plugin_name[] = "text";
    static const char BEFORE[] = "```\n", AFTER[] = "\n```\n"; /* Markdown: as it stands there */
    ks_text_file text;
    char own_tag[TAG];
    if (!ks_text_file_read(&text, path, KS_TEXT_MAX_BYTES, err)) {
        return false;
    }
    size_t length = sizeof BEFORE + text.length + sizeof AFTER;
    char* content = malloc(length);
    if (!content) {
        ks_text_file_free(&text);
        return ks_fail(err, KS_FAILED, "not enough memory");
    }
    int used = snprintf(content, length, "%s%s%s", BEFORE, text.text, AFTER);
    ks_text_file_free(&text);
    snprintf(own_tag, sizeof own_tag, "%s", tag);
    ProtobufCBinaryData bytes = {.len = (size_t)used, .data = (uint8_t*)content};
    KsEvent__Shape shape = KS_EVENT__SHAPE__INIT; /* no dimensions: one text */
    KsEvent__Tensor tensor = KS_EVENT__TENSOR__INIT;
    KsEvent__Metadata__Plugin plugin = KS_EVENT__METADATA__PLUGIN__INIT;
    KsEvent__Metadata metadata = KS_EVENT__METADATA__INIT;
    KsEvent__Summary__Value value = KS_EVENT__SUMMARY__VALUE__INIT, *values[] = {&value};
    KsEvent__Summary summary = KS_EVENT__SUMMARY__INIT;
    KsEvent__Event event = KS_EVENT__EVENT__INIT;
    tensor.dtype = STRING;
    tensor.tensor_shape = &shape;
    tensor.n_string_val = 1;
    tensor.string_val = &bytes;
    plugin.plugin_name = plugin_name;
    metadata.plugin_data = &plugin;
    metadata.data_class = TENSOR;
    value.tag = own_tag;
    value.metadata = &metadata;
    value.value_case = KS_EVENT__SUMMARY__VALUE__VALUE_TENSOR;
    value.tensor = &tensor;
    summary.n_value = 1;
    summary.value = values;
    event.step = iteration;
    event.what_case = KS_EVENT__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    bool ok = write_event(log, &event, err);
    free(content);
    return ok;
}

/* The values of a row, but the iteration, which is the step; returns how many. */
static size_t take_values(ks_event_log* log, const ks_progress_now* now) {
    ks_progress_column row[KS_PROGRESS_COLUMNS];
    size_t count = ks_progress_row_columns(row, &log->layout, now), n = 0;
    for (size_t i = 1; i < count; i++) {
        log->value[i].simple_value = (float)row[i].value;
        if (!row[i].missing) {
            log->values[n++] = &log->value[i];
        }
    }
    return n;
}

bool ks_event_log_row(ks_event_log* log, const ks_progress_now* now, ks_error* err) {
    KsEvent__Summary summary = KS_EVENT__SUMMARY__INIT;
    KsEvent__Event event = KS_EVENT__EVENT__INIT;
    summary.n_value = take_values(log, now);
    summary.value = log->values;
    event.step = now->iteration;
    event.what_case = KS_EVENT__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    if (!write_event(log, &event, err)) {
        return false;
    }
    double time = ks_clock();
    bool due = time - log->flushed >= KS_PROGRESS_FLUSH_S;
    log->flushed = due ? time : log->flushed;
    return !due || fflush(log->file) == 0 || cannot_write(log, err);
}

bool ks_event_log_sync(ks_event_log* log, ks_error* err) {
    return (fflush(log->file) == 0 && fsync(fileno(log->file)) == 0) || cannot_write(log, err);
}

void ks_event_log_close(ks_event_log* log) {
    if (log) {
        if (log->file) {
            fclose(log->file);
        }
        free(log->packed);
        free(log);
    }
}

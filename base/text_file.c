#include "base/text_file.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- bytes ---------------------------------------------------------------------------------------------------------------- */

/* Opens without waiting, as opening a pipe would that nobody writes to. Returns a descriptor, or -1 with *err filled. */
static int open_text(const char* path, struct stat* info, ks_error* err) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, info) != 0) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    } else if (S_ISDIR(info->st_mode)) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: it is a directory", path);
    } else if (!S_ISREG(info->st_mode) && !S_ISFIFO(info->st_mode)) {
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: it is neither a file nor a pipe", path);
    } else if (fcntl(fd, F_SETFL, 0) != 0) { /* a pipe's writer may take its time */
        ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    } else {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static bool make_room(ks_text_file* f, size_t room, const char* path, ks_error* err) {
    char* text = realloc(f->text, room);
    if (!text) {
        return ks_fail(err, KS_FAILED, "%s: not enough memory", path);
    }
    f->text = text;
    return true;
}

static bool read_bytes(ks_text_file* f, int fd, const struct stat* info, const char* path, size_t max_bytes,
                       ks_error* err) {
    bool regular = S_ISREG(info->st_mode);
    bool too_long = regular && (uintmax_t)info->st_size > max_bytes;
    size_t room = (regular && !too_long ? (size_t)info->st_size : 0) + 4096;
    ssize_t got = 1;
    if (!too_long && !make_room(f, room, path, err)) {
        return false;
    }
    while (!too_long && got != 0) {
        if (f->length + 1 == room) {
            room *= 2;
            if (!make_room(f, room, path, err)) {
                return false;
            }
        }
        got = read(fd, f->text + f->length, room - 1 - f->length);
        if (got < 0 && errno != EINTR) {
            return ks_fail(err, KS_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
        }
        f->length += got > 0 ? (size_t)got : 0;
        too_long = f->length > max_bytes;
    }
    if (too_long) {
        return ks_fail(err, KS_BAD_INPUT, "%s: longer than %zu bytes, which such a text never is", path, max_bytes);
    }
    f->text[f->length] = 0;
    return f->length > 0 || regular || ks_fail(err, KS_BAD_INPUT, "%s: nothing came out of this pipe", path);
}

/* ---- encoding --------------------------------------------------------------------------------------------------------------- */

/* Does every second byte of a text tend to be zero? So it is where a program has saved ASCII as UTF-16, without a mark. */
static bool is_wide(const char* text, size_t length) {
    size_t zeros[2] = {0};
    length = length < 4096 ? length : 4096;
    for (size_t i = 0; i < length; i++) {
        zeros[i % 2] += text[i] == 0;
    }
    return (zeros[0] == 0 || zeros[1] == 0) && 4 * (zeros[0] + zeros[1]) >= length;
}

static size_t line_of(const char* text, const char* place) {
    size_t line = 1;
    for (; text < place; text++) {
        line += *text == '\n' || (*text == '\r' && text[1] != '\n');
    }
    return line;
}

static bool check_encoding(const ks_text_file* f, const char* path, ks_error* err) {
    const char *text = f->text, *zero = memchr(text, 0, f->length);
    bool marked = f->length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    if (marked || (zero && is_wide(text, f->length))) {
        return ks_fail(err, KS_BAD_INPUT, "%s: is UTF-16 text; save it as UTF-8", path);
    }
    if (zero) {
        return ks_fail(err, KS_BAD_INPUT, "%s:%zu: a zero byte: this is no text", path, line_of(text, zero));
    }
    for (const char* at = text; *at;) {
        size_t bytes = ks_utf8_bytes(at);
        if (bytes == 0) {
            return ks_fail(err, KS_BAD_INPUT, "%s:%zu: byte 0x%02x is not UTF-8; save the file as UTF-8", path,
                           line_of(text, at), (unsigned char)*at);
        }
        at += bytes;
    }
    return true;
}

/* What all texts go through when their bytes are there. */
static bool finish(ks_text_file* f, const char* path, ks_error* err) {
    static const char MARK[] = "\xef\xbb\xbf";
    if (!check_encoding(f, path, err)) {
        return false;
    }
    if (strncmp(f->text, MARK, 3) == 0) {
        f->length -= 3;
        memmove(f->text, f->text + 3, f->length + 1);
    }
    f->next = f->text;
    return true;
}

bool ks_text_file_read(ks_text_file* f, const char* path, size_t max_bytes, ks_error* err) {
    struct stat info;
    *f = (ks_text_file){0};
    int fd = open_text(path, &info, err);
    if (fd < 0) {
        return false;
    }
    bool ok = read_bytes(f, fd, &info, path, max_bytes, err) && finish(f, path, err);
    close(fd);
    if (!ok) {
        ks_text_file_free(f);
    }
    return ok;
}

bool ks_text_file_copy(ks_text_file* f, const char* name, const void* bytes, size_t length, ks_error* err) {
    *f = (ks_text_file){0};
    if (!make_room(f, length + 1, name, err)) {
        return false;
    }
    memcpy(f->text, bytes, length);
    f->text[length] = 0;
    f->length = length;
    bool ok = finish(f, name, err);
    if (!ok) {
        ks_text_file_free(f);
    }
    return ok;
}

void ks_text_file_free(ks_text_file* f) {
    free(f->text);
    *f = (ks_text_file){0};
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------- */

char* ks_text_file_line(ks_text_file* f, bool* ended) {
    char* line = f->next;
    if (!*line) {
        return NULL;
    }
    char* end = line + strcspn(line, "\r\n");
    *ended = *end != 0;
    f->next = end + (*end == '\r' && end[1] == '\n') + *ended;
    *end = 0;
    f->line++;
    return line;
}

bool ks_text_is_blank(const char* line) {
    return line[strspn(line, " \t,")] == 0;
}

static char* skip_blanks(char* at) {
    return at + strspn(at, " \t");
}

/* A field in quotes that starts at `at`, without them, to the front. Returns what stands behind it; NULL if it does not end. */
static char* unquote(char* at, char** field) {
    char* out = at;
    *field = at++;
    while (*at && (*at != '"' || at[1] == '"')) {
        at += *at == '"';
        *out++ = *at++;
    }
    if (!*at) {
        return NULL;
    }
    at++;
    *out = 0;
    return skip_blanks(at);
}

/* A field without quotes. Returns the comma or the end behind it. */
static char* plain_field(char* at) {
    char* end = at + strcspn(at, ",");
    char* last = end;
    while (last > at && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    if (last < end) {
        *last = 0;
    }
    return end;
}

const char* ks_text_cut(char* line, char** fields, size_t room, size_t* count) {
    *count = 0;
    for (char *at = line, *field; at;) {
        field = at = skip_blanks(at);
        bool quoted = *at == '"';
        at = quoted ? unquote(at, &field) : plain_field(at);
        if (!at) {
            return "a quoted field does not end";
        }
        if (*at && *at != ',') {
            return "there is more behind a quoted field than a comma";
        }
        if (*count < room) {
            fields[*count] = field;
        }
        ++*count;
        bool more = *at == ',';
        *at = 0;
        at = more ? at + 1 : NULL;
    }
    return NULL;
}

const char* ks_text_lookalike(const char* line, size_t* column) {
    *column = 1;
    for (size_t bytes; (bytes = ks_utf8_bytes(line)) > 0; line += bytes, ++*column) {
        const char* name = ks_utf8_lookalike(line);
        if (name) {
            return name;
        }
    }
    return NULL;
}

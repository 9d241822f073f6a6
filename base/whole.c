#define _GNU_SOURCE /* memmem */
#include "base/whole.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct bytes {
    const unsigned char* at;
    size_t size;
} bytes;

const char ks_png_begin[] = "\x89PNG\r\n\x1a\n", ks_png_end[] = "IEND\xae\x42\x60\x82";

/* What `look` says of the file's content; of none, false. */
static bool look_at(int fd, bool (*look)(bytes file, const void* user), const void* user) {
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_size <= 0) {
        return false;
    }
    size_t size = (size_t)info.st_size;
    void* content = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (content == MAP_FAILED) {
        return false;
    }
    bool is = look((bytes){content, size}, user);
    munmap(content, size);
    return is;
}

/* ---- what has an end that is easy to know ----------------------------------------------------------------------------------- */

static bool is_between(bytes file, const void* user) {
    enum { END = 32 };
    const char* const* ends = user;
    size_t first = strlen(ends[0]), tail = file.size < END ? file.size : END;
    return file.size > END && memcmp(file.at, ends[0], first) == 0 &&
           memmem(file.at + file.size - tail, tail, ends[1], strlen(ends[1]));
}

bool ks_whole_between(int fd, const char* begin, const char* end) {
    const char* ends[] = {begin, end};
    return look_at(fd, is_between, ends);
}

/* ---- gif -------------------------------------------------------------------------------------------------------------------- */

/* Cuts n bytes off the front. False if there are not so many. */
static bool skip(bytes* rest, size_t n) {
    if (rest->size < n) {
        return false;
    }
    rest->at += n;
    rest->size -= n;
    return true;
}

/* blocks of data: a byte with the length before each, up to one of length 0 */
static bool skip_blocks(bytes* rest) {
    while (rest->size > 0 && *rest->at != 0) {
        if (!skip(rest, 1 + (size_t)*rest->at)) {
            return false;
        }
    }
    return skip(rest, 1);
}

static size_t table_size(unsigned char flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static bool is_gif(bytes rest, const void* user) {
    enum { HEADER = 13, EXTENSION = 0x21, PICTURE = 0x2c, PLACE = 10, TRAILER = 0x3b };
    size_t pictures = 0;
    if (rest.size < HEADER || memcmp(rest.at, "GIF89a", 6) != 0 || !skip(&rest, HEADER + table_size(rest.at[10]))) {
        return false;
    }
    while (rest.size > 1) {
        bool ok = false;
        if (*rest.at == EXTENSION) {
            ok = skip(&rest, 2) && skip_blocks(&rest);
        } else if (*rest.at == PICTURE && rest.size > PLACE) {
            ok = skip(&rest, PLACE + table_size(rest.at[9]) + 1) && skip_blocks(&rest);
            pictures++;
        }
        if (!ok) {
            return false;
        }
    }
    return rest.size == 1 && *rest.at == TRAILER && pictures > 0 && pictures <= *(const size_t*)user;
}

bool ks_whole_gif(int fd, size_t frames) {
    return look_at(fd, is_gif, &frames);
}

/* ---- mp4 -------------------------------------------------------------------------------------------------------------------- */

static uint64_t number(const unsigned char* at, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* Takes a box off the front. False if its size is none, or more than there is. */
static bool next_box(bytes* rest, char name[5], bytes* content) {
    if (rest->size < 8) {
        return false;
    }
    uint64_t size = number(rest->at, 4);
    size_t header = 8;
    if (size == 1 && rest->size >= 16) {
        size = number(rest->at + 8, 8);
        header = 16;
    }
    memcpy(name, rest->at + 4, 4);
    name[4] = 0;
    if (size < header || size > rest->size) {
        return false;
    }
    *content = (bytes){rest->at + header, (size_t)size - header};
    return skip(rest, (size_t)size);
}

/* The content of the first box of that name within another. */
static bool find_box(bytes* box, const char* name) {
    char found[5];
    bytes rest = *box;
    while (next_box(&rest, found, box)) {
        if (strcmp(found, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Number of pictures and of their bytes, as the index says. */
static bool read_index(bytes moov, uint64_t* pictures, uint64_t* size) {
    static const char* const PATH[] = {"trak", "mdia", "minf", "stbl", "stsz"};
    enum { HEADER = 12 };
    for (size_t i = 0; i < sizeof PATH / sizeof *PATH; i++) {
        if (!find_box(&moov, PATH[i])) {
            return false;
        }
    }
    if (moov.size < HEADER) {
        return false;
    }
    uint64_t each = number(moov.at + 4, 4);
    *pictures = number(moov.at + 8, 4);
    *size = each * *pictures;
    if (each == 0) {
        if ((moov.size - HEADER) / 4 < *pictures) {
            return false;
        }
        for (uint64_t i = 0; i < *pictures; i++) {
            *size += number(moov.at + HEADER + 4 * i, 4);
        }
    }
    return true;
}

static bool is_mp4(bytes rest, const void* user) {
    uint64_t pictures = 0, speaks_of = 0, has = 0;
    bool indexed = false;
    while (rest.size > 0) {
        char name[5];
        bytes content;
        if (!next_box(&rest, name, &content)) {
            return false;
        }
        if (strcmp(name, "moov") == 0) {
            indexed = read_index(content, &pictures, &speaks_of);
        } else if (strcmp(name, "mdat") == 0) {
            has += content.size;
        }
    }
    return indexed && pictures == *(const size_t*)user && speaks_of > 0 && speaks_of <= has;
}

bool ks_whole_mp4(int fd, size_t frames) {
    return look_at(fd, is_mp4, &frames);
}

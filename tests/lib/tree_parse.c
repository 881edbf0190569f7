#include "tree_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_PATHS = 100000, MOST_RANGES = 4 }; /* of one line */

struct complaint {
    char *text;
    size_t size;
};

static bool complain(const struct complaint *complaint, const char *about, const char *what)
{
    snprintf(complaint->text, complaint->size, "%.100s: %s", about, what);
    return false;
}

/* --- Words --- */

int tree_parse_errno(const char *word)
{
    /* clang-format off */
#define NAMED(error) {#error, error}
    static const struct {
        const char *name;
        int number;
    } errors[] = {
        NAMED(EACCES), NAMED(EAGAIN), NAMED(EBADMSG),    NAMED(EBUSY),     NAMED(ECANCELED), NAMED(ECONNRESET),
        NAMED(EFAULT), NAMED(EINTR),  NAMED(EINVAL),     NAMED(EIO),       NAMED(EISDIR),    NAMED(ELOOP),
        NAMED(EMFILE), NAMED(ENFILE), NAMED(ENETDOWN),   NAMED(ENODATA),   NAMED(ENODEV),    NAMED(ENOENT),
        NAMED(ENOMEM), NAMED(ENOSPC), NAMED(ENOSYS),     NAMED(ENOTCONN),  NAMED(ENOTSUP),   NAMED(ENXIO),
        NAMED(EPERM),  NAMED(EPROTO), NAMED(EOPNOTSUPP), NAMED(EOVERFLOW), NAMED(ERANGE),    NAMED(EREMOTEIO),
        NAMED(ESTALE), NAMED(ETIME),  NAMED(ETIMEDOUT),  NAMED(ESHUTDOWN), NAMED(EPIPE),     NAMED(EHWPOISON),
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(errors[i].name, word) == 0)
            return errors[i].number;
    return 0;
}

/* --- JSON strings --- */

/* The four hexadecimal digits of \uXXXX; -1 if they are none. */
static long take_code_unit(const char **at)
{
    char digits[5] = "";

    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)(*at)[i]))
            return -1;
        digits[i] = (*at)[i];
    }
    *at += 4;
    return strtol(digits, NULL, 16);
}

/* What follows \u; -1 if it is no character. */
static long take_character(const char **at)
{
    long high = take_code_unit(at), low;

    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || strncmp(*at, "\\u", 2) != 0)
        return -1;
    *at += 2;
    low = take_code_unit(at);
    return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : -1;
}

static void put_utf8(char **to, long character)
{
    int followers = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const int marks[] = {0, 0xc0, 0xe0, 0xf0};

    *(*to)++ = (char)(marks[followers] | (int)(character >> (6 * followers)));
    while (followers-- > 0)
        *(*to)++ = (char)(0x80 | ((character >> (6 * followers)) & 0x3f));
}

static bool take_escape(const char **at, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char letter = **at;
    const char *known = letter ? strchr(letters, letter) : NULL;
    long character;

    if (letter)
        ++*at;
    if (known) {
        *(*to)++ = meanings[known - letters];
        return true;
    }
    character = letter == 'u' ? take_character(at) : -1;
    if (character >= 0)
        put_utf8(to, character);
    return character >= 0;
}

/* bytes must have room for as many as json has. */
static bool parse_json(const char *json, char *bytes, size_t *length)
{
    const char *at = json + 1;
    char *to = bytes;

    while (*at != '"') {
        if ((unsigned char)*at < ' ')
            return false; /* the end, too */
        if (*at != '\\')
            *to++ = *at++;
        else if (at++, !take_escape(&at, &to))
            return false;
    }
    *length = (size_t)(to - bytes);
    return at[1] == '\0';
}

/* --- One line --- */

enum sign { IS, FAILS, LEADS_TO };

struct entry {
    enum sign sign;
    const char *path, *content;
};

/* Takes line apart, in place, at the first sign between blanks. */
static bool split(char *line, struct entry *entry)
{
    static const char *const signs[] = {[IS] = " = ", [FAILS] = " ! ", [LEADS_TO] = " -> "};
    char *first = NULL;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        char *at = strstr(line, signs[i]);

        if (at && (!first || at < first)) {
            first = at;
            *entry = (struct entry){.sign = (enum sign)i, .path = line, .content = at + strlen(signs[i])};
        }
    }
    if (!first || first == line)
        return false;
    *first = '\0';
    return true;
}

static bool report(const char *path, int error, const struct complaint *complaint)
{
    return error == 0 || complain(complaint, path, strerror(-error));
}

static bool put_file(struct tree *tree, const char *path, const char *content, const struct complaint *complaint)
{
    size_t length = strlen(content) + 1;
    char *bytes = memory_new(length, 1);
    bool done = false;

    if (content[0] != '"') {
        memcpy(bytes, content, length);
        bytes[length - 1] = '\n';
        done = report(path, tree_set_file(tree, path, bytes, length, 0), complaint);
    } else if (parse_json(content, bytes, &length)) {
        done = report(path, tree_set_file(tree, path, bytes, length, 0), complaint);
    } else {
        complain(complaint, content, "not a JSON string");
    }
    free(bytes);
    return done;
}

static bool put(struct tree *tree, const char *path, const struct entry *entry, const struct complaint *complaint)
{
    bool is_directory = path[strlen(path) - 1] == '/';
    int error;

    if (is_directory != (entry->sign == IS && strcmp(entry->content, "(directory)") == 0))
        return complain(complaint, path, "\"= (directory)\" and a \"/\" at the end of a path go together");
    if (is_directory)
        return report(path, tree_set_directory(tree, path), complaint);
    if (entry->sign == IS)
        return put_file(tree, path, entry->content, complaint);
    if (entry->sign == LEADS_TO) {
        if (!entry->content[0] || entry->content[0] == '/')
            return complain(complaint, path, "a link must lead to a place relative to its own");
        return report(path, tree_set_link(tree, path, entry->content), complaint);
    }
    error = tree_parse_errno(entry->content);
    if (error == 0)
        return complain(complaint, entry->content, "not an errno that files of sysfs give");
    return report(path, tree_set_file(tree, path, "", 0, error), complaint);
}

/* --- Ranges --- */

struct range {
    const char *start, *end; /* of "[a-b]" in the path */
    unsigned long low, high, now;
};

/* A range at `at`, or not. */
static bool parse_range(const char *at, struct range *range)
{
    char *end;

    if (at[0] != '[' || !isdigit((unsigned char)at[1]))
        return false;
    range->start = at;
    range->low = range->now = strtoul(at + 1, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1]))
        return false;
    range->high = strtoul(end + 1, &end, 10);
    range->end = end + 1;
    return *end == ']';
}

static bool find_ranges(const char *path, struct range *ranges, size_t *count, const struct complaint *complaint)
{
    unsigned long paths = 1;

    *count = 0;
    for (const char *at = path; (at = strchr(at, '[')); at++) {
        struct range range;

        if (!parse_range(at, &range))
            continue;
        if (range.high < range.low)
            return complain(complaint, path, "a range runs backwards");
        if (*count == MOST_RANGES || range.high - range.low >= MOST_PATHS / paths)
            return complain(complaint, path, "too many paths in one line");
        paths *= range.high - range.low + 1;
        ranges[(*count)++] = range;
    }
    return true;
}

static bool print_path(const char *path, const struct range *ranges, size_t count, char *one, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < count && n < size; i++) {
        n += (size_t)snprintf(one + n, size - n, "%.*s%lu", (int)(ranges[i].start - path), path, ranges[i].now);
        path = ranges[i].end;
    }
    if (n < size)
        n += (size_t)snprintf(one + n, size - n, "%s", path);
    return n < size;
}

/* Goes on to the next path, the last range first; false after the last path. */
static bool count_up(struct range *ranges, size_t count)
{
    while (count-- > 0) {
        if (ranges[count].now < ranges[count].high) {
            ranges[count].now++;
            return true;
        }
        ranges[count].now = ranges[count].low;
    }
    return false;
}

static bool put_all(struct tree *tree, const struct entry *entry, const struct complaint *complaint)
{
    struct range ranges[MOST_RANGES];
    char path[TREE_PATH_SIZE];
    size_t count;

    if (!find_ranges(entry->path, ranges, &count, complaint))
        return false;
    do {
        if (!print_path(entry->path, ranges, count, path, sizeof(path)))
            return complain(complaint, entry->path, strerror(ENAMETOOLONG));
        if (!put(tree, path, entry, complaint))
            return false;
    } while (count_up(ranges, count));
    return true;
}

bool tree_parse_line(struct tree *tree, const char *line, char *error, size_t size)
{
    const struct complaint complaint = {error, size};
    struct entry entry;
    bool done;
    char *copy;

    if (!*line || *line == '#')
        return true;
    copy = memory_new(strlen(line) + 1, 1);
    strcpy(copy, line);
    done = split(copy, &entry) ? put_all(tree, &entry, &complaint) : complain(&complaint, line, "not an entry");
    free(copy);
    return done;
}

bool tree_parse_file(struct tree *tree, const char *file, char *error, size_t size)
{
    FILE *lines = fopen(file, "re");
    char *line = NULL, wrong[256];
    size_t room = 0;
    bool done = true;

    if (!lines) {
        snprintf(error, size, "%s: %s", file, strerror(errno));
        return false;
    }
    for (int number = 1; done && getline(&line, &room, lines) > 0; number++) {
        line[strcspn(line, "\n")] = '\0';
        done = tree_parse_line(tree, line, wrong, sizeof(wrong));
        if (!done)
            snprintf(error, size, "%s:%d: %s", file, number, wrong);
    }
    if (ferror(lines)) {
        snprintf(error, size, "%s: %s", file, strerror(errno));
        done = false;
    }
    free(line);
    fclose(lines);
    return done;
}

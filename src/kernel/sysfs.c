#include "kernel/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sysfs_is_real(const char *root)
{
    size_t length = strlen(root);

    while (length > 1 && root[length - 1] == '/')
        length--;
    return length == strlen("/sys") && strncmp(root, "/sys", length) == 0;
}

int sysfs_open_directory(int dir, const char *path)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int sysfs_open(int dir, const char *path)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? -errno : fd;
}

ssize_t sysfs_read(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size, 0);

    if (n < 0)
        return -errno;
    if ((size_t)n == size)
        return -EFBIG;
    text[n] = '\0';
    return n;
}

ssize_t sysfs_read_file(int dir, const char *path, char *text, size_t size)
{
    int fd = sysfs_open(dir, path);
    ssize_t n;

    if (fd < 0)
        return fd;
    n = sysfs_read(fd, text, size);
    close(fd);
    return n;
}

ssize_t sysfs_read_link(int dir, const char *path, char *text, size_t size)
{
    ssize_t n = readlinkat(dir, path, text, size);

    if (n < 0)
        return -errno;
    if ((size_t)n == size)
        return -ENAMETOOLONG;
    text[n] = '\0';
    return n;
}

/* FNV-1a */
static uint64_t mark_entry(uint64_t mark, const struct dirent *entry)
{
    for (const char *c = entry->d_name; *c; c++)
        mark = (mark ^ (unsigned char)*c) * 0x100000001b3;
    for (size_t i = 0; i < sizeof(entry->d_ino); i++)
        mark = (mark ^ (entry->d_ino >> 8 * i & 0xff)) * 0x100000001b3;
    return mark;
}

int sysfs_list_marked(int dir, const char *path, bool (*each)(void *context, const char *name), void *context,
                      uint64_t *mark)
{
    int fd = sysfs_open_directory(dir, path);
    struct dirent *entry;
    DIR *stream;
    int result;

    if (fd < 0)
        return fd;
    stream = fdopendir(fd);
    if (!stream) {
        result = -errno;
        close(fd);
        return result;
    }
    *mark = 0xcbf29ce484222325;
    errno = 0;
    while ((entry = readdir(stream))) {
        if (entry->d_name[0] != '.') {
            *mark = mark_entry(*mark, entry);
            if (!each(context, entry->d_name))
                break;
        }
        errno = 0;
    }
    result = entry ? 0 : -errno;
    closedir(stream);
    return result;
}

int sysfs_list(int dir, const char *path, bool (*each)(void *context, const char *name), void *context)
{
    uint64_t mark;

    return sysfs_list_marked(dir, path, each, context, &mark);
}

bool sysfs_parse_counter(const char *text, size_t length, uint64_t *value)
{
    uint64_t number = 0;

    if (length < 2 || text[length - 1] != '\n')
        return false;
    for (const char *c = text; c < text + length - 1; c++) {
        unsigned digit = (unsigned)(*c - '0');

        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *value = number;
    return true;
}

bool sysfs_parse_number(const char *text, size_t length, int64_t *value)
{
    bool hexadecimal = length > 2 && text[0] == '0' && text[1] == 'x';
    const char *digits = text + (hexadecimal ? 2 : 0);
    long long number;
    char *end;

    if (length < 2 || text[length - 1] != '\n' || !isxdigit((unsigned char)*digits))
        return false;
    errno = 0;
    number = strtoll(text, &end, hexadecimal ? 16 : 10);
    if (errno || end != text + length - 1 || number > UINT32_MAX)
        return false;
    *value = number;
    return true;
}

bool sysfs_parse_text(const char *text, size_t length, char *printable, size_t size)
{
    while (length > 0 && text[length - 1] == '\n')
        length--;
    if (length == 0)
        return false;
    if (length >= size)
        length = size - 1;
    for (size_t i = 0; i < length; i++)
        printable[i] = (char)(text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
    printable[length] = '\0';
    return true;
}

bool sysfs_parse_state(const char *text, size_t length, int64_t *number, char *name, size_t size)
{
    const char *colon = memchr(text, ':', length);
    size_t digits = colon ? (size_t)(colon - text) : 0;
    int64_t value = 0;

    if (digits == 0 || digits > 9 || (size_t)(text + length - colon) < 3 || colon[1] != ' ')
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (text[i] - '0');
    }
    if (!sysfs_parse_text(colon + 2, (size_t)(text + length - colon) - 2, name, size))
        return false;
    *number = value;
    return true;
}

bool sysfs_parse_guid(const char *text, size_t length, char *printable, size_t size)
{
    enum { GROUP = 5, GUID = 4 * GROUP - 1, GID = 8 * GROUP - 1 };
    size_t n = length > 0 && text[length - 1] == '\n' ? length - 1 : length;
    bool zero = true;

    if (n != GUID && n != GID)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool is_separator = i % GROUP == GROUP - 1;

        if (is_separator ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return false;
        if (!is_separator && text[i] != '0')
            zero = false;
    }
    return !zero && sysfs_parse_text(text, length, printable, size);
}

/* Digits at *text, at most six of them; moves *text behind them. */
static bool take_digits(const char **text, int64_t *number)
{
    const char *start = *text;

    *number = 0;
    while (isdigit((unsigned char)**text) && *text - start < 6)
        *number = *number * 10 + *(*text)++ - '0';
    return *text > start;
}

static bool take_word(const char **text, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*text, word, n) != 0)
        return false;
    *text += n;
    return true;
}

/* text must be terminated, as sysfs_read leaves it. Format: rate_show in drivers/infiniband/core/sysfs.c */
bool sysfs_parse_rate(const char *text, size_t length, struct sysfs_rate *rate)
{
    struct sysfs_rate parsed = {0};
    const char *at = text, *generation;
    int64_t tenths = 0;
    size_t n;

    if (!take_digits(&at, &parsed.speed))
        return false;
    if (*at == '.') {
        at++;
        if (!isdigit((unsigned char)*at))
            return false;
        tenths = *at++ - '0';
    }
    if (!take_word(&at, " Gb/sec"))
        return false;
    n = (size_t)(at - text);
    if (n >= sizeof(parsed.speed_text))
        return false;
    memcpy(parsed.speed_text, text, n);
    parsed.speed = parsed.speed * 1000 + tenths * 100;
    if (!take_word(&at, " (") || !take_digits(&at, &parsed.width) || !take_word(&at, "X"))
        return false;
    snprintf(parsed.width_text, sizeof(parsed.width_text), "%dX", (int)parsed.width);
    if (*at == ' ') {
        generation = ++at;
        while (isalnum((unsigned char)*at))
            at++;
        n = (size_t)(at - generation);
        if (n == 0 || n >= sizeof(parsed.generation))
            return false;
        memcpy(parsed.generation, generation, n);
    }
    if (!take_word(&at, ")"))
        return false;
    if (*at == '\n')
        at++;
    if (at != text + length)
        return false;
    *rate = parsed;
    return true;
}

bool sysfs_is_pci_address(const char *text, size_t length)
{
    static const char form[] = "xxxx:xx:xx.x";

    if (length != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < length; i++)
        if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

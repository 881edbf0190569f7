#include "sysfs_fake.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/sysfs.h"

enum { MOST_RULES = 64, MOST_READS = 65536, PATH_SIZE = 1024 };

static struct {
    const char *part;
    int error;
    bool opening;
} rules[MOST_RULES];
static size_t rule_count;

static struct {
    char path[256]; /* its end */
    bool opening;
} events[MOST_READS];
static size_t event_count;

static const char *awaited;
static void (*call_before)(void);

static void add_rule(const char *part, int error, bool opening)
{
    ck_assert_uint_lt(rule_count, MOST_RULES);
    rules[rule_count].part = part;
    rules[rule_count].error = error;
    rules[rule_count++].opening = opening;
}

void sysfs_fake_fail(const char *part, int error)
{
    add_rule(part, error, false);
}

void sysfs_fake_fail_hold(const char *part, int error)
{
    add_rule(part, error, true);
}

void sysfs_fake_forget(void)
{
    event_count = 0;
}

static size_t count(const char *part, bool opening)
{
    size_t found = 0;

    for (size_t i = 0; i < event_count; i++)
        found += events[i].opening == opening && strstr(events[i].path, part);
    return found;
}

size_t sysfs_fake_reads(const char *part)
{
    return count(part, false);
}

size_t sysfs_fake_opens(const char *part)
{
    return count(part, true);
}

const char *sysfs_fake_first_read(const char *part)
{
    for (size_t i = 0; i < event_count; i++)
        if (!events[i].opening && strstr(events[i].path, part))
            return events[i].path;
    return NULL;
}

void sysfs_fake_call_before(const char *part, void (*call)(void))
{
    awaited = part;
    call_before = call;
}

/* The path that a descriptor stands for, with path below it if that is not NULL. */
static void find_path(int fd, const char *path, char *whole)
{
    char link[32];
    ssize_t n = 0;

    if (fd != AT_FDCWD) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, whole, PATH_SIZE / 2);
        ck_assert_int_ge(n, 0);
    }
    snprintf(whole + n, (size_t)(PATH_SIZE - n), "%s%s", path ? "/" : "", path ? path : "");
}

static int find_error(const char *path, bool opening)
{
    int error = 0;

    for (size_t i = 0; i < rule_count; i++)
        if (rules[i].opening == opening && strstr(path, rules[i].part))
            error = rules[i].error;
    return error;
}

/* Remembers the event; returns the errno it should fail with, or 0. */
static int note(const char *path, bool opening)
{
    size_t length = strlen(path), room = sizeof(events[0].path) - 1;

    if (!opening && awaited && strstr(path, awaited)) {
        awaited = NULL;
        call_before();
    }
    ck_assert_uint_lt(event_count, MOST_READS);
    strcpy(events[event_count].path, path + (length > room ? length - room : 0));
    events[event_count++].opening = opening;
    return find_error(path, opening);
}

/* --- What the linker puts in the place of sysfs --- */

int __real_sysfs_open(int dir, const char *path);
ssize_t __real_sysfs_read(int fd, char *text, size_t size);
ssize_t __real_sysfs_read_file(int dir, const char *path, char *text, size_t size);
int __wrap_sysfs_open(int dir, const char *path);
ssize_t __wrap_sysfs_read(int fd, char *text, size_t size);
ssize_t __wrap_sysfs_read_file(int dir, const char *path, char *text, size_t size);

int __wrap_sysfs_open(int dir, const char *path)
{
    char whole[PATH_SIZE];
    int error;

    find_path(dir, path, whole);
    error = note(whole, true);
    return error ? -error : __real_sysfs_open(dir, path);
}

ssize_t __wrap_sysfs_read(int fd, char *text, size_t size)
{
    char whole[PATH_SIZE];
    int error;

    find_path(fd, NULL, whole);
    error = note(whole, false);
    return error ? -error : __real_sysfs_read(fd, text, size);
}

ssize_t __wrap_sysfs_read_file(int dir, const char *path, char *text, size_t size)
{
    char whole[PATH_SIZE];
    int error;

    find_path(dir, path, whole);
    error = note(whole, false);
    return error ? -error : __real_sysfs_read_file(dir, path, text, size);
}

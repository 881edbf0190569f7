#include "port/scan_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "kernel/sysfs.h"

enum {
    REFUSALS_RUNNING = 3,
    FIRST_BACKOFF = 60 * 1000,
    LONGEST_BACKOFF = 60 * 60 * 1000,
};

void scan_file_init(struct scan_file *file)
{
    *file = (struct scan_file){.fd = -1};
}

static void let_go(struct scan_file *file, atomic_int *held)
{
    if (file->fd < 0)
        return;
    close(file->fd);
    file->fd = -1;
    atomic_fetch_sub(held, 1);
}

void scan_file_fini(struct scan_file *file, atomic_int *held)
{
    let_go(file, held);
}

void scan_file_retry(struct scan_file *file)
{
    file->refusals = 0;
    file->backoff = 0;
    file->retry_at = 0;
}

void scan_file_hurry(struct scan_file *file, int64_t now, int64_t ms)
{
    if (file->was_read && file->retry_at > now + ms)
        file->retry_at = now + ms;
}

static bool is_refusal(ssize_t error)
{
    return error == -EINVAL || error == -EOPNOTSUPP || error == -EACCES;
}

/* What a failed read means for the next one. */
static void note_failure(struct scan_pass *pass, struct scan_file *file, ssize_t error)
{
    if (error != -ENOENT)
        pass->failures++; /* not every driver has every file */
    let_go(file, pass->held);
    if (is_refusal(error)) {
        if (file->refusals < REFUSALS_RUNNING)
            file->refusals++;
        if (file->was_read && file->refusals < REFUSALS_RUNNING)
            return;
        file->backoff = file->backoff == 0 ? FIRST_BACKOFF : file->backoff * 2;
        if (file->backoff > LONGEST_BACKOFF)
            file->backoff = LONGEST_BACKOFF;
        file->retry_at = pass->now + file->backoff;
    } else if ((error == -ENODEV || error == -ENOENT) && !pass->asked_gone) {
        pass->asked_gone = true;
        pass->gone = pass->is_gone && pass->is_gone(pass->gone_context);
        pass->stopped |= pass->gone;
    }
}

/* True if a descriptor may be kept; it is counted then. */
static bool may_hold(struct scan_pass *pass)
{
    if (atomic_fetch_add(pass->held, 1) < pass->most_held)
        return true;
    atomic_fetch_sub(pass->held, 1);
    return false;
}

static ssize_t read_now(struct scan_pass *pass, struct scan_file *file, const char *path, bool hold, char *text)
{
    if (file->fd < 0 && hold && may_hold(pass)) {
        file->fd = sysfs_open(pass->device, path);
        if (file->fd < 0) {
            ssize_t error = file->fd;

            file->fd = -1;
            atomic_fetch_sub(pass->held, 1);
            if (error != -EMFILE && error != -ENFILE)
                return error;
        }
    }
    return file->fd >= 0 ? sysfs_read(file->fd, text, SCAN_TEXT_SIZE)
                         : sysfs_read_file(pass->device, path, text, SCAN_TEXT_SIZE);
}

ssize_t scan_file_read(struct scan_pass *pass, struct scan_file *file, const char *path, bool hold, char *text)
{
    ssize_t n;

    if (!pass->stopped && pass->enough && pass->enough(pass->context))
        pass->stopped = true;
    if (pass->stopped || pass->now < file->retry_at)
        return -ENODATA;
    pass->reads++;
    n = read_now(pass, file, path, hold, text);
    if (n < 0) {
        note_failure(pass, file, n);
        return n;
    }
    scan_file_retry(file);
    file->was_read = true;
    return n;
}

void scan_directory_init(struct scan_directory *directory, const char *path, size_t count)
{
    *directory = (struct scan_directory){.count = count};
    snprintf(directory->path, sizeof(directory->path), "%s", path);
    directory->files = memory_new(count, sizeof(*directory->files));
    for (size_t i = 0; i < count; i++)
        scan_file_init(&directory->files[i]);
}

void scan_directory_fini(struct scan_directory *directory, atomic_int *held)
{
    for (size_t i = 0; i < directory->count; i++)
        scan_file_fini(&directory->files[i], held);
    free(directory->files);
    *directory = (struct scan_directory){0};
}

void scan_directory_retry(struct scan_directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        scan_file_retry(&directory->files[i]);
}

/* Reads file i; 1 if it gave a value, else 0. */
static size_t read_counter(struct scan_pass *pass, struct scan_directory *directory, size_t i,
                           const struct scan_values *values)
{
    char path[SCAN_PATH_SIZE], text[SCAN_TEXT_SIZE];
    struct scan_file *file = &directory->files[i];
    uint64_t value;
    ssize_t n;

    path[0] = '\0';
    if (file->fd < 0)
        snprintf(path, sizeof(path), "%s/%s", directory->path, values->name(values->context, i));
    n = scan_file_read(pass, file, path, true, text);
    if (n < 0)
        return 0;
    if (!sysfs_parse_counter(text, (size_t)n, &value)) {
        pass->failures++;
        return 0;
    }
    values->store(values->context, i, value);
    return 1;
}

static bool all_refuse(const struct scan_directory *directory, int64_t now)
{
    for (size_t i = 0; i < directory->count; i++)
        if (directory->files[i].retry_at <= now)
            return false;
    return directory->count > 0;
}

/* The file to ask while all refuse: one that has answered before if there is one, each in its turn. */
static size_t next_probe(struct scan_directory *directory)
{
    size_t probe = directory->probe % directory->count;

    for (size_t i = 0; i < directory->count; i++) {
        size_t candidate = (probe + i) % directory->count;

        if (directory->files[candidate].was_read) {
            probe = candidate;
            break;
        }
    }
    directory->probe = probe + 1;
    return probe;
}

size_t scan_directory_read(struct scan_pass *pass, struct scan_directory *directory, const struct scan_values *values)
{
    size_t got = 0, done = SIZE_MAX;

    directory->answers_again = false;
    if (all_refuse(directory, pass->now)) {
        struct scan_file *file = &directory->files[done = next_probe(directory)], before = *file;

        file->retry_at = 0;
        got = read_counter(pass, directory, done, values);
        if (file->refusals > 0 || pass->stopped) {
            file->retry_at = before.retry_at; /* as if it had not been asked: all stay due together */
            file->backoff = before.backoff;
            return got;
        }
        scan_directory_retry(directory);
        directory->answers_again = true;
    }
    if (directory->count > 0 && done != directory->first)
        got += read_counter(pass, directory, directory->first, values);
    for (size_t i = 0; i < directory->count; i++)
        if (i != directory->first && i != done)
            got += read_counter(pass, directory, i, values);
    return got;
}

#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gather/collector.h"
#include "port/devices_source.h"
#include "base/log.h"
#include "port/port.h"
#include "port/scan.h"

enum {
    STEP = 10 * 1000 * 1000,       /* µs */
    READ_TIMEOUT = 600,            /* ms: --read-timeout at its longest */
    SPARE_DESCRIPTORS = 64 + 1024, /* directories and files that are not held */
    LONGEST_TEXT = 64,
    PATH_SIZE = 4096,
    MOST_TRIES = 100,
};

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Time passes when somebody looks: the snapshot is always too old, and nothing depends on how fast the machine is. */
static int64_t step_clock(void)
{
    static int64_t now;

    return now += STEP;
}

static int64_t no_uptime(void)
{
    return 0;
}

static void refresh(void *context, struct collector_reading *reading)
{
    collector_refresh(context, reading);
}

/* Descriptors for everything there is, as far as the host lets us. */
static void allow_descriptors(size_t wanted)
{
    struct rlimit limit = {.rlim_cur = wanted + SPARE_DESCRIPTORS, .rlim_max = wanted + SPARE_DESCRIPTORS}, old;

    if (getrlimit(RLIMIT_NOFILE, &old) != 0)
        die("getrlimit");
    if (old.rlim_cur >= limit.rlim_cur)
        return;
    if (old.rlim_max > limit.rlim_max)
        limit.rlim_max = old.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("more descriptors");
}

struct cache *reader_new(const char *sysfs_root, int most_held, int64_t max_age)
{
    static struct scan_settings scans;
    struct collector *collector;

    log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
    allow_descriptors((size_t)most_held);
    scans = (struct scan_settings){.sysfs_root = sysfs_root, .most_held = most_held};
    collector =
        collector_new(&(struct collector_settings){.source = devices_source(&scans), .read_timeout = READ_TIMEOUT});
    if (!collector)
        die("collector");
    return cache_new(&(struct cache_settings){.max_age = max_age,
                                              .clock = step_clock,
                                              .uptime = no_uptime,
                                              .refresh = refresh,
                                              .context = collector,
                                              .version = "bench"});
}

bool reader_is_whole(struct cache *cache)
{
    return cache_agent(cache)->health == HEALTH_OK && cache_agent(cache)->devices > 0;
}

int reader_settle(struct cache *cache)
{
    static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

    for (int try = 1; try <= MOST_TRIES; try++) {
        cache_restart_uptime(cache); /* what was read before is too old now */
        cache_snapshot(cache);
        if (reader_is_whole(cache))
            return try;
        nanosleep(&pause, NULL); /* a device that was given up on is not asked again at once */
    }
    errno = ENODATA;
    die("the devices are not read");
}

/* --- The bare loop --- */

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        die("memory");
    return memory;
}

/* A counter is held, or opened at each reading from its device's directory, which is. */
struct bare_file {
    int fd, device;
    const char *path;
};

struct bare {
    struct bare_file *files;
    uint64_t *values;
    size_t count;
};

/* The file of a path "ROOT/class/infiniband/DEVICE/PATH". Paths of a device follow each other. */
static struct bare_file open_file(char *path, size_t prefix, bool hold, const struct bare_file *before)
{
    static char device[PATH_SIZE];
    struct bare_file file = {.fd = -1, .device = before ? before->device : -1};
    size_t length = prefix + strcspn(path + prefix, "/");

    path[length] = '\0';
    if (strcmp(device, path) != 0) {
        snprintf(device, sizeof(device), "%s", path);
        file.device = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    file.path = path + length + 1;
    if (hold)
        file.fd = openat(file.device, file.path, O_RDONLY | O_CLOEXEC);
    if (file.device < 0 || (hold && file.fd < 0))
        die(path);
    return file;
}

struct bare *bare_new(const char *sysfs_root, size_t most_held)
{
    struct bare *bare = room(1, sizeof(*bare));
    char pattern[PATH_SIZE];
    size_t prefix;
    glob_t found; /* keeps the paths */

    prefix = (size_t)snprintf(pattern, sizeof(pattern), "%s/class/infiniband/*/ports/*/*counters/*", sysfs_root) -
             strlen("*/ports/*/*counters/*");
    if (glob(pattern, 0, NULL, &found) != 0)
        die(pattern);
    allow_descriptors(most_held < found.gl_pathc ? most_held : found.gl_pathc);
    bare->files = room(found.gl_pathc, sizeof(*bare->files));
    bare->values = room(found.gl_pathc, sizeof(*bare->values));
    for (; bare->count < found.gl_pathc; bare->count++)
        bare->files[bare->count] =
            open_file(found.gl_pathv[bare->count], prefix,
                      bare->count<most_held, bare->count> 0 ? &bare->files[bare->count - 1] : NULL);
    return bare;
}

static uint64_t read_value(int fd)
{
    char text[LONGEST_TEXT];
    ssize_t n = pread(fd, text, sizeof(text), 0);
    uint64_t value = 0;

    if (n < 0)
        die("pread");
    for (const char *c = text; c < text + n && *c >= '0' && *c <= '9'; c++)
        value = value * 10 + (uint64_t)(*c - '0');
    return value;
}

/* No check of anything but the reads themselves: a digit is what is one. */
void bare_read(struct bare *bare)
{
    for (size_t i = 0; i < bare->count; i++) {
        const struct bare_file *file = &bare->files[i];
        int fd = file->fd >= 0 ? file->fd : openat(file->device, file->path, O_RDONLY | O_CLOEXEC);

        bare->values[i] = read_value(fd);
        if (file->fd < 0)
            close(fd);
    }
}

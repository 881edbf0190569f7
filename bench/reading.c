/* reading: CPU that a refresh takes, in this process, with the parts of the daemon that read. One line of JSON for each
 * round on standard output: seconds of CPU of a refresh, of the bare loop after it, and seconds the refresh took.
 *
 *   reading SYSFS-ROOT ROUNDS MOST-HELD
 *
 * Both hold MOST-HELD descriptors open; a counter beyond them is opened, read and closed. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "port/cache.h"
#include "reader.h"

static double seconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    struct bare *bare;
    struct cache *cache;
    long rounds, most_held;

    if (argc != 4) {
        fprintf(stderr, "usage: reading SYSFS-ROOT ROUNDS MOST-HELD\n");
        return 2;
    }
    rounds = strtol(argv[2], NULL, 10);
    most_held = strtol(argv[3], NULL, 10);
    cache = reader_new(argv[1], (int)most_held, 0);
    reader_settle(cache);
    bare = bare_new(argv[1], (size_t)most_held);
    while (rounds-- > 0) {
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), refreshed;

        cache_snapshot(cache);
        refreshed = seconds(CLOCK_PROCESS_CPUTIME_ID);
        wall = seconds(CLOCK_MONOTONIC) - wall;
        bare_read(bare);
        printf("{\"cpu\": %.9f, \"wall\": %.9f, \"bare\": %.9f}\n", refreshed - cpu, wall,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - refreshed);
    }
    return 0;
}

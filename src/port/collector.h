/* collector: all devices at once. One thread reads each device, so that hung firmware holds up nobody else; one more
 * lists the class directory. A refresh waits for them, but not for long. */
#ifndef RDMA_AGENTX_COLLECTOR_H
#define RDMA_AGENTX_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/port.h"
#include "port/scan.h"

enum {
    COLLECTOR_LONGEST_REFRESH = 700, /* ms; snmpd gives a subagent a second (agentXTimeout) */
    COLLECTOR_MOST_SCANS = 8,        /* at once */
};

/* Where devices come from; collector_source_sysfs is the real one, tests have others. open, read, probe and close are
 * called by the thread of the device, list by the listing thread. */
struct collector_source {
    /* Calls each for every device; 0 or -errno. No class directory is no devices. */
    int (*list)(void *context, bool (*each)(void *names, const char *name), void *names);
    void *(*open)(void *context, const char *name);
    struct device *(*read)(void *state, const struct scan_patience *patience, int *error);
    void (*probe)(void *state);
    void (*close)(void *state);
    void *context;
};

struct collector_settings {
    struct collector_source source;
    int read_timeout;    /* ms that a device may always take */
    const char *include; /* comma-separated globs, NULL: all */
    const char *exclude; /* likewise, NULL: none; stronger than include */
};

/* One device at a refresh. */
struct collector_entry {
    char name[DEVICE_NAME_SIZE];
    struct device *device; /* NULL: nothing could be read */
    bool stalled;          /* announced as stalled, and not as recovered yet */
};

struct collector_reading {
    struct collector_entry *entries; /* one for each device there is */
    size_t count;
    int error;                 /* of listing the devices, -errno */
    uint32_t failures;         /* reads that gave no value, and devices that were not read */
    uint32_t names_not_served; /* device names that cannot be an index */
};

struct collector;

/* The files below the sysfs root of settings, which must outlive the collector. */
struct collector_source collector_source_sysfs(struct scan_settings *settings);

/* Starts the listing thread. NULL with errno if no thread can be had. settings are copied, texts in them are not. */
struct collector *collector_new(const struct collector_settings *settings);

/* Ends the threads. One that is stuck in a read is left behind, with what it uses: it ends with the process. */
void collector_free(struct collector *collector);

/* Reads all devices and returns after at most COLLECTOR_LONGEST_REFRESH. The caller takes over the devices and calls
 * collector_reading_fini. */
void collector_refresh(struct collector *collector, struct collector_reading *reading);
void collector_reading_fini(struct collector_reading *reading);

#endif

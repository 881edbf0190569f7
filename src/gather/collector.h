/* collector: all items of a source at once. One thread reads each item, so that one that hangs holds up no other; one more
 * lists them. A refresh waits for them, but not for long. What is read is known to the source and to who takes it. */
#ifndef RDMA_AGENTX_COLLECTOR_H
#define RDMA_AGENTX_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gather/patience.h"

enum {
    COLLECTOR_NAME_SIZE = 64,        /* of an item, which is an index */
    COLLECTOR_LONGEST_REFRESH = 700, /* ms; snmpd gives a subagent a second (agentXTimeout) */
    COLLECTOR_MOST_READS = 8,        /* at once */
};

/* What the collector has to know of a result. */
struct collector_summary {
    uint64_t registration; /* another one when another item has the name, or the same has begun anew */
    bool complete;         /* nothing was left unread for lack of time */
    bool whole;            /* everything in it has its value */
    uint32_t failures;     /* parts that gave no usable value */
    uint32_t parts;        /* that a complete read may have to ask for */
    uint32_t parts_read;   /* in this one */
};

/* What is worth a line in the log: each once, as it happens or begins; from COLLECTOR_UNLISTED on once more, with
 * is_over, when that is over. */
enum collector_event {
    COLLECTOR_FOUND,    /* the first result of a registration: name, result */
    COLLECTOR_REMOVED,  /* name */
    COLLECTOR_REJECTED, /* more names than before cannot be an index: one of them, as it is, and count */
    COLLECTOR_SHARING,  /* threads have no descriptors of their own (thread_own_descriptors) */
    COLLECTOR_UNLISTED, /* listing fails: error */
    COLLECTOR_LACKING,  /* count items have no thread: error */
    COLLECTOR_FAILED,   /* reading gives nothing: name, error */
    COLLECTOR_STALLED,  /* reading does not end: name */
    COLLECTOR_LATE,     /* not complete, although nothing hangs: name */
    COLLECTOR_PARTIAL,  /* complete but not whole: name, result */
    COLLECTOR_EVENTS,
};

struct collector_news {
    enum collector_event event;
    bool is_over;
    const char *name;   /* of the item; NULL: it is about all */
    const void *result; /* NULL: none */
    size_t count;
    int error; /* -errno */
};

/* Where items come from. open, read, probe and close are called by the thread of the item, list by the listing thread;
 * free by any; describe and tell by any, but one at a time, and must not wait for anything. */
struct collector_source {
    /* Calls each for every item; 0 or -errno. */
    int (*list)(void *context, bool (*each)(void *names, const char *name), void *names);
    /* What is kept of an item between reads; must not fail. */
    void *(*open)(void *context, const char *name);
    /* Reads the item. NULL with *error set to -errno if nothing could be read: -ENODEV or -ENOENT if it has just gone. When
     * patience runs out, the result is what was read until then. */
    void *(*read)(void *state, const struct patience *patience, int *error);
    /* Reads as little as shows whether the item answers at all. */
    void (*probe)(void *state);
    void (*close)(void *state);
    void (*free)(void *result); /* one that nobody took over */
    struct collector_summary (*describe)(const void *result);
    void (*tell)(void *context, const struct collector_news *news);
    void *context;
};

struct collector_settings {
    struct collector_source source;
    int read_timeout;    /* ms that an item may always take */
    const char *include; /* comma-separated globs, NULL: all */
    const char *exclude; /* likewise, NULL: none; stronger than include */
};

/* One item at a refresh. */
struct collector_entry {
    char name[COLLECTOR_NAME_SIZE];
    void *result; /* NULL: nothing could be read */
    bool stalled; /* told as stalled, and not as over yet */
};

struct collector_reading {
    struct collector_entry *entries; /* one for each item there is, sorted by name with strcmp */
    size_t count;
    int error;                 /* of listing the items, -errno */
    uint32_t failures;         /* parts that gave no value, and items that were not read, or not completely */
    uint32_t names_not_served; /* that cannot be an index */
};

struct collector;

/* Starts the listing thread. NULL with errno if no thread can be had. settings are copied, texts in them are not. */
struct collector *collector_new(const struct collector_settings *settings);

/* Ends the threads. One that is stuck in a read is left behind, with what it uses: it ends with the process. */
void collector_free(struct collector *collector);

/* Reads all items and returns after at most COLLECTOR_LONGEST_REFRESH. The caller takes over the results and calls
 * collector_reading_fini. */
void collector_refresh(struct collector *collector, struct collector_reading *reading);
void collector_reading_fini(struct collector_reading *reading);

#endif

/* family: a set of tables with a MIB module, a source and an age of its own, as the floors above see it. They iterate over
 * the list of families they are given and know none by its name. */
#ifndef RDMA_AGENTX_FAMILY_H
#define RDMA_AGENTX_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib/answer.h"

/* RdmaSourceStatus of RDMA-AGENT-MIB. */
enum source_status {
    SOURCE_STATUS_OK = 1,
    SOURCE_STATUS_PARTIAL = 2,
    SOURCE_STATUS_REFUSED = 3,
    SOURCE_STATUS_STALLED = 4,
    SOURCE_STATUS_STALE = 5,
    SOURCE_STATUS_ABSENT = 6,
    SOURCE_STATUS_FAILED = 7,
    SOURCE_STATUS_NEVER = 8,
    SOURCE_STATUS_UNSUPPORTED = 9,
    SOURCE_STATUS_ASLEEP = 10,
    SOURCE_STATUS_OFF = 11,
};

enum { FAMILY_REASON_SIZE = 256 };

/* How a family fares: its row of rdmaFamilyTable, and its part of the status line and the health. Times that are not
 * known are ABSENT. */
struct family_state {
    int64_t status; /* enum source_status */
    char reason[FAMILY_REASON_SIZE];
    int64_t interval; /* ms */
    int64_t age;      /* ms since the newest look began */
    int64_t looks;    /* that have ended */
    int64_t failures;
    int64_t last, p50, p95, p99, max; /* µs that looks took */
    int64_t rows;
    int64_t names_not_served;
};

/* A notification that is due: what it carries is in the row with this index. */
struct family_notice {
    const struct notification *notification;
    struct look look; /* until told */
    uint32_t index[INDEX_MAX];
    size_t index_length;
    char device[64]; /* for the log; port is ABSENT if it is of the device */
    int64_t port;
};

/* What tells of changes. All in the main thread; times are ms of the monotonic clock. */
struct family_notifier {
    /* Milliseconds until something is to be done or, if it may be, sent; -1: nothing is. */
    int64_t (*wait)(void *state, bool may_send, int64_t now);
    /* Becomes readable when turn should be called; -1: never. */
    int (*descriptor)(void *state);
    /* Looks if it is time to, and notes what was seen. */
    void (*turn)(void *state, int64_t now);
    /* The notice that has waited longest of those that may be sent; it is on its way until told. False: there is none. */
    bool (*next)(void *state, int64_t now, struct family_notice *notice);
    /* It was delivered, or not. Releases what the notice has. */
    void (*told)(void *state, struct family_notice *notice, bool delivered, int64_t now);
};

struct family_run;

/* What all families are given at their start. */
struct family_settings {
    const char *sysfs_root;
    const char *include, *exclude; /* devices, as globs; NULL: all, none */
    int64_t cache_ttl;             /* ms */
    int64_t read_timeout;          /* ms of one device */
    int64_t watch_interval;        /* ms: how long a change may go unnoticed by who notifies */
    bool asks_verbs;               /* libibverbs tells of links */
    bool notifies;                 /* this family is to notify managers of changes */
    int most_held;                 /* descriptors that may be held open */
    const char *version;           /* of the program */
    int64_t (*uptime)(void);       /* sysUpTime, hundredths of a second; in any thread */
    int published;                 /* an eventfd, to be written when a look has ended; -1: none */
    const struct family_run *runs; /* all families, the one that starts among them */
    size_t run_count;
};

struct family {
    const char *name; /* "port": of its option, its log lines, its row */
    const char *text; /* what it serves, in a few words: for --help */
    const struct mib *mib;
    bool is_default; /* on unless --families says otherwise */
    bool is_forced;  /* cannot be taken away */
    /* Starts to gather. NULL with errno if that cannot be. */
    void *(*start)(const struct family_settings *settings);
    void (*stop)(void *state);
    /* Somebody asks for its objects: a look that is old is made anew. Never blocks. True if view may have to wait. */
    bool (*wish)(void *state);
    /* The newest look; waits for a wished one until then (ms of the monotonic clock) at most, and sets *is_late if that
     * was in vain. False: there is none yet. To be given back by release. */
    bool (*view)(void *state, int64_t until, struct look *look, bool *is_late);
    void (*release)(void *state, struct look *look);
    /* True if view would give this look again without waiting: it may be kept from one message to the next. NULL: never. */
    bool (*is_newest)(void *state, const struct look *look);
    /* True once it has looked, in vain or not, since the start or since not_ready: until then snmpd knows nothing of it.
     * NULL: at once. */
    bool (*is_ready)(void *state);
    void (*not_ready)(void *state); /* snmpd is away; NULL if is_ready is */
    /* sysUpTime has begun anew: times that were noted before become 0. */
    void (*restart_uptime)(void *state);
    void (*describe)(void *state, struct family_state *described);
    /* Logs what it serves, at each connection to snmpd; root is the MIB's, as text. NULL: nothing. */
    void (*announce)(const struct look *look, const char *root);
    const struct family_notifier *notifier; /* NULL: it has nothing to tell */
};

/* A family in this process. */
struct family_run {
    const struct family *family;
    void *state; /* NULL: it is off */
    bool notifies;
};

#endif

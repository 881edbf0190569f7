/* source_fake: a source of items for the collector: they are read as fast, as slowly or as never as a test wants. */
#ifndef RDMA_AGENTX_SOURCE_FAKE_H
#define RDMA_AGENTX_SOURCE_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "gather/collector.h"

enum { SOURCE_FAKE_NAME_SIZE = 256 }; /* also those that are too long */

/* One item. A test changes these while nobody reads it. */
struct source_fake_item {
    char name[SOURCE_FAKE_NAME_SIZE];
    bool present; /* it is listed */
    bool hangs, probe_hangs, open_hangs;
    unsigned releases; /* of reads */
    int parts, ms;     /* a read takes so many steps of so many ms, and asks for patience before each */
    int error;         /* reads give this -errno and no result */
    bool lacks;        /* a value: results are not whole */
    uint32_t failures;
    uint64_t registration;
    unsigned opens, closes, reads, probes;
};

/* A result: what the collector hands over without looking into it. */
struct source_fake_result {
    char name[SOURCE_FAKE_NAME_SIZE];
    unsigned reads; /* of the item, this one included */
    struct collector_summary summary;
};

/* What is true of all. */
struct source_fake {
    int list_error;
    bool list_hangs;
    unsigned lists;
    int descriptor;                   /* of the test; -1: none */
    bool saw_signals, saw_descriptor; /* some thread could be interrupted, had that descriptor */
    unsigned running, most_running;
    int results;                         /* made and not freed */
    unsigned told[COLLECTOR_EVENTS][2];  /* as it begins, as it is over */
    struct collector_news news;          /* the last; what it points to may be gone */
    char news_of[SOURCE_FAKE_NAME_SIZE]; /* its name */
};

extern struct source_fake source_fake;

struct collector_source source_fake_source(void);

/* Frees the results of a refresh, and the reading. */
void source_fake_forget(struct collector_reading *reading);

/* An item that answers at once, listed from now on; the one of that name if there was one. */
struct source_fake_item *source_fake_add(const char *name);

/* From now on reads and probes of the item, or listings, do not end; or those that hang go on. */
void source_fake_hang(struct source_fake_item *item, bool reads, bool probes);
void source_fake_hang_listing(bool hangs);

/* Likewise, for the thread of an item to get as far as its first read. */
void source_fake_hang_opening(struct source_fake_item *item, bool hangs);

/* Reads that begin from now on end; those that hang go on hanging. */
void source_fake_heal(struct source_fake_item *item);

/* Nothing hangs any more. */
void source_fake_release_all(void);

/* Waits until the number is at least that; fails the test after some seconds. */
void source_fake_wait(const unsigned *number, unsigned least);

/* Likewise, in a thread that is not the test's; false after some seconds. */
bool source_fake_wait_quietly(const unsigned *number, unsigned least);

#endif

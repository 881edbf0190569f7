/* source_fake: a source of devices for the collector: they are read as fast, as slowly or as never as a test wants. */
#ifndef RDMA_AGENTX_SOURCE_FAKE_H
#define RDMA_AGENTX_SOURCE_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "port/collector.h"

/* One device. A test changes these while nobody reads it. */
struct source_fake_device {
    char name[256];
    bool present; /* it is listed */
    bool hangs, probe_hangs, open_hangs;
    unsigned releases; /* of reads */
    int files, ms;     /* a read takes so many steps of so many ms, and asks for patience before each */
    int error;         /* reads give this -errno and no device */
    uint32_t failures;
    uint64_t registration;
    unsigned opens, closes, reads, probes;
};

/* What is true of all. */
struct source_fake {
    int list_error;
    bool list_hangs;
    unsigned lists;
    int descriptor;                   /* of the test; -1: none */
    bool saw_signals, saw_descriptor; /* some thread could be interrupted, had that descriptor */
    unsigned running, most_running;
};

extern struct source_fake source_fake;

struct collector_source source_fake_source(void);

/* A device that answers at once, listed from now on; the one of that name if there was one. */
struct source_fake_device *source_fake_add(const char *name);

/* From now on reads and probes of the device, or listings, do not end; or those that hang go on. */
void source_fake_hang(struct source_fake_device *device, bool reads, bool probes);
void source_fake_hang_listing(bool hangs);

/* Likewise, for the thread of a device to get as far as its first read. */
void source_fake_hang_opening(struct source_fake_device *device, bool hangs);

/* Reads that begin from now on end; those that hang go on hanging. */
void source_fake_heal(struct source_fake_device *device);

/* Nothing hangs any more. */
void source_fake_release_all(void);

/* Waits until the number is at least that; fails the test after some seconds. */
void source_fake_wait(const unsigned *number, unsigned least);

/* Likewise, in a thread that is not the test's; false after some seconds. */
bool source_fake_wait_quietly(const unsigned *number, unsigned least);

#endif

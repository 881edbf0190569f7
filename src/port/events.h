/* events: what tells between two looks that something has happened: the kernel, of devices that come and go, and
 * libibverbs, of links. All of it becomes one descriptor to wait for. A device that is open for its events cannot be
 * removed, so it is closed as soon as the kernel wants to, and whatever may take long is done by a thread. */
#ifndef RDMA_AGENTX_EVENTS_H
#define RDMA_AGENTX_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/uevent.h"
#include "port/verbs.h"

/* Where link events come from; events_source_verbs is libibverbs, tests have others: see verbs.h. */
struct events_source {
    int (*list)(bool (*each)(void *context, const char *uverbs, const char *name), void *context);
    struct verbs_link *(*open)(const char *uverbs, const char *name, int *error);
    int (*descriptor)(const struct verbs_link *link);
    enum verbs_event (*next)(struct verbs_link *link);
    void (*close)(struct verbs_link *link);
};

struct events_settings {
    const struct events_source *source; /* NULL: no link events */
    const char *include, *exclude;      /* devices, as in struct collector_settings */
    int64_t check_interval; /* ms: should the kernel not tell, it is looked so often which devices are left */
    int uevents;            /* of uevent_open, is taken over; -1: none, and no link events either */
};

extern const struct events_source events_source_verbs;

struct events;

/* NULL with errno if no descriptor can be had. settings are copied, texts in them are not. */
struct events *events_new(const struct events_settings *settings, int64_t now);

/* Events of the devices below this root, of which only /sys has any; wants_links: of links as well. NULL after a line in
 * the log if there are none to be had. */
struct events *events_listen(const char *sysfs_root, bool wants_links, const char *include, const char *exclude,
                             int64_t check_interval, int64_t now);

/* Closes what is open, which may take as long as the driver does. */
void events_free(struct events *events);

/* Becomes readable when events_take has something to do; and how many ms it may be put off if that does not happen,
 * -1: for ever. */
int events_descriptor(const struct events *events);
int64_t events_wait(const struct events *events, int64_t now);

/* Takes what has come; true if the devices should be looked at. now is in ms. */
bool events_take(struct events *events, int64_t now);

/* Acts upon one uevent; likewise. For tests, and for events_take. */
bool events_note(struct events *events, const struct uevent *event);

#endif

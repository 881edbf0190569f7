#include "port/lookout.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

struct lookout {
    struct events *events;
    int stop, look; /* told to the thread, and by it */
    pthread_t thread;
};

/* The thread keeps the process's table of descriptors, in which those of devices come and go. */
static void *run(void *context)
{
    const struct lookout *lookout = context;
    struct pollfd wanted[] = {
        {.fd = lookout->stop, .events = POLLIN},
        {.fd = events_descriptor(lookout->events), .events = POLLIN},
    };

    while (!wanted[0].revents) {
        int64_t wait;

        if (events_take(lookout->events, clock_ms()))
            eventfd_write(lookout->look, 1);
        wait = events_wait(lookout->events, clock_ms());
        poll(wanted, 2, wait < INT_MAX ? (int)wait : INT_MAX);
    }
    return NULL;
}

static void release(struct lookout *lookout)
{
    if (lookout->stop >= 0)
        close(lookout->stop);
    if (lookout->look >= 0)
        close(lookout->look);
    free(lookout);
}

struct lookout *lookout_start(struct events *events)
{
    struct lookout *lookout = memory_new(1, sizeof(*lookout));
    int error;

    lookout->events = events;
    lookout->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lookout->look = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    error = lookout->stop < 0 || lookout->look < 0 ? -errno : thread_start(&lookout->thread, run, lookout);
    if (!error)
        return lookout;
    release(lookout);
    errno = -error;
    return NULL;
}

void lookout_end(struct lookout *lookout)
{
    if (!lookout)
        return;
    eventfd_write(lookout->stop, 1);
    pthread_join(lookout->thread, NULL);
    release(lookout);
}

int lookout_descriptor(const struct lookout *lookout)
{
    return lookout->look;
}

bool lookout_take(struct lookout *lookout)
{
    eventfd_t times;

    return eventfd_read(lookout->look, &times) == 0;
}

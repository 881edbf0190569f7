/* feed: a thread that looks at a source when somebody wants to know, or at an interval while somebody does, and publishes
 * what it has seen. Whoever serves it never waits longer than it wants to. What a look is, only its owner knows.
 *
 * On demand: a look is made when it is wished for and the newest is as old as the interval. In the background: looks are
 * made at the interval while the feed is watched, which it is for three times the distance of the last two wishes, at
 * least 15 and at most 90 minutes; a wish that comes later starts one. */
#ifndef RDMA_AGENTX_FEED_H
#define RDMA_AGENTX_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "gather/statistics.h"

struct feed_settings {
    int64_t interval; /* ms: how old the newest look may be */
    bool in_background;
    /* Takes a look, in the feed's thread; NULL: it failed. *failures is how many parts of it could not be read. */
    void *(*take)(void *context, int64_t *failures);
    void (*release)(void *look); /* nobody has it any more; in any thread */
    void *context;
    int64_t (*clock)(void); /* µs, monotonic; NULL: the real one. Tests move one of their own */
    int published;          /* an eventfd that is written when a look has ended; -1: none */
};

/* What is known of the looks without having one. */
struct feed_state {
    int64_t number;   /* of looks that have ended, the failed ones too */
    int64_t failures; /* looks that failed, and parts of others */
    int64_t age;      /* ms since the newest that succeeded began; -1: there is none */
    int64_t rest;     /* ms since the last one ended; -1: there is none, or it is not to be served any more */
    int64_t busy;     /* ms since the one under way began; -1: none is */
    bool last_failed;
    bool is_watched;
};

struct feed;

/* Starts its thread, which looks at once if it is a background one. NULL with errno if there is none to be had. settings
 * are copied. */
struct feed *feed_new(const struct feed_settings *settings);

/* Ends the thread; NULL is fine. False if it is stuck in its source: then it is left alone, and what it uses must stay, too. */
bool feed_free(struct feed *feed);

/* Somebody wants to know. Never blocks. True if a look is awaited because of that. */
bool feed_wish(struct feed *feed);

/* A look must be made whatever the age of the newest: it is not to be served any more, but to those who have it. */
void feed_expire(struct feed *feed);

/* Has a look made now, though nobody asked. Never blocks. */
void feed_look(struct feed *feed);

/* A look that stays as it is until feed_put. */
struct feed_look {
    void *look; /* what take has made */
};

/* The newest look, to be given back by feed_put; waits for one that is wished for until then (ms of the monotonic clock)
 * at most. NULL if there is none. *is_late is set if the wait was in vain. */
const struct feed_look *feed_get(struct feed *feed, int64_t until, bool *is_late);

/* True if this is the look that feed_get would give now. Takes no lock: it is asked for each value of a walk. */
bool feed_is_newest(struct feed *feed, const struct feed_look *look);

/* Gives it back; NULL is fine. */
void feed_put(struct feed *feed, const struct feed_look *look);

struct feed_state feed_state(struct feed *feed);

/* A copy of how long its looks took. */
void feed_statistics(struct feed *feed, struct statistics *statistics);

#endif

/* verbs_fake: libibverbs for tests of events: devices are pipes, come, go, hang, and have names that change. */
#ifndef RDMA_AGENTX_VERBS_FAKE_H
#define RDMA_AGENTX_VERBS_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "port/events.h"

enum { VERBS_FAKE_INTERVAL = 5000, VERBS_FAKE_PATIENCE = 10 * 1000 };

/* Fixtures: uverbs0 and uverbs1 are there, as mlx5_0 and mlx5_1, and the clock is at 1000 ms. */
void verbs_fake_set_up(void);
void verbs_fake_tear_down(void);

/* The events that are made, and what time it is for them. */
extern struct events *verbs_fake_events;
extern int64_t verbs_fake_now;
void verbs_fake_make(const char *exclude);
void verbs_fake_make_deaf(void); /* without uevents */

/* What is so with device i. */
void verbs_fake_put(int i, bool is_there);
void verbs_fake_rename(int i, const char *name);
void verbs_fake_refuse(int i, int error);
void verbs_fake_hang(bool hangs);
/* An octet for each event: 'p' of a port, 'o' another one, 'f' fatal. */
void verbs_fake_tell(int i, const char *octets);

/* What was done with it. */
bool verbs_fake_is_open(int i);
bool verbs_fake_is_closed(int i);
bool verbs_fake_is_being_opened(int i);
bool verbs_fake_was_opened_twice(int i);
int verbs_fake_openings(int i);
int verbs_fake_closings(int i);

/* Takes events until it holds; true if the devices should have been looked at meanwhile. */
bool verbs_fake_run_until(bool (*holds)(int i), int i);

/* Takes events until threads have nothing more to give back. */
void verbs_fake_settle(void);

/* The next check is due. */
void verbs_fake_check(void);

/* events_note of such a uevent. */
bool verbs_fake_note(enum uevent_action action, const char *subsystem, const char *name);

#endif

/* alerts: when managers are to be notified of ports and devices: looks at them when that is due, or when events tell, and
 * says which notification is next. Of the main thread. */
#ifndef RDMA_AGENTX_ALERTS_H
#define RDMA_AGENTX_ALERTS_H

#include "family/family.h"
#include "gather/feed.h"

struct alerts;

/* Alerts of the looks of this feed, each of which is a struct port_look. */
struct alerts *alerts_new(const struct family_settings *settings, struct feed *feed);
void alerts_free(struct alerts *alerts);

/* As in struct family_notifier. */
int64_t alerts_wait(struct alerts *alerts, bool may_send, int64_t now);
int alerts_descriptor(const struct alerts *alerts);
void alerts_turn(struct alerts *alerts, int64_t now);
bool alerts_next(struct alerts *alerts, int64_t now, struct family_notice *notice);
void alerts_told(struct alerts *alerts, struct family_notice *notice, bool delivered, int64_t now);

#endif

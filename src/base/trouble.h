/* trouble: one thing that may be wrong, as the log tells it: once when it begins and once when it is over. What comes
 * and goes is over only after a while without it, so that it cannot fill the log, however often somebody looks. Time is
 * a parameter. */
#ifndef RDMA_AGENTX_TROUBLE_H
#define RDMA_AGENTX_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum { TROUBLE_WHILE = 10 * 1000 }; /* ms without it */

enum trouble_news { TROUBLE_AS_BEFORE, TROUBLE_BEGINS, TROUBLE_IS_OVER };

struct trouble {
    bool told;
    int64_t last; /* ms: when it was last seen */
};

/* Notes whether it is there at the moment now (ms, monotonic). Returns what is worth a line. */
enum trouble_news trouble_note(struct trouble *trouble, bool is_there, int64_t now);

#endif

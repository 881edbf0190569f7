/* bucket: a token bucket: so many at once, and one more in every interval. Time is a parameter. */
#ifndef RDMA_AGENTX_BUCKET_H
#define RDMA_AGENTX_BUCKET_H

#include <stdint.h>

struct bucket {
    int64_t most;     /* tokens it has room for */
    int64_t interval; /* ms until there is one more */
    int64_t tokens, filled_at;
};

/* A full bucket. */
struct bucket bucket_new(int64_t most, int64_t interval);

/* Milliseconds until there is a token; 0 if there is one. now never goes back. */
int64_t bucket_wait(const struct bucket *bucket, int64_t now);

/* Takes the token that is there. */
void bucket_take(struct bucket *bucket, int64_t now);

#endif

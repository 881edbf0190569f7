#include "base/bucket.h"

struct bucket bucket_new(int64_t most, int64_t interval)
{
    return (struct bucket){.most = most, .interval = interval, .tokens = most};
}

static int64_t fresh_tokens(const struct bucket *bucket, int64_t now)
{
    return (now - bucket->filled_at) / bucket->interval;
}

int64_t bucket_wait(const struct bucket *bucket, int64_t now)
{
    if (bucket->tokens + fresh_tokens(bucket, now) > 0)
        return 0;
    return bucket->filled_at + bucket->interval - now;
}

/* What has begun to form of the next token is kept, unless the bucket was full. */
void bucket_take(struct bucket *bucket, int64_t now)
{
    int64_t fresh = fresh_tokens(bucket, now);

    if (bucket->tokens + fresh >= bucket->most) {
        bucket->tokens = bucket->most;
        bucket->filled_at = now;
    } else {
        bucket->tokens += fresh;
        bucket->filled_at += fresh * bucket->interval;
    }
    bucket->tokens--;
}

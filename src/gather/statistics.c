#include "gather/statistics.h"

#include <string.h>

static size_t rank(const struct statistics *statistics, uint32_t duration)
{
    size_t low = 0, high = statistics->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (statistics->sorted[middle] < duration)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void statistics_add(struct statistics *statistics, int64_t microseconds)
{
    uint32_t *sorted = statistics->sorted, duration = microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds;
    size_t at;

    if (statistics->count == STATISTICS_WINDOW) {
        at = rank(statistics, statistics->ring[statistics->next]);
        statistics->count--;
        memmove(&sorted[at], &sorted[at + 1], (statistics->count - at) * sizeof(*sorted));
    }
    at = rank(statistics, duration);
    memmove(&sorted[at + 1], &sorted[at], (statistics->count - at) * sizeof(*sorted));
    sorted[at] = duration;
    statistics->count++;
    statistics->ring[statistics->next] = duration;
    statistics->next = (statistics->next + 1) % STATISTICS_WINDOW;
    statistics->looks++;
    statistics->last = microseconds;
    statistics->sum += microseconds;
}

int64_t statistics_percentile(const struct statistics *statistics, unsigned percent)
{
    size_t at = (statistics->count * percent + 99) / 100;

    return statistics->count > 0 ? statistics->sorted[at > 0 ? at - 1 : 0] : 0;
}

#include "gather/collector_tell.h"

#include <errno.h>

#include "base/clock.h"

static void tell(const struct collector_source *source, struct collector_news news)
{
    source->tell(source->context, &news);
}

/* news is what there is to tell if the trouble begins now. */
static void tell_trouble(const struct collector_source *source, struct trouble *trouble, bool is_there, int64_t now,
                         struct collector_news news)
{
    switch (trouble_note(trouble, is_there, now)) {
    case TROUBLE_BEGINS:
        tell(source, news);
        break;
    case TROUBLE_IS_OVER:
        tell(source, (struct collector_news){.event = news.event, .is_over = true, .name = news.name});
        break;
    case TROUBLE_AS_BEFORE:
        break;
    }
}

void collector_tell_listing(struct collector_told *told, int error, const struct collector_names *names)
{
    tell_trouble(told->source, &told->listing, error != 0, clock_ms(),
                 (struct collector_news){.event = COLLECTOR_UNLISTED, .error = error});
    if (names->not_served > told->names)
        tell(told->source,
             (struct collector_news){.event = COLLECTOR_REJECTED, .name = names->rejected, .count = names->not_served});
    told->names = names->not_served;
}

void collector_tell_lacking(struct collector_told *told, size_t count, int error)
{
    tell_trouble(told->source, &told->lacking, count > 0, clock_ms(),
                 (struct collector_news){.event = COLLECTOR_LACKING, .count = count, .error = error});
}

static void tell_of(const struct worker *worker, enum collector_event event, bool is_over)
{
    tell(&worker->pool->settings->source,
         (struct collector_news){.event = event, .is_over = is_over, .name = worker->name, .result = worker->result});
}

static void tell_trouble_of(const struct worker *worker, struct trouble *trouble, bool is_there, int64_t now,
                            enum collector_event event)
{
    tell_trouble(&worker->pool->settings->source, trouble, is_there, now,
                 (struct collector_news){
                     .event = event, .name = worker->name, .result = worker->result, .error = worker->error});
}

void collector_tell_removal(const struct worker *worker)
{
    tell_of(worker, COLLECTOR_REMOVED, false);
}

static void tell_stall(struct worker *worker)
{
    if (worker->state == WORKER_STALLED && !worker->stalled) {
        worker->stalled = true;
        tell_of(worker, COLLECTOR_STALLED, false);
    } else if (worker->stalled && worker->result && worker->complete_reads >= WORKER_COMPLETE_READS_TO_RECOVER) {
        worker->stalled = false;
        tell_of(worker, COLLECTOR_STALLED, true);
    }
}

void collector_tell_worker(struct worker *worker)
{
    int64_t now = clock_ms();
    bool is_complete = worker->result && worker->summary.complete;

    if (worker->result && worker->summary.registration != worker->registration) {
        worker->registration = worker->summary.registration;
        tell_of(worker, COLLECTOR_FOUND, false);
    }
    if (worker->error == -ENODEV || worker->error == -ENOENT)
        return; /* it goes */
    tell_trouble_of(worker, &worker->failed, worker->error != 0, now, COLLECTOR_FAILED);
    tell_stall(worker);
    if (worker->state != WORKER_STALLED)
        tell_trouble_of(worker, &worker->late, !is_complete && worker->error == 0, now, COLLECTOR_LATE);
    if (is_complete)
        tell_trouble_of(worker, &worker->partial, !worker->summary.whole, now, COLLECTOR_PARTIAL);
}

void collector_tell_descriptors(struct worker_pool *pool)
{
    if (pool->shares_descriptors && !pool->sharing_told)
        tell(&pool->settings->source, (struct collector_news){.event = COLLECTOR_SHARING});
    pool->sharing_told |= pool->shares_descriptors;
}

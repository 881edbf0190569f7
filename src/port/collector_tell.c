#include "port/collector_tell.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

void collector_tell_listing(struct collector_told *told, int error, const struct collector_names *names)
{
    enum trouble_news news = trouble_note(&told->listing, error != 0, clock_ms());

    if (news == TROUBLE_BEGINS)
        log_error("cannot list the RDMA devices", LOG_TEXT("error", strerror(-error)));
    else if (news == TROUBLE_IS_OVER)
        log_info("can list the RDMA devices again");
    if (names->not_served > told->names)
        log_warn("device name cannot be an SNMP index: 1 to 63 printable ASCII characters would",
                 LOG_TEXT("device", names->rejected), LOG_NUMBER("names", names->not_served));
    told->names = names->not_served;
}

void collector_tell_lacking(struct collector_told *told, size_t count, int error)
{
    enum trouble_news news = trouble_note(&told->lacking, count > 0, clock_ms());

    if (news == TROUBLE_BEGINS)
        log_error("cannot start a thread for each device", LOG_NUMBER("lacking", count),
                  LOG_TEXT("error", strerror(error)));
    else if (news == TROUBLE_IS_OVER)
        log_info("each device has a thread again");
}

static void tell_counters(const char *row, const struct named_counters *named)
{
    if (named->names && named->names->not_served > 0)
        log_warn("counter name cannot be an SNMP index: 48 printable ASCII characters can, of a device's own 49",
                 LOG_TEXT("of", row), LOG_TEXT("counter", named->names->rejected),
                 LOG_NUMBER("names", named->names->not_served));
}

/* The first reading of a registration. */
static void tell_registration(const struct device *device)
{
    log_info("device found", LOG_TEXT("device", device->name), LOG_NUMBER("ports", device->port_count));
    tell_counters(device->name, &device->named);
    for (int64_t i = 0; i < device->port_count; i++)
        tell_counters(device->ports[i].name, &device->ports[i].named);
}

static void tell_opening(struct worker *worker, int64_t now)
{
    enum trouble_news news = trouble_note(&worker->unopened, worker->error != 0, now);

    if (news == TROUBLE_BEGINS)
        log_error("cannot open the device", LOG_TEXT("device", worker->name),
                  LOG_TEXT("error", strerror(-worker->error)));
    else if (news == TROUBLE_IS_OVER)
        log_info("can open the device again", LOG_TEXT("device", worker->name));
}

static void tell_stall(struct worker *worker, const struct device *device)
{
    if (worker->state == WORKER_STALLED && !worker->stalled) {
        worker->stalled = true;
        log_warn("device stalled: a read does not return", LOG_TEXT("device", worker->name));
    } else if (worker->stalled && device && worker->whole_scans >= WORKER_WHOLE_SCANS_TO_RECOVER) {
        worker->stalled = false;
        log_info("device recovered", LOG_TEXT("device", worker->name));
    }
}

/* Nothing hangs, but not all could be read in the time there is. */
static void tell_lateness(struct worker *worker, const struct device *device, int64_t now)
{
    bool is_late = device ? !device->complete : worker->error == 0;

    if (worker->state == WORKER_STALLED)
        return;
    switch (trouble_note(&worker->late, is_late, now)) {
    case TROUBLE_BEGINS:
        log_warn("device not read in time", LOG_TEXT("device", worker->name));
        break;
    case TROUBLE_IS_OVER:
        log_info("device read in time again", LOG_TEXT("device", worker->name));
        break;
    case TROUBLE_AS_BEFORE:
        break;
    }
}

/* The row in which something is missing: a port, or the device itself. */
static const char *partial_row(const struct device *device)
{
    for (int64_t i = 0; i < device->port_count; i++)
        if (device->ports[i].status != STATUS_OK)
            return device->ports[i].name;
    return device->name;
}

/* A file gives no value although there was time to read it. */
static void tell_completeness(struct worker *worker, const struct device *device, int64_t now)
{
    if (!device || !device->complete)
        return;
    switch (trouble_note(&worker->partial, device->status != STATUS_OK, now)) {
    case TROUBLE_BEGINS:
        log_info("device partial: not all of its files give a value", LOG_TEXT("device", worker->name),
                 LOG_TEXT("first", partial_row(device)));
        break;
    case TROUBLE_IS_OVER:
        log_info("device whole again", LOG_TEXT("device", worker->name));
        break;
    case TROUBLE_AS_BEFORE:
        break;
    }
}

void collector_tell_worker(struct worker *worker, const struct device *device)
{
    int64_t now = clock_ms();

    if (device && device->registration != worker->registration) {
        worker->registration = device->registration;
        tell_registration(device);
    }
    if (worker->error == -ENODEV || worker->error == -ENOENT)
        return; /* it goes */
    tell_opening(worker, now);
    tell_stall(worker, device);
    tell_lateness(worker, device, now);
    tell_completeness(worker, device, now);
}

void collector_tell_descriptors(struct worker_pool *pool)
{
    if (pool->shares_descriptors && !pool->sharing_told)
        log_warn("threads cannot have descriptors of their own (unshare is refused): while a device hangs, the end of "
                 "this process does not close its connection");
    pool->sharing_told |= pool->shares_descriptors;
}

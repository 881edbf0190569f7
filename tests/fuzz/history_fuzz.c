/* history_fuzz: devices that come, go, stall and count as they like, against a plain model of what history must have
 * noticed. The input is a list of refreshes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/catalogue.h"
#include "fuzz.h"
#include "port/history.h"
#include "lib/rows.h"

enum { DEVICES = 3, MOST_REFRESHES = 64, ERRORS = 0, DATA = 1, COUNTERS = 2 };

static const char *const names[DEVICES] = {"mlx5_0", "mlx5_10", "rxe0"}; /* as strcmp sorts */
static const char *const files[COUNTERS] = {"symbol_error", "port_xmit_data"};
enum { SYMBOL_ERROR_LIMIT = 65535 };

/* What must be known of a device. */
struct model {
    bool exists;
    uint64_t registration;
    int64_t registered, state, previous_state, last_change, state_changes;
    int64_t counter_discontinuity, named_discontinuity, device_discontinuity;
    bool was_read[COUNTERS], named_was_read, device_was_read;
    uint64_t last[COUNTERS], named_last, device_last;
    uint32_t errors;
};

/* What a refresh reads of it. */
struct reading {
    bool exists, is_stalled, has[COUNTERS], has_named, has_device;
    uint64_t registration, value[COUNTERS], named, of_device;
    int64_t state;
};

static uint64_t take_value(struct fuzz_input *input, uint64_t last)
{
    uint8_t octet = fuzz_octet(input);

    switch (octet) {
    case 255:
        return UINT64_MAX;
    case 254:
        return SYMBOL_ERROR_LIMIT;
    case 253:
        return 0;
    case 252:
        return (uint64_t)fuzz_number(input) << 32 | fuzz_number(input);
    default:
        return last + octet;
    }
}

static struct reading take_reading(struct fuzz_input *input, const struct model *model)
{
    uint8_t bits = fuzz_octet(input), state = fuzz_octet(input);
    struct reading reading = {.exists = bits & 1, .registration = model->registration + (bits >> 1 & 1)};

    reading.is_stalled = bits >> 2 & 1;
    reading.state = reading.is_stalled || state > 5 ? ABSENT : state;
    for (size_t i = 0; i < COUNTERS; i++) {
        reading.has[i] = !reading.is_stalled && bits >> (3 + i) & 1;
        reading.value[i] = reading.has[i] ? take_value(input, model->last[i]) : 0;
    }
    reading.has_named = !reading.is_stalled && bits >> 5 & 1;
    reading.named = reading.has_named ? take_value(input, model->named_last) : 0;
    reading.has_device = !reading.is_stalled && bits >> 6 & 1;
    reading.of_device = reading.has_device ? take_value(input, model->device_last) : 0;
    return reading;
}

static struct device *make_device(const char *name, const struct reading *reading)
{
    struct device *device = rows_device(name, 1);
    struct port *port = &device->ports[0];

    device->registration = reading->registration;
    device->status = port->status = reading->is_stalled ? STATUS_STALLED : STATUS_OK;
    port->state = reading->state;
    rows_name_port_counters(device, 0, "np_cnp_sent active_qps");
    rows_name_device_counters(device, "some_counter");
    for (size_t i = 0; i < COUNTERS; i++)
        if (reading->has[i])
            rows_set_counter(device, 0, TABLE_PORT_COUNTER, files[i], reading->value[i]);
    if (reading->has_named) {
        rows_set_named(&port->named, "np_cnp_sent", reading->named);
        rows_set_named(&port->named, "active_qps", UINT64_MAX - reading->named); /* a gauge may fall */
    }
    if (reading->has_device)
        rows_set_named(&device->named, "some_counter", reading->of_device);
    return device;
}

/* --- The model --- */

/* Returns whether the counter fell. */
static bool note(bool *was_read, uint64_t *last, uint64_t value, uint64_t *growth)
{
    bool fell = *was_read && value < *last;

    *growth = *was_read && value > *last ? value - *last : 0;
    *was_read = true;
    *last = value;
    return fell;
}

static void note_reading(struct model *model, const struct reading *reading, int64_t uptime)
{
    uint64_t growth;

    if (!reading->exists) {
        *model = (struct model){.registration = model->registration};
        return;
    }
    if (!model->exists || model->registration != reading->registration)
        *model = (struct model){.exists = true,
                                .registration = reading->registration,
                                .registered = uptime,
                                .state = ABSENT,
                                .previous_state = ABSENT,
                                .counter_discontinuity = uptime,
                                .named_discontinuity = uptime,
                                .device_discontinuity = uptime};
    if (reading->state != ABSENT) {
        if (model->state != ABSENT && model->state != reading->state) {
            model->previous_state = model->state;
            model->last_change = uptime;
            model->state_changes++;
        }
        model->state = reading->state;
    }
    for (size_t i = 0; i < COUNTERS; i++) {
        if (!reading->has[i])
            continue;
        if (note(&model->was_read[i], &model->last[i], reading->value[i], &growth))
            model->counter_discontinuity = uptime;
        if (i == ERRORS)
            model->errors += (uint32_t)growth;
    }
    if (reading->has_named && note(&model->named_was_read, &model->named_last, reading->named, &growth))
        model->named_discontinuity = uptime;
    if (reading->has_device && note(&model->device_was_read, &model->device_last, reading->of_device, &growth))
        model->device_discontinuity = uptime;
}

static void forget_times(struct model *model)
{
    model->registered = model->last_change = 0;
    model->counter_discontinuity = model->named_discontinuity = model->device_discontinuity = 0;
}

static void check(const struct model *model, const struct reading *reading, const struct device *device)
{
    const struct port_history *noticed = &device->ports[0].history;

    FUZZ_REQUIRE(device->registered == model->registered);
    FUZZ_REQUIRE(device->counter_discontinuity == model->device_discontinuity);
    FUZZ_REQUIRE(noticed->previous_state == model->previous_state && noticed->last_change == model->last_change);
    FUZZ_REQUIRE(noticed->state_changes == model->state_changes);
    FUZZ_REQUIRE((uint64_t)noticed->error_events == model->errors);
    FUZZ_REQUIRE(noticed->counter_discontinuity == model->counter_discontinuity);
    FUZZ_REQUIRE(noticed->named_counter_discontinuity == model->named_discontinuity);
    if (reading->is_stalled)
        FUZZ_REQUIRE(noticed->saturated == ABSENT);
    else
        FUZZ_REQUIRE(noticed->saturated == (reading->has[ERRORS] && reading->value[ERRORS] == SYMBOL_ERROR_LIMIT) +
                                               (reading->has[DATA] && reading->value[DATA] == UINT32_MAX));
}

static void refresh(struct fuzz_input *input, struct history *history, struct model *models, int64_t uptime)
{
    struct reading readings[DEVICES];
    struct device *devices[DEVICES];
    size_t count = 0, at = 0;

    for (size_t i = 0; i < DEVICES; i++) {
        readings[i] = take_reading(input, &models[i]);
        note_reading(&models[i], &readings[i], uptime);
        if (readings[i].exists)
            devices[count++] = make_device(names[i], &readings[i]);
    }
    history_note(history, devices, count, uptime);
    for (size_t i = 0; i < DEVICES; i++)
        if (readings[i].exists)
            check(&models[i], &readings[i], devices[at++]);
    for (size_t i = 0; i < count; i++)
        device_free(devices[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    struct fuzz_input input = {octets, size};
    struct history *history = history_new();
    struct model models[DEVICES] = {{0}};
    int64_t uptime = 1;

    for (int i = 0; i < MOST_REFRESHES && input.left > 0; i++) {
        uint8_t step = fuzz_octet(&input);

        uptime += step;
        if (step == 255) { /* snmpd has started again */
            history_forget_times(history);
            for (size_t j = 0; j < DEVICES; j++)
                forget_times(&models[j]);
            uptime = 1;
        }
        refresh(&input, history, models, uptime);
    }
    history_free(history);
    return 0;
}

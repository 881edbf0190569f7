/* answer_fuzz: a request's name in, an answer out, against a linear search over every instance there is. The input makes
 * the devices first, then the names to ask for. */
#include <stdio.h>
#include <string.h>

#include "mib/answer.h"
#include "port/snapshot.h"
#include "fuzz.h"
#include "lib/oracle.h"
#include "lib/rows.h"

enum {
    MOST_DEVICES = 3,
    MOST_PORTS = 3,
    MOST_COUNTERS = 4,
    MOST_REQUESTS = 8,
    MOST_PARTS = 126, /* of a name behind the root, which has two at least */
    LONGEST_PORT_COUNTER = 48,
    LONGEST_DEVICE_COUNTER = 49,
};

struct world {
    struct agent_state agent;
    struct device *device[MOST_DEVICES];
    size_t count;
    struct snapshot *snapshot;
    struct look look;
    struct oracle oracle;
};

/* --- Devices --- */

/* A name of 1 to longest characters, none of them a space, which parts names in rows. */
static size_t take_name(struct fuzz_input *input, char *name, size_t longest)
{
    size_t length = fuzz_octet(input) % longest + 1;

    for (size_t i = 0; i < length; i++)
        name[i] = (char)('!' + fuzz_octet(input) % ('~' - '!' + 1));
    name[length] = '\0';
    return length;
}

/* Names in one text, separated by spaces, none twice: a directory has none twice either. */
static void take_names(struct fuzz_input *input, char *names, size_t longest)
{
    size_t count = fuzz_octet(input) % (MOST_COUNTERS + 1), end = 0;

    names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char name[COUNTER_NAME_SIZE], spaced[COUNTER_NAME_SIZE + 2], all[MOST_COUNTERS * COUNTER_NAME_SIZE + 2];

        take_name(input, name, longest);
        snprintf(spaced, sizeof(spaced), " %s ", name);
        snprintf(all, sizeof(all), " %s ", names);
        if (!strstr(all, spaced))
            end += (size_t)sprintf(names + end, "%s%s", end > 0 ? " " : "", name);
    }
}

static bool is_taken(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->count; i++)
        if (strcmp(world->device[i]->name, name) == 0)
            return true;
    return false;
}

static void take_device(struct fuzz_input *input, struct world *world)
{
    char name[DEVICE_NAME_SIZE], names[MOST_COUNTERS * COUNTER_NAME_SIZE];
    int64_t ports[MOST_PORTS];
    size_t count = 0, wanted;
    struct device *device;
    uint64_t seed;

    take_name(input, name, sizeof(name) - 1);
    if (is_taken(world, name))
        return;
    wanted = fuzz_octet(input) % (MOST_PORTS + 1);
    for (size_t i = 0; i < wanted; i++) {
        uint32_t number = fuzz_number(input);

        if (count == 0 || number > ports[count - 1])
            ports[count++] = number;
    }
    device = rows_device_with_ports(name, ports, count);
    take_names(input, names, LONGEST_DEVICE_COUNTER);
    rows_name_device_counters(device, names);
    for (size_t i = 0; i < count; i++) {
        take_names(input, names, LONGEST_PORT_COUNTER);
        rows_name_port_counters(device, i, names);
    }
    seed = fuzz_octet(input);
    rows_fill(device, &seed);
    world->device[world->count++] = device;
}

static void take_world(struct fuzz_input *input, struct world *world)
{
    size_t devices = fuzz_octet(input) % (MOST_DEVICES + 1);

    *world = (struct world){.agent = rows_agent()};
    for (size_t i = 0; i < devices; i++)
        take_device(input, world);
    oracle_init(&world->oracle, &world->agent, world->device, world->count);
    world->snapshot = snapshot_new(world->device, world->count);
    world->look = (struct look){.view = snapshot_view(world->snapshot), .scalars = &world->agent};
}

/* --- Requests --- */

/* A name, made of one that exists, cut somewhere and changed in one place, and what follows. */
static size_t take_request(struct fuzz_input *input, const struct world *world, uint32_t *name)
{
    size_t from = fuzz_number(input), length = fuzz_octet(input), more;

    if (length > 0) {
        const struct oracle_instance *instance = &world->oracle.instances[from % world->oracle.count];

        length = length > instance->length ? instance->length : length;
        memcpy(name, instance->name, length * sizeof(*name));
        if (fuzz_octet(input) & 1)
            name[fuzz_octet(input) % length] += fuzz_number(input);
    }
    more = fuzz_octet(input);
    for (size_t i = 0; i < more && length < MOST_PARTS; i++)
        name[length++] = fuzz_number(input);
    return length;
}

static void check_same(const struct world *world, const struct oracle_instance *wanted, const struct answer *answer)
{
    uint32_t name[INDEX_MAX];
    size_t length = answer_name(&world->look, answer, name);

    FUZZ_REQUIRE(oracle_compare(wanted->name, wanted->length, name, length) == 0);
    FUZZ_REQUIRE(wanted->column == answer->column && wanted->value.type == answer->value.type);
    FUZZ_REQUIRE(wanted->value.type == SMI_TEXT ? strcmp(wanted->value.text, answer->value.text) == 0
                                                : wanted->value.number == answer->value.number);
}

static void check_request(const struct world *world, const uint32_t *name, size_t length)
{
    const struct oracle_instance *here = oracle_get(&world->oracle, name, length);
    const struct oracle_instance *next = oracle_next(&world->oracle, name, length);
    uint32_t found[INDEX_MAX];
    struct answer answer;

    FUZZ_REQUIRE((answer_get(&world->look, name, length, &answer) == ANSWER_FOUND) == (here != NULL));
    if (here)
        check_same(world, here, &answer);
    FUZZ_REQUIRE(answer_next(&world->look, name, length, &answer) == (next != NULL));
    if (!next)
        return;
    check_same(world, next, &answer);
    length = answer_name(&world->look, &answer, found);
    FUZZ_REQUIRE(answer_get(&world->look, found, length, &answer) == ANSWER_FOUND);
    check_same(world, next, &answer);
}

/* A walk shows each instance once. */
static void check_walk(const struct world *world)
{
    uint32_t name[INDEX_MAX], before[INDEX_MAX];
    size_t length = 0, seen = 0;
    struct answer answer;

    while (answer_next(&world->look, name, length, &answer)) {
        size_t last = length;

        memcpy(before, name, length * sizeof(*name));
        length = answer_name(&world->look, &answer, name);
        FUZZ_REQUIRE(oracle_compare(before, last, name, length) < 0);
        seen++;
    }
    FUZZ_REQUIRE(seen == world->oracle.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    struct fuzz_input input = {octets, size};
    uint32_t name[MOST_PARTS];
    struct world world;

    take_world(&input, &world);
    check_walk(&world);
    for (size_t i = 0; i < MOST_REQUESTS && input.left > 0; i++) {
        size_t length = take_request(&input, &world, name);

        check_request(&world, name, length);
    }
    oracle_fini(&world.oracle);
    snapshot_free(world.snapshot);
    return 0;
}

/* answer_test: GET and GETNEXT over plain sub-identifiers against a linear search over every instance there is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mib/answer.h"
#include "lib/oracle.h"
#include "lib/rows.h"
#include "port/snapshot.h"
#include "lib/unit.h"

#define BIGGEST UINT32_MAX

enum { BATCHES = 20, SUFFIXES = 250, MOST_DEVICES = 8 };

static uint64_t seed;
static struct agent_state agent;
static struct device *devices[MOST_DEVICES];
static size_t device_count;
static struct snapshot *snapshot;
static struct look look;
static struct oracle oracle;

static void add_device(struct device *device)
{
    devices[device_count++] = device;
}

static void finish(void)
{
    agent = rows_agent();
    oracle_init(&oracle, &agent, devices, device_count);
    snapshot = snapshot_new(devices, device_count);
    look = (struct look){.view = snapshot_view(snapshot), .scalars = &agent};
}

/* About half of all cells have a value. */
static void make_sparse(uint64_t state)
{
    add_device(rows_device("mlx5_10", 2));
    add_device(rows_device_with_ports("mlx5_2", (const int64_t[]){0, 1, BIGGEST}, 3));
    add_device(rows_device("a", 1));
    add_device(rows_device("rxe0", 0));
    add_device(rows_device("mlx5_bond_0", 1));
    rows_name_port_counters(devices[0], 1, "rx_write_requests lifespan active_qps");
    rows_name_port_counters(devices[1], 2, "a b ab");
    rows_name_port_counters(devices[4], 0, "np_cnp_sent");
    rows_name_device_counters(devices[1], "b aa current_rate");
    rows_name_device_counters(devices[3], "one");
    for (size_t i = 0; i < device_count; i++)
        rows_fill(devices[i], &state);
    finish();
}

static void make_from_seed(void)
{
    make_sparse(seed);
}

static void make_empty(void)
{
    finish();
}

/* Ports without a single value. */
static void make_husks(void)
{
    add_device(rows_device("mlx5_0", 2));
    add_device(rows_device("mlx5_1", 1));
    rows_name_port_counters(devices[0], 0, "a b");
    finish();
}

static void free_all(void)
{
    oracle_fini(&oracle);
    snapshot_free(snapshot);
    device_count = 0;
}

/* --- Answers against the oracle --- */

static const char *print_name(const uint32_t *name, size_t length, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < length && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, ".%" PRIu32, name[i]);
    return text;
}

static bool is_same(const struct oracle_instance *instance, const struct answer *answer)
{
    uint32_t name[INDEX_MAX];
    size_t length = answer_name(&look, answer, name);

    if (oracle_compare(instance->name, instance->length, name, length) != 0 || instance->column != answer->column ||
        instance->value.type != answer->value.type)
        return false;
    return answer->value.type == SMI_TEXT ? strcmp(instance->value.text, answer->value.text) == 0
                                          : instance->value.number == answer->value.number;
}

static void check(const uint32_t *name, size_t length)
{
    const struct oracle_instance *here = oracle_get(&oracle, name, length), *next = oracle_next(&oracle, name, length);
    struct answer answer;
    char text[2048];
    bool found;

    print_name(name, length, text, sizeof(text));
    found = answer_get(&look, name, length, &answer) == ANSWER_FOUND;
    ck_assert_msg(found == (here != NULL) && (!found || is_same(here, &answer)), "seed %" PRIu64 ": GET %s", seed,
                  text);
    found = answer_next(&look, name, length, &answer);
    ck_assert_msg(found == (next != NULL) && (!found || is_same(next, &answer)), "seed %" PRIu64 ": GETNEXT %s", seed,
                  text);
}

/* A number such as requests have: small, a character, or at one of the ends. */
static uint32_t odd_part(uint64_t *state)
{
    uint64_t random = rows_random(state);

    switch (random % 6) {
    case 0:
        return BIGGEST - (uint32_t)(random >> 8) % 2;
    case 1:
        return (uint32_t)(random >> 32);
    case 2:
        return (uint32_t)(random >> 8) % 128;
    default:
        return (uint32_t)(random >> 8) % 9;
    }
}

/* Some suffix: of an instance with something done to it, or out of nothing. Returns its length. */
static size_t make_suffix(uint32_t *name, uint64_t *state)
{
    size_t length = rows_random(state) % 12;

    for (size_t i = 0; i < length; i++)
        name[i] = odd_part(state);
    if (oracle.count > 0 && rows_random(state) % 8 != 0) {
        const struct oracle_instance *instance = &oracle.instances[rows_random(state) % oracle.count];

        length = instance->length;
        memcpy(name, instance->name, length * sizeof(*name));
    } else if (length > 0 && rows_random(state) % 2 == 0) {
        name[0] = 1;
    }
    for (uint64_t changes = rows_random(state) % 4; changes > 0 && length > 0; changes--) {
        size_t at = rows_random(state) % length;

        switch (rows_random(state) % 5) {
        case 0:
            name[at] = odd_part(state);
            break;
        case 1:
            name[at]++;
            break;
        case 2:
            name[at]--;
            break;
        case 3:
            length = at;
            break;
        default:
            name[length++] = odd_part(state);
        }
    }
    return length;
}

START_TEST(every_suffix_gets_what_a_linear_search_finds)
{
    uint64_t state = seed + (uint64_t)_i;
    uint32_t name[ORACLE_NAME_MAX + 8];

    make_sparse(rows_random(&state));
    for (int i = 0; i < SUFFIXES; i++)
        check(name, make_suffix(name, &state));
}
END_TEST

/* --- Walks --- */

/* From a suffix to the end: each instance once, in strictly ascending order. Returns how many there are. */
static size_t walk(void)
{
    uint32_t name[INDEX_MAX], before[INDEX_MAX];
    size_t length = 0, count = 0;
    struct answer answer;

    while (answer_next(&look, name, length, &answer)) {
        size_t before_length = length;

        memcpy(before, name, length * sizeof(*name));
        length = answer_name(&look, &answer, name);
        ck_assert_int_gt(oracle_compare(name, length, before, before_length), 0);
        ck_assert_ptr_nonnull(oracle_get(&oracle, name, length));
        ck_assert_uint_le(++count, oracle.count);
    }
    return count;
}

START_TEST(a_walk_visits_every_instance_once_in_ascending_order)
{
    ck_assert_uint_gt(oracle.count, 200);
    ck_assert_uint_eq(walk(), oracle.count);
}
END_TEST

START_TEST(every_instance_answers_to_its_name)
{
    for (size_t i = 0; i < oracle.count; i++)
        check(oracle.instances[i].name, oracle.instances[i].length);
}
END_TEST

START_TEST(every_beginning_of_a_name_leads_to_its_first_instance)
{
    for (size_t i = 0; i < oracle.count; i += 7)
        for (size_t n = 0; n < oracle.instances[i].length; n++)
            check(oracle.instances[i].name, n);
}
END_TEST

START_TEST(without_devices_there_are_scalars_only)
{
    size_t scalars = catalogue_table(TABLE_AGENT)->count;

    ck_assert_uint_eq(oracle.count, scalars);
    ck_assert_uint_eq(walk(), scalars);
}
END_TEST

/* As long as nothing was seen: what is served before the first look. */
START_TEST(without_a_record_the_scalars_are_absent)
{
    static const uint32_t scalar[] = {1, 1, 1, 0}, absent[] = {1, 1, 99, 0};
    struct answer answer;

    look.scalars = NULL;
    ck_assert_int_eq(answer_get(&look, scalar, 4, &answer), ANSWER_NO_INSTANCE);
    ck_assert_int_eq(answer_get(&look, absent, 4, &answer), ANSWER_NO_OBJECT);
    ck_assert(!answer_next(&look, NULL, 0, &answer));
}
END_TEST

START_TEST(rows_without_values_are_stepped_over)
{
    static const uint32_t counters[] = {1, TABLE_PORT_COUNTER}, named[] = {1, TABLE_COUNTER, 1, 3},
                          kinds[] = {1, TABLE_COUNTER, 1, 2};
    struct answer answer;

    ck_assert_uint_eq(walk(), oracle.count);
    ck_assert(answer_next(&look, counters, 2, &answer));
    ck_assert_str_eq(answer.column->object, "rdmaCounterKind");
    ck_assert(answer_next(&look, kinds, 4, &answer));
    ck_assert_uint_eq(answer.value.number, KIND_COUNTER);
    ck_assert(!answer_next(&look, named, 4, &answer));
}
END_TEST

/* --- Which exception a GET gets --- */

static const struct {
    uint32_t name[12];
    size_t length;
    enum answer_result result;
} gets[] = {
    {{0}, 0, ANSWER_NO_OBJECT},
    {{1}, 1, ANSWER_NO_OBJECT},
    {{2, 1, 1, 0}, 4, ANSWER_NO_OBJECT},
    {{1, 0, 1, 0}, 4, ANSWER_NO_OBJECT},
    {{1, 1}, 2, ANSWER_NO_OBJECT},
    {{1, 1, 0, 0}, 4, ANSWER_NO_OBJECT},
    {{1, 1, 1}, 3, ANSWER_NO_INSTANCE},
    {{1, 1, 1, 0}, 4, ANSWER_FOUND},
    {{1, 1, 1, 1}, 4, ANSWER_NO_INSTANCE},
    {{1, 1, 1, 0, 0}, 5, ANSWER_NO_INSTANCE},
    {{1, 1, BIGGEST, 0}, 4, ANSWER_NO_OBJECT},
    {{1, 3, 1}, 3, ANSWER_NO_OBJECT},
    {{1, 3, 2, 2, 1, 'a', 1}, 7, ANSWER_NO_OBJECT},
    {{1, 3, 1, 0, 1, 'a', 1}, 7, ANSWER_NO_OBJECT},
    {{1, 3, 1, 1, 1, 'a', 1}, 7, ANSWER_NO_OBJECT}, /* not accessible */
    {{1, 3, 1, 2}, 4, ANSWER_NO_INSTANCE},
    {{1, 3, 1, 2, 1, 'a'}, 6, ANSWER_NO_INSTANCE},
    {{1, 3, 1, 3, 1, 'a', 1}, 7, ANSWER_FOUND},
    {{1, 3, 1, 3, 1, 'a', 2}, 7, ANSWER_NO_INSTANCE},
    {{1, 3, 1, 3, 1, 'a', 1, 0}, 8, ANSWER_NO_INSTANCE},
    {{1, 3, 1, 3, 2, 'a', 1}, 7, ANSWER_NO_INSTANCE},
    {{1, 3, 1, 255, 1, 'a', 1}, 7, ANSWER_NO_OBJECT},
    {{1, 4, 1, 1, 1, 'a', 1}, 7, ANSWER_NO_INSTANCE}, /* the row exists, its cell is absent */
    {{1, 8, 1, 1, 1, 'a', 1}, 7, ANSWER_NO_OBJECT},
    {{1, BIGGEST}, 2, ANSWER_NO_OBJECT},
};

START_TEST(a_get_tells_a_missing_object_from_a_missing_instance)
{
    struct answer answer;

    add_device(rows_device("a", 1));
    finish();
    ck_assert_int_eq(answer_get(&look, gets[_i].name, gets[_i].length, &answer), gets[_i].result);
    check(gets[_i].name, gets[_i].length);
}
END_TEST

Suite *unit_suite(void)
{
    const char *chosen = getenv("UNIT_SEED");
    Suite *suite = suite_create("answer");
    TCase *random = unit_case(suite, "random"), *whole = unit_case(suite, "whole"), *empty = unit_case(suite, "empty"),
          *husks = unit_case(suite, "husks"), *gets_case = unit_case(suite, "get");

    seed = chosen ? strtoull(chosen, NULL, 10) : (uint64_t)time(NULL);
    printf("# UNIT_SEED=%" PRIu64 "\n", seed);
    fflush(stdout);

    tcase_add_checked_fixture(random, NULL, free_all);
    tcase_add_loop_test(random, every_suffix_gets_what_a_linear_search_finds, 0, BATCHES);
    tcase_add_checked_fixture(whole, make_from_seed, free_all);
    tcase_add_test(whole, a_walk_visits_every_instance_once_in_ascending_order);
    tcase_add_test(whole, every_instance_answers_to_its_name);
    tcase_add_test(whole, every_beginning_of_a_name_leads_to_its_first_instance);
    tcase_add_checked_fixture(empty, make_empty, free_all);
    tcase_add_test(empty, without_devices_there_are_scalars_only);
    tcase_add_test(empty, without_a_record_the_scalars_are_absent);
    tcase_add_checked_fixture(husks, make_husks, free_all);
    tcase_add_test(husks, rows_without_values_are_stepped_over);
    tcase_add_checked_fixture(gets_case, NULL, free_all);
    tcase_add_loop_test(gets_case, a_get_tells_a_missing_object_from_a_missing_instance, 0, UNIT_COUNT(gets));
    return suite;
}

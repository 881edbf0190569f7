/* agentx_message_test: messages that are cut off, damaged or too long, and where one ends in a stream. That whole ones get
 * the right answer is what agentx_test.py tests. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "port/snapshot.h"
#include "snmp/agentx.h"
#include "config.h"
#include "lib/family_fake.h"
#include "lib/rows.h"
#include "lib/unit.h"

enum { GET = 5, GET_NEXT = 6, SESSION = 7, BIG = 1 << 4, MOST = 4096, MUTATIONS = 20000 };

static const uint32_t root[] = {OID_ROOT};

enum { ROOT_LENGTH = sizeof(root) / sizeof(root[0]) };

static struct agent_state agent;
static struct snapshot *snapshot;
static struct look look;
static struct family family;
static struct family_run run;
static struct serve *serve;

static void make_snapshot(void)
{
    struct device *devices[] = {rows_device("mlx5_0", 2), rows_device("mlx5_1", 1)};
    uint64_t state = 1;

    rows_name_port_counters(devices[0], 1, "a bb ccc");
    for (size_t i = 0; i < 2; i++)
        rows_fill(devices[i], &state);
    agent = rows_agent();
    snapshot = snapshot_new(devices, 2);
    look = (struct look){.view = snapshot_view(snapshot), .scalars = &agent};
    family = family_fake(&look);
    run = (struct family_run){.family = &family, .state = &look};
    serve = serve_new(&run, 1, NULL);
}

static void free_snapshot(void)
{
    serve_free(serve);
    snapshot_free(snapshot);
}

/* --- Making messages --- */

static size_t put32(uint8_t *at, uint32_t number, bool is_big)
{
    number = is_big ? htobe32(number) : htole32(number);
    memcpy(at, &number, sizeof(number));
    return sizeof(number);
}

/* The root and, behind it, these sub-identifiers, in the long form. */
static size_t put_name(uint8_t *at, const uint32_t *suffix, size_t length, uint32_t last_of_root, bool is_big)
{
    size_t n = ROOT_LENGTH, size = 4;

    memcpy(at, (const uint8_t[]){(uint8_t)(n + length), 0, 0, 0}, 4);
    for (size_t i = 0; i < n; i++)
        size += put32(at + size, i + 1 < n ? root[i] : last_of_root, is_big);
    for (size_t i = 0; i < length; i++)
        size += put32(at + size, suffix[i], is_big);
    return size;
}

/* A question about the first cells of three tables; its size. */
static size_t make_message(uint8_t *message, uint8_t type, bool is_big)
{
    static const uint32_t names[][4] = {{1, 1, 2, 0}, {1, 3, 1, 2}, {1, 6, 1, 2}};
    uint32_t last = root[ROOT_LENGTH - 1];
    size_t size = AGENTX_HEADER_SIZE;

    memset(message, 0, AGENTX_HEADER_SIZE);
    message[0] = 1;
    message[1] = type;
    message[2] = is_big ? BIG : 0;
    put32(message + 4, SESSION, is_big);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size += put_name(message + size, names[i], 4, last, is_big);
        size += put_name(message + size, NULL, 0, last + 1, is_big);
    }
    put32(message + 16, (uint32_t)(size - AGENTX_HEADER_SIZE), is_big);
    return size;
}

/* The size of the response. Message and room are allocated with not an octet more: a sanitizer sees a step beyond. */
static size_t answer(const uint8_t *message, size_t size, size_t room)
{
    uint8_t *copy = malloc(size), *response = malloc(room);
    size_t n;

    memcpy(copy, message, size);
    n = agentx_answer(serve, copy, size, response, room);
    ck_assert_uint_le(n, room);
    if (n > 0) {
        ck_assert_uint_eq(agentx_size(response), n);
        ck_assert_int_eq(response[1], 18);
        ck_assert_int_eq(memcmp(response + 4, message + 4, 12), 0);
    }
    free(copy);
    free(response);
    return n;
}

/* --- Tests; _i is type and order --- */

static uint8_t type_of(int i)
{
    return i & 1 ? GET_NEXT : GET;
}

START_TEST(a_whole_message_is_answered)
{
    uint8_t message[MOST];
    size_t size = make_message(message, type_of(_i), _i & 2);

    ck_assert_uint_eq(agentx_size(message), size);
    ck_assert(agentx_is_question(message, SESSION));
    ck_assert(!agentx_is_question(message, SESSION + 1));
    ck_assert_uint_gt(answer(message, size, MOST), AGENTX_HEADER_SIZE + 8);
}
END_TEST

START_TEST(a_message_of_another_kind_is_no_question)
{
    uint8_t message[MOST];

    for (unsigned octet = 0; octet <= UINT8_MAX; octet++) {
        make_message(message, GET, _i & 2);
        message[1] = (uint8_t)octet;
        ck_assert_int_eq(agentx_is_question(message, SESSION), octet == GET || octet == GET_NEXT);
        make_message(message, type_of(_i), _i & 2);
        message[0] = (uint8_t)octet;
        ck_assert_int_eq(agentx_is_question(message, SESSION), octet == 1);
    }
    for (int flag = 1; flag <= 1 << 7; flag <<= 1) { /* such as that of a context */
        make_message(message, type_of(_i), _i & 2);
        message[2] |= (uint8_t)(flag != BIG ? flag : 0);
        ck_assert_int_eq(agentx_is_question(message, SESSION), flag == BIG);
    }
}
END_TEST

START_TEST(a_name_of_more_than_128_sub_identifiers_is_not_answered)
{
    uint8_t message[MOST];
    uint32_t suffix[UINT8_MAX], last = root[ROOT_LENGTH - 1];
    bool is_big = _i & 2;

    memset(suffix, 1, sizeof(suffix));
    suffix[0] = 1; /* an object of the family */
    for (size_t length = INDEX_MAX - ROOT_LENGTH; length <= UINT8_MAX - ROOT_LENGTH; length++) {
        size_t size = AGENTX_HEADER_SIZE;

        make_message(message, type_of(_i), is_big);
        size += put_name(message + size, suffix, length, last, is_big);
        size += put_name(message + size, NULL, 0, last + 1, is_big);
        ck_assert_int_eq(answer(message, size, MOST) > 0, ROOT_LENGTH + length <= INDEX_MAX);
    }
}
END_TEST

/* A cut between two varbinds leaves a smaller, whole message. */
START_TEST(a_message_that_is_cut_off_is_not_answered)
{
    uint8_t message[MOST];
    size_t size = make_message(message, type_of(_i), _i & 2), varbind = (size - AGENTX_HEADER_SIZE) / 3;

    for (size_t cut = AGENTX_HEADER_SIZE; cut < size; cut++) {
        bool is_whole = (cut - AGENTX_HEADER_SIZE) % varbind == 0;

        ck_assert_int_eq(answer(message, cut, MOST) > 0, is_whole);
    }
}
END_TEST

START_TEST(a_damaged_message_does_no_harm)
{
    uint8_t message[MOST], damaged[MOST];
    size_t size = make_message(message, type_of(_i), _i & 2);
    uint64_t state = (uint64_t)_i + 1;

    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(damaged, message, size);
        for (int octets = 0; octets < 3; octets++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            damaged[AGENTX_HEADER_SIZE + (state >> 33) % (size - AGENTX_HEADER_SIZE)] = (uint8_t)(state >> 56);
        }
        answer(damaged, size, MOST);
    }
}
END_TEST

START_TEST(a_response_without_room_is_none)
{
    uint8_t message[MOST];
    size_t size = make_message(message, type_of(_i), _i & 2);

    for (size_t room = AGENTX_HEADER_SIZE + 8; room < MOST; room++)
        answer(message, size, room);
    ck_assert_uint_eq(answer(message, size, AGENTX_HEADER_SIZE + 8), 0);
}
END_TEST

/* However the stream is cut, its reader is between two messages where one ends and nowhere else. */
START_TEST(a_stream_is_between_messages_where_one_ends)
{
    uint8_t stream[3 * MOST];
    size_t first = make_message(stream, type_of(_i), _i & 2), second = first + AGENTX_HEADER_SIZE, end;

    memcpy(stream + first, stream, AGENTX_HEADER_SIZE);
    put32(stream + first + 16, 0, _i & 2); /* one without a payload, like Ping */
    end = second + make_message(stream + second, GET, !(_i & 2));
    for (size_t step = 1; step <= end; step++) {
        struct agentx_frame frame = {0};

        for (size_t at = 0; at < end;) {
            size_t n = at + step < end ? step : end - at;

            agentx_follow(&frame, stream + at, n);
            at += n;
            ck_assert_int_eq(agentx_is_between(&frame), at == first || at == second || at == end);
        }
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("agentx");
    TCase *messages = unit_case(suite, "messages");

    tcase_add_checked_fixture(messages, make_snapshot, free_snapshot);
    tcase_add_loop_test(messages, a_whole_message_is_answered, 0, 4);
    tcase_add_loop_test(messages, a_message_of_another_kind_is_no_question, 0, 4);
    tcase_add_loop_test(messages, a_name_of_more_than_128_sub_identifiers_is_not_answered, 0, 4);
    tcase_add_loop_test(messages, a_message_that_is_cut_off_is_not_answered, 0, 4);
    tcase_add_loop_test(messages, a_damaged_message_does_no_harm, 0, 4);
    tcase_add_loop_test(messages, a_response_without_room_is_none, 0, 4);
    tcase_add_loop_test(messages, a_stream_is_between_messages_where_one_ends, 0, 4);
    return suite;
}

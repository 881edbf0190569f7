/* floor: an AgentX subagent without any library: what remains of an answer when all is left out that can be. It serves
 * the table of shape.h until the connection ends.
 *
 *   floor SOCKET ROOT ROWS
 *
 * Numbers in comments are sections of RFC 2741. */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shape.h"

/* 6.1 */
enum {
    VERSION = 1,
    OPEN = 1,
    REGISTER = 3,
    GET = 5,
    GET_NEXT = 6,
    CLEANUP_SET = 11,
    PING = 13,
    RESPONSE = 18,
    HEADER = 20,
    NON_DEFAULT_CONTEXT = 8,
    NETWORK_BYTE_ORDER = 16,
    OUR_BYTE_ORDER = __BYTE_ORDER == __BIG_ENDIAN ? NETWORK_BYTE_ORDER : 0,
};

enum { COUNTER64 = 70, NO_SUCH_INSTANCE = 129, END_OF_MIB_VIEW = 130, NOT_WRITABLE = 17 }; /* 5.4, 6.2.16 */

enum { PDU_MAX = 65536, PRIORITY = 127, PING_INTERVAL = 15, AT_LENGTH = 16, AT_ERROR = HEADER + 4 };

static int master;
static uint32_t session, packets;
static struct {
    unsigned char octet[2 * PDU_MAX];
    size_t length;
} out, in;

/* --- Writing --- */

static void put(const void *octets, size_t n)
{
    if (out.length + n > sizeof(out.octet))
        exit(EXIT_FAILURE);
    memcpy(out.octet + out.length, octets, n);
    out.length += n;
}

static void put8(uint8_t number)
{
    put(&number, sizeof(number));
}

static void put16(uint16_t number)
{
    put(&number, sizeof(number));
}

static void put32(uint32_t number)
{
    put(&number, sizeof(number));
}

/* 5.1; all of ours begin with 1.3.6.1. */
static void put_oid(const struct shape_oid *oid)
{
    enum { INTERNET = 4, PREFIX = INTERNET + 1 };
    static const uint32_t internet[INTERNET] = {1, 3, 6, 1};
    size_t from = 0;

    if (oid->length >= PREFIX && memcmp(oid->id, internet, sizeof(internet)) == 0 && oid->id[INTERNET] <= UINT8_MAX)
        from = PREFIX;
    put8((uint8_t)(oid->length - from));
    put8(from ? (uint8_t)oid->id[INTERNET] : 0);
    put16(0);
    put(&oid->id[from], (oid->length - from) * sizeof(oid->id[0]));
}

static void put_header(uint8_t type, uint32_t transaction, uint32_t packet)
{
    out.length = 0;
    put8(VERSION);
    put8(type);
    put8(OUR_BYTE_ORDER);
    put8(0);
    put32(session);
    put32(transaction);
    put32(packet);
    put32(0);
}

static void send_pdu(void)
{
    uint32_t payload = (uint32_t)(out.length - HEADER);

    memcpy(out.octet + AT_LENGTH, &payload, sizeof(payload));
    for (size_t sent = 0; sent < out.length;) {
        ssize_t n = write(master, out.octet + sent, out.length - sent);

        if (n <= 0)
            exit(EXIT_FAILURE);
        sent += (size_t)n;
    }
}

/* --- Reading --- */

static uint32_t take32(const unsigned char **at)
{
    uint32_t number;

    memcpy(&number, *at, sizeof(number));
    *at += sizeof(number);
    return number;
}

/* Moves *at behind the OID; *include is its own field. False if it does not fit. */
static bool take_oid(const unsigned char **at, const unsigned char *end, struct shape_oid *oid, bool *include)
{
    const unsigned char *head = *at;
    size_t n = end - head >= 4 ? head[0] : SIZE_MAX / 8;

    oid->length = 0;
    if (n > SHAPE_OID_MAX - 5 || (size_t)(end - head) < 4 + n * sizeof(oid->id[0]))
        return false;
    *include = head[2];
    if (head[1] != 0) {
        memcpy(oid->id, (const uint32_t[]){1, 3, 6, 1, head[1]}, 5 * sizeof(oid->id[0]));
        oid->length = 5;
    }
    memcpy(&oid->id[oid->length], head + 4, n * sizeof(oid->id[0]));
    oid->length += n;
    *at = head + 4 + n * sizeof(oid->id[0]);
    return true;
}

static size_t pdu_length(void)
{
    uint32_t payload;

    if (in.length < HEADER)
        return SIZE_MAX;
    memcpy(&payload, in.octet + AT_LENGTH, sizeof(payload));
    if (payload > PDU_MAX || (in.octet[2] & NETWORK_BYTE_ORDER) != OUR_BYTE_ORDER)
        exit(EXIT_FAILURE);
    return HEADER + payload;
}

/* Waits for a whole PDU at the beginning of in; its length. A session that nobody asks is kept alive. */
static size_t read_pdu(void)
{
    while (in.length < pdu_length()) {
        ssize_t n = read(master, in.octet + in.length, sizeof(in.octet) - in.length);

        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            put_header(PING, 0, ++packets);
            send_pdu();
            continue;
        }
        if (n <= 0)
            exit(EXIT_SUCCESS);
        in.length += (size_t)n;
    }
    return pdu_length();
}

static void drop(size_t n)
{
    in.length -= n;
    if (in.length > 0)
        memmove(in.octet, in.octet + n, in.length);
}

/* --- Answering --- */

/* 5.4 */
static void put_varbind(uint16_t type, const struct shape_oid *name)
{
    put16(type);
    put16(0);
    put_oid(name);
}

static void put_cell(const struct shape_oid *name, const struct shape_cell *cell)
{
    uint64_t value = shape_value(cell);

    put_varbind(COUNTER64, name);
    put(&value, sizeof(value));
}

static void answer_next(const struct shape_oid *start, bool include, const struct shape_oid *end)
{
    struct shape_cell cell;
    struct shape_oid name;

    if (shape_next(start, include, &cell)) {
        shape_name(&cell, &name);
        if (end->length == 0 || shape_compare(name.id, name.length, end->id, end->length) < 0) {
            put_cell(&name, &cell);
            return;
        }
    }
    put_varbind(END_OF_MIB_VIEW, start);
}

static void answer_ranges(uint8_t type, const unsigned char *at, const unsigned char *pdu_end)
{
    while (at < pdu_end) {
        struct shape_oid start, end;
        struct shape_cell cell;
        bool include, ignored;

        if (!take_oid(&at, pdu_end, &start, &include) || !take_oid(&at, pdu_end, &end, &ignored))
            exit(EXIT_FAILURE);
        if (type == GET_NEXT)
            answer_next(&start, include, &end);
        else if (shape_find(&start, &cell))
            put_cell(&start, &cell);
        else
            put_varbind(NO_SUCH_INSTANCE, &start);
    }
}

static void answer(size_t length)
{
    const unsigned char *at = in.octet + 8, *end = in.octet + length;
    uint32_t transaction = take32(&at), packet = take32(&at);
    uint8_t type = in.octet[1];

    if (type == RESPONSE || type == CLEANUP_SET)
        return;
    put_header(RESPONSE, transaction, packet);
    put32(0);
    put16(type == GET || type == GET_NEXT ? 0 : NOT_WRITABLE);
    put16(0);
    at += sizeof(uint32_t);
    if (in.octet[2] & NON_DEFAULT_CONTEXT)
        exit(EXIT_FAILURE);
    if (type == GET || type == GET_NEXT)
        answer_ranges(type, at, end);
    send_pdu();
}

/* --- Beginning --- */

static void connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval interval = {.tv_sec = PING_INTERVAL};

    master = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (master < 0 || connect(master, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(master, SOL_SOCKET, SO_RCVTIMEO, &interval, sizeof(interval)) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* Sends what was put and ends the process if the answer is an error. */
static void request(const char *what)
{
    size_t length;
    uint16_t error;

    send_pdu();
    length = read_pdu();
    memcpy(&error, in.octet + AT_ERROR, sizeof(error));
    if (in.octet[1] != RESPONSE || error != 0) {
        fprintf(stderr, "floor: snmpd refuses to %s: error %u\n", what, error);
        exit(EXIT_FAILURE);
    }
    memcpy(&session, in.octet + 4, sizeof(session));
    drop(length);
}

/* 6.2.1 and 6.2.3 */
static void open_session(void)
{
    static const char description[] = "floor";
    static const char padding[3];

    put_header(OPEN, 0, ++packets);
    put32(0); /* timeout: the master's */
    put_oid(shape_root());
    put32(sizeof(description) - 1);
    put(description, sizeof(description) - 1);
    put(padding, sizeof(padding));
    request("open a session");
    put_header(REGISTER, 0, ++packets);
    put8(0);
    put8(PRIORITY);
    put16(0); /* no range */
    put_oid(shape_root());
    request("register");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: floor SOCKET ROOT ROWS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    shape_init(argv[2], strtoul(argv[3], NULL, 10));
    connect_to(argv[1]);
    open_session();
    while (true) {
        size_t length = read_pdu();

        answer(length);
        drop(length);
    }
}

/* walker: a client that asks and takes the time, and does nothing else: a program that prints what it was told costs
 * more than the agents. One line of JSON for each walk on standard output: seconds of the walk, of CPU in snmpd and in
 * the subagent; varbinds answered and how many of them lie between FIRST and END; a sum over their names and values.
 *
 *   walker [OPTION]... ROOT FIRST END       FIRST and END are what follows ROOT in a name; the sum leaves ROOT out
 *
 *   -p PORT  -c COMMUNITY   of snmpd on 127.0.0.1
 *   -r N     GetBulk with N repetitions (25)
 *   -g N     Get with N objects a request, row by row, of what a walk finds first
 *   -w       no walk: asks for FIRST until it has a value, then prints when that was, in seconds of CLOCK_MONOTONIC
 *   -n N     walks (1)
 *   -m PID   -a PID         of snmpd and of the subagent */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ber.h"
#include "shape.h"

enum { TIMEOUT = 10, MOST_OBJECTS = 100, PAUSE = 1000000 }; /* s; in a request; ns */

struct walk {
    size_t answered, inside;
    uint64_t sum;
};

static struct {
    const char *community;
    uint16_t port;
    uint32_t repetitions, objects;
    pid_t master, agent;
    struct shape_oid root, first, end;
} settings = {.community = "public", .repetitions = 25};

static struct shape_oid *names; /* all that the first walk found, column by column */
static size_t name_count, name_room;
static int snmpd;

static void die(const char *what)
{
    fprintf(stderr, "walker: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        die("clock_gettime");
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double cpu_seconds(pid_t process)
{
    clockid_t clock;

    if (process == 0)
        return 0;
    if ((errno = clock_getcpuclockid(process, &clock)) != 0)
        die("clock_getcpuclockid");
    return seconds(clock);
}

static void connect_to_snmpd(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(settings.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = TIMEOUT};

    snmpd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (snmpd < 0 || connect(snmpd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(snmpd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0)
        die("connect");
}

/* Sends a request and leaves in at the first varbind of the answer. */
static void ask(uint8_t pdu, const struct shape_oid *asked, size_t count, struct ber_in *in)
{
    static struct ber_out out;
    static uint8_t answer[BER_MESSAGE_MAX];
    static uint32_t id;
    ssize_t n;

    if (!ber_put_request(&out, pdu, settings.community, ++id, pdu == BER_GET_BULK ? settings.repetitions : 0, asked,
                         count) ||
        send(snmpd, out.octet + out.at, sizeof(out.octet) - out.at, 0) < 0)
        die("send");
    n = recv(snmpd, answer, sizeof(answer), 0);
    if (n < 0)
        die("no answer");
    *in = (struct ber_in){.at = answer, .end = answer + n};
    if (!ber_take_response(in, id)) {
        errno = EPROTO;
        die("not the answer");
    }
}

static void append(struct shape_oid *oid, const char *text)
{
    struct shape_oid more;

    *oid = settings.root;
    if (!shape_parse(text, &more) || oid->length + more.length > SHAPE_OID_MAX) {
        fprintf(stderr, "walker: no OID: %s\n", text);
        exit(2);
    }
    memcpy(&oid->id[oid->length], more.id, more.length * sizeof(more.id[0]));
    oid->length += more.length;
}

/* FNV-1a over what follows the root, and the value. */
static void add_to_sum(struct walk *walk, const struct ber_varbind *varbind)
{
    const uint64_t prime = UINT64_C(0x100000001b3);

    for (size_t i = settings.root.length; i < varbind->name.length; i++)
        walk->sum = (walk->sum ^ varbind->name.id[i]) * prime;
    walk->sum = (walk->sum ^ varbind->number) * prime;
}

static void remember(const struct shape_oid *name)
{
    if (name_count == name_room) {
        name_room = name_room * 2 + 1024;
        names = realloc(names, name_room * sizeof(*names));
        if (!names)
            die("memory");
    }
    names[name_count++] = *name;
}

static bool is_inside(const struct ber_varbind *varbind)
{
    return varbind->tag != BER_END_OF_MIB_VIEW &&
           shape_compare(varbind->name.id, varbind->name.length, settings.end.id, settings.end.length) < 0;
}

static void walk_bulk(struct walk *walk, bool keep)
{
    struct shape_oid at = settings.first;
    bool inside = true;

    while (inside) {
        struct ber_varbind varbind;
        struct ber_in in;

        ask(BER_GET_BULK, &at, 1, &in);
        inside = in.at < in.end;
        while (ber_take_varbind(&in, &varbind)) {
            walk->answered++;
            inside = inside && is_inside(&varbind);
            if (!inside)
                continue;
            walk->inside++;
            add_to_sum(walk, &varbind);
            if (keep)
                remember(&varbind.name);
            at = varbind.name;
        }
    }
}

static bool same_column(const struct shape_oid *a, const struct shape_oid *b)
{
    size_t length = settings.root.length + 4;

    return memcmp(a->id, b->id, length * sizeof(a->id[0])) == 0;
}

/* All that was remembered, row by row: every column must have the same rows. */
static void walk_get(struct walk *walk)
{
    size_t rows = 1, columns;

    while (rows < name_count && same_column(&names[0], &names[rows]))
        rows++;
    columns = name_count / rows;
    for (size_t done = 0; done < rows * columns;) {
        struct shape_oid asked[MOST_OBJECTS];
        struct ber_varbind varbind;
        struct ber_in in;
        size_t count = 0;

        for (; count < settings.objects && done < rows * columns; count++, done++)
            asked[count] = names[done % columns * rows + done / columns];
        ask(BER_GET, asked, count, &in);
        while (ber_take_varbind(&in, &varbind)) {
            walk->answered++;
            walk->inside += varbind.tag < BER_NO_SUCH_OBJECT;
            add_to_sum(walk, &varbind);
        }
    }
}

static void measure(void)
{
    double start = seconds(CLOCK_MONOTONIC), master = cpu_seconds(settings.master), agent = cpu_seconds(settings.agent);
    struct walk walk = {.sum = UINT64_C(0xcbf29ce484222325)};

    if (settings.objects > 0)
        walk_get(&walk);
    else
        walk_bulk(&walk, false);
    printf("{\"wall\": %.9f, \"master\": %.9f, \"agent\": %.9f, \"answered\": %zu, \"inside\": %zu, \"sum\": \"%" PRIx64
           "\"}\n",
           seconds(CLOCK_MONOTONIC) - start, cpu_seconds(settings.master) - master, cpu_seconds(settings.agent) - agent,
           walk.answered, walk.inside, walk.sum);
}

static void wait_for_first(void)
{
    static const struct timespec pause = {.tv_nsec = PAUSE};
    struct ber_varbind varbind;
    struct ber_in in;

    while (true) {
        ask(BER_GET, &settings.first, 1, &in);
        if (ber_take_varbind(&in, &varbind) && varbind.tag < BER_NO_SUCH_OBJECT)
            break;
        nanosleep(&pause, NULL);
    }
    printf("%.9f\n", seconds(CLOCK_MONOTONIC));
}

int main(int argc, char **argv)
{
    uint32_t walks = 1;
    bool wait = false;
    int option;

    while ((option = getopt(argc, argv, "p:c:r:g:wn:m:a:")) != -1) {
        uint32_t number = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

        switch (option) {
        case 'p':
            settings.port = (uint16_t)number;
            break;
        case 'c':
            settings.community = optarg;
            break;
        case 'r':
            settings.repetitions = number;
            break;
        case 'g':
            settings.objects = number;
            break;
        case 'w':
            wait = true;
            break;
        case 'n':
            walks = number;
            break;
        case 'm':
            settings.master = (pid_t)number;
            break;
        case 'a':
            settings.agent = (pid_t)number;
            break;
        default:
            return 2;
        }
    }
    if (argc - optind != 3 || settings.objects > MOST_OBJECTS || !shape_parse(argv[optind], &settings.root)) {
        fprintf(stderr, "usage: walker [OPTION]... ROOT FIRST END\n");
        return 2;
    }
    append(&settings.first, argv[optind + 1]);
    append(&settings.end, argv[optind + 2]);
    connect_to_snmpd();
    if (wait) {
        wait_for_first();
        return 0;
    }
    if (settings.objects > 0)
        walk_bulk(&(struct walk){0}, true);
    for (uint32_t i = 0; i < walks; i++)
        measure();
    return 0;
}

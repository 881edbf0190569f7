#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/snmpTCPDomain.h>
#include <net-snmp/library/snmpUnixDomain.h>

#include "snmp/shortcut.h"

#include <errno.h>
#include <sys/socket.h>

#include "snmp/agentx.h"
#include "base/log.h"

/* It puts itself between Net-SNMP and its connection, which is no documented interface: hence the versions that this was
 * proven with, those of Debian 12, 13 and sid. */
static const char *const proven[] = {"5.9.3", "5.9.4.pre2", "5.9.5.2"};

enum {
    INPUT_SIZE = 16 * 1024,    /* a longer message is Net-SNMP's; it takes 64 kB at once */
    RESPONSE_SIZE = 64 * 1024, /* what snmpd takes */
    /* A walk is a conversation: the next question comes within microseconds. Waiting for it in recv saves a system call for
     * each, but nothing else is done meanwhile. */
    PATIENCE = 10, /* ms */
    MOST_TURNS = 32,
};

/* There is one session in a process. */
static struct {
    struct serve *serve;
    netsnmp_transport *transport; /* NULL: not taken */
    uint32_t session_id;
    int (*receive)(netsnmp_transport *, void *, int, void **, int *); /* the transport's own */
    struct agentx_frame frame;                                        /* of what Net-SNMP has read */
    uint8_t input[INPUT_SIZE];
    size_t begin, end; /* of what was read into it and is left to Net-SNMP */
} shortcut;

/* --- Answering --- */

static bool send_whole(const uint8_t *octets, size_t length)
{
    while (length > 0) {
        ssize_t n = send(shortcut.transport->sock, octets, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            shutdown(shortcut.transport->sock, SHUT_RDWR); /* nothing sensible can follow half a response */
            return false;
        }
        octets += n;
        length -= (size_t)n;
    }
    return true;
}

/* Answers what the input begins with, and leaves the rest. */
static void answer_input(void)
{
    static uint8_t response[RESPONSE_SIZE];

    while (shortcut.end - shortcut.begin >= AGENTX_HEADER_SIZE) {
        const uint8_t *message = shortcut.input + shortcut.begin;
        uint64_t size = agentx_size(message);
        size_t n;

        if (size > shortcut.end - shortcut.begin || !agentx_is_question(message, shortcut.session_id))
            return;
        n = agentx_answer(shortcut.serve, message, (size_t)size, response, sizeof(response));
        if (n == 0 || !send_whole(response, n))
            return;
        shortcut.begin += (size_t)size;
    }
}

bool shortcut_serve(bool is_alone)
{
    if (!shortcut.transport || shortcut.begin < shortcut.end || !agentx_is_between(&shortcut.frame))
        return false;
    serve_has_waited(shortcut.serve);
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        ssize_t n =
            recv(shortcut.transport->sock, shortcut.input, INPUT_SIZE, turn == 0 || !is_alone ? MSG_DONTWAIT : 0);

        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        shortcut.begin = 0;
        shortcut.end = (size_t)n;
        answer_input();
        if (shortcut.begin < shortcut.end)
            return false;
        if (serve_has_waited(shortcut.serve))
            break; /* that took its time: see what else there is to do */
    }
    return true;
}

/* In the place of the transport's own function: what was read here goes first. */
static int receive(netsnmp_transport *transport, void *buffer, int size, void **opaque, int *opaque_length)
{
    size_t left = shortcut.end - shortcut.begin;
    int n;

    if (left == 0) {
        n = shortcut.receive(transport, buffer, size, opaque, opaque_length);
    } else {
        n = left < (size_t)size ? (int)left : size;
        memcpy(buffer, shortcut.input + shortcut.begin, (size_t)n);
        shortcut.begin += (size_t)n;
        *opaque = NULL;
        *opaque_length = 0;
    }
    if (n > 0)
        agentx_follow(&shortcut.frame, buffer, (size_t)n);
    return n;
}

/* --- For the session --- */

bool shortcut_is_proven(const char *version)
{
    for (size_t i = 0; i < sizeof(proven) / sizeof(proven[0]); i++)
        if (strcmp(version, proven[i]) == 0)
            return true;
    return false;
}

bool shortcut_is_wanted(enum shortcut_use use)
{
    if (use != SHORTCUT_AUTO)
        return use == SHORTCUT_ON;
    if (shortcut_is_proven(netsnmp_get_version()))
        return true;
    log_info("no short cut for requests: it was not proven with this version of Net-SNMP",
             LOG_TEXT("version", netsnmp_get_version()));
    return false;
}

/* Others, like TLS, have more to do than to read octets. */
static bool is_plain(const netsnmp_transport *transport)
{
    return transport->domain == netsnmp_UnixDomain || transport->domain == netsnmp_snmpTCPDomain;
}

void shortcut_take(void *opened, struct serve *serve)
{
    netsnmp_session *session = opened;
    netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(session));
    struct timeval patience = {.tv_usec = PATIENCE * 1000};

    if (!is_plain(transport) || setsockopt(transport->sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        return;
    shortcut.serve = serve;
    shortcut.transport = transport;
    shortcut.session_id = (uint32_t)session->sessid;
    shortcut.receive = transport->f_recv;
    shortcut.frame = (struct agentx_frame){0};
    shortcut.begin = shortcut.end = 0;
    transport->f_recv = receive;
}

void shortcut_leave(void)
{
    shortcut.transport = NULL;
    shortcut.begin = shortcut.end = 0;
}

#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "snmp/loop.h"

#include <string.h>

#include "snmp/session.h"
#include "snmp/shortcut.h"

enum { MOST_DESCRIPTORS = 64 };

static netsnmp_large_fd_set fds;

void loop_init(void)
{
    netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
}

void loop_fini(void)
{
    netsnmp_large_fd_set_cleanup(&fds);
}

/* Returns how many descriptors can be read, of which fds has only Net-SNMP's. */
static int wait_for_input(struct pollfd *others, size_t count, int longest)
{
    struct pollfd wanted[MOST_DESCRIPTORS];
    struct timeval timeout = {.tv_sec = 3600};
    int n = 0, block = 1, wait, ready;
    size_t used = count;

    memcpy(wanted, others, count * sizeof(*others));
    NETSNMP_LARGE_FD_ZERO(&fds);
    snmp_select_info2(&n, &fds, &timeout, &block);
    for (int fd = 0; fd < n && used < MOST_DESCRIPTORS; fd++)
        if (NETSNMP_LARGE_FD_ISSET(fd, &fds))
            wanted[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
    wait = block ? -1 : (int)(timeout.tv_sec * 1000 + (timeout.tv_usec + 999) / 1000);
    ready = poll(wanted, (nfds_t)used, longest >= 0 && (block || longest < wait) ? longest : wait);
    for (size_t i = 0; i < count; i++)
        others[i].revents = ready > 0 ? wanted[i].revents : 0;
    for (size_t i = count; i < used; i++)
        if (ready <= 0 || !wanted[i].revents)
            NETSNMP_LARGE_FD_CLR(wanted[i].fd, &fds);
    return ready;
}

/* Leaves in fds what is Net-SNMP's to read. */
static void answer_directly(int ready)
{
    int socket = session_socket();

    if (socket >= 0 && NETSNMP_LARGE_FD_ISSET(socket, &fds) && shortcut_serve(ready == 1))
        NETSNMP_LARGE_FD_CLR(socket, &fds);
}

/* The order is Net-SNMP's condition: between poll and snmp_read2 nothing may read from the session, or a descriptor
 * that has been read empty is taken for a lost connection. */
void loop_turn(struct pollfd *others, size_t count, int longest)
{
    int ready = wait_for_input(others, count, longest);

    if (ready > 0) {
        answer_directly(ready);
        snmp_read2(&fds);
    }
    snmp_timeout();
    run_alarms();
    netsnmp_check_outstanding_agent_requests();
}

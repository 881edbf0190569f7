#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "session.h"
#include "snapshot.h"
#include "table.h"

enum {
    MOST_DESCRIPTORS = 64,
    LONGEST_FAREWELL = 800, /* ms from SIGTERM to the end, even if snmpd hangs */
};

static bool should_warm; /* read the devices before the first request wants them */

/* --- The end --- */

static int stop_pipe[2] = {-1, -1};
static timer_t farewell;

/* A thread that is stuck in a read may keep the process: the session must not wait for it. */
static void end_now(int signal)
{
    (void)signal;
    if (session_socket() >= 0)
        shutdown(session_socket(), SHUT_RDWR);
    _exit(0);
}

static void stop(int signal)
{
    static const struct itimerspec time = {.it_value = {.tv_nsec = LONGEST_FAREWELL * 1000000L}};
    int before = errno;

    (void)signal;
    timer_settime(farewell, 0, &time, NULL);
    if (write(stop_pipe[1], "", 1) < 0)
        errno = before; /* the pipe is full of the same message */
    errno = before;
}

void agent_catch_signals(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct sigaction on_stop = {.sa_handler = stop, .sa_flags = SA_RESTART}, on_alarm = {.sa_handler = end_now};

    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0 || timer_create(CLOCK_MONOTONIC, &event, &farewell) != 0) {
        log_error("cannot prepare for signals", LOG_TEXT("error", strerror(errno)));
        exit(EXIT_FAILURE);
    }
    sigaction(SIGALRM, &on_alarm, NULL);
    sigaction(SIGTERM, &on_stop, NULL);
    sigaction(SIGINT, &on_stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

/* --- The loop --- */

/* Waits for something to do; on return fds has only what can be read. False if the process is to end. */
static bool wait_for_input(netsnmp_large_fd_set *fds, int *ready)
{
    struct pollfd wanted[MOST_DESCRIPTORS] = {{.fd = stop_pipe[0], .events = POLLIN}};
    struct timeval timeout = {.tv_sec = 3600};
    int n = 0, block = 1, used = 1;

    NETSNMP_LARGE_FD_ZERO(fds);
    snmp_select_info2(&n, fds, &timeout, &block);
    for (int fd = 0; fd < n && used < MOST_DESCRIPTORS; fd++)
        if (NETSNMP_LARGE_FD_ISSET(fd, fds))
            wanted[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
    *ready = poll(wanted, (nfds_t)used, block ? -1 : (int)(timeout.tv_sec * 1000 + (timeout.tv_usec + 999) / 1000));
    for (int i = 1; i < used; i++)
        if (*ready <= 0 || !wanted[i].revents)
            NETSNMP_LARGE_FD_CLR(wanted[i].fd, fds);
    return !(*ready > 0 && wanted[0].revents);
}

/* The devices are read as soon as there is an snmpd, so that the first request need not wait for it. */
static void warm(struct cache *cache)
{
    const struct snapshot *snapshot = cache_snapshot(cache);

    should_warm = false;
    log_info("serving", LOG_NUMBER("devices", snapshot_devices(snapshot)),
             LOG_NUMBER("ports", snapshot_ports(snapshot)), LOG_TEXT("root", table_root()));
}

/* The order is Net-SNMP's condition: between poll and snmp_read2 nothing may read from the session, or a descriptor
 * that has been read empty is taken for a lost connection. */
static void serve(struct cache *cache)
{
    netsnmp_large_fd_set fds;
    bool go_on = true;

    netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
    while (go_on) {
        int ready;

        if (should_warm)
            warm(cache);
        go_on = wait_for_input(&fds, &ready);
        if (ready > 0)
            snmp_read2(&fds);
        snmp_timeout();
        run_alarms();
        netsnmp_check_outstanding_agent_requests();
    }
    netsnmp_large_fd_set_cleanup(&fds);
}

static void on_connected(void)
{
    should_warm = true;
}

int agent_run(const struct agent_settings *settings)
{
    if (!session_start(&(struct session_settings){
            .socket = settings->socket, .cache = settings->cache, .connected = on_connected}))
        return -1;
    serve(settings->cache);
    log_info("ending");
    session_end();
    return 0;
}

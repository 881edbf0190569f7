#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "daemon/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/health.h"
#include "base/log.h"
#include "snmp/notify.h"
#include "daemon/service.h"
#include "snmp/session.h"
#include "snmp/shortcut.h"
#include "port/snapshot.h"
#include "snmp/table.h"

enum {
    MOST_DESCRIPTORS = 64,
    STOP = 0, /* places of descriptors that are not Net-SNMP's */
    NOTIFY = 1,
    SESSION = 2,            /* and of the first that is */
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

/* --- What others are told of us --- */

/* The story as it was told last, and what it was made from. */
struct story {
    struct service service;
    struct health health;
    enum session_state session;
    int64_t refreshes;
    char text[SERVICE_STATUS_SIZE];
};

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void begin_story(struct story *story)
{
    *story = (struct story){.health = {.told = HEALTH_OK}, .session = SESSION_AWAY, .refreshes = -1};
    service_init(&story->service);
    service_ready(&story->service);
}

/* Without snmpd, what was read last is no news. */
static void continue_story(struct story *story, struct cache *cache, int64_t now)
{
    const struct agent_state *agent = cache_agent(cache);
    enum session_state session = session_state();

    if (agent->refreshes == story->refreshes && session == story->session)
        return;
    health_describe(cache_last_snapshot(cache), agent, story->text, sizeof(story->text));
    if (agent->refreshes != story->refreshes)
        health_note(&story->health, agent, story->text, now);
    if (session == SESSION_AWAY)
        snprintf(story->text, sizeof(story->text), "snmpd is away: looking for it");
    else if (session == SESSION_REFUSED)
        snprintf(story->text, sizeof(story->text), "snmpd refuses the MIB: another subagent serves it; trying again");
    story->refreshes = agent->refreshes;
    story->session = session;
}

/* Returns how many ms the loop may wait at most; -1: for ever. */
static int tell_story(struct story *story, struct cache *cache)
{
    int64_t now = monotonic_ms(), due;

    continue_story(story, cache, now);
    due = service_turn(&story->service, story->text, now);
    return due == INT64_MAX ? -1 : (int)(due > now ? due - now : 0);
}

/* --- The loop --- */

/* The shorter of two waits in ms, of which -1 is the longest. */
static int shorter(int64_t a, int64_t b)
{
    int64_t wait = a < 0 || (b >= 0 && b < a) ? b : a;

    return wait < INT_MAX ? (int)wait : INT_MAX;
}

/* Waits at most so many ms for something to do; on return fds has only what can be read. False if the process is to
 * end. */
static bool wait_for_input(netsnmp_large_fd_set *fds, int longest, int *ready)
{
    struct pollfd wanted[MOST_DESCRIPTORS] = {
        [STOP] = {.fd = stop_pipe[0], .events = POLLIN},
        [NOTIFY] = {.fd = notify_descriptor(), .events = POLLIN}, /* -1 is ignored */
    };
    struct timeval timeout = {.tv_sec = 3600};
    int n = 0, block = 1, used = SESSION, wait;

    NETSNMP_LARGE_FD_ZERO(fds);
    snmp_select_info2(&n, fds, &timeout, &block);
    for (int fd = 0; fd < n && used < MOST_DESCRIPTORS; fd++)
        if (NETSNMP_LARGE_FD_ISSET(fd, fds))
            wanted[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
    wait = block ? -1 : (int)(timeout.tv_sec * 1000 + (timeout.tv_usec + 999) / 1000);
    *ready = poll(wanted, (nfds_t)used, longest >= 0 && (block || longest < wait) ? longest : wait);
    for (int i = SESSION; i < used; i++)
        if (*ready <= 0 || !wanted[i].revents)
            NETSNMP_LARGE_FD_CLR(wanted[i].fd, fds);
    return !(*ready > 0 && wanted[STOP].revents);
}

/* The devices are read as soon as there is an snmpd, so that the first request need not wait for it. */
static void warm(struct cache *cache)
{
    const struct snapshot *snapshot = cache_snapshot(cache);

    should_warm = false;
    log_info("serving", LOG_NUMBER("devices", snapshot_devices(snapshot)),
             LOG_NUMBER("ports", snapshot_ports(snapshot)), LOG_TEXT("root", table_root()));
}

/* Leaves in fds what is Net-SNMP's to read. */
static void answer_directly(netsnmp_large_fd_set *fds, int ready)
{
    int socket = session_socket();

    if (socket >= 0 && NETSNMP_LARGE_FD_ISSET(socket, fds) && shortcut_serve(ready == 1))
        NETSNMP_LARGE_FD_CLR(socket, fds);
}

/* The order is Net-SNMP's condition: between poll and snmp_read2 nothing may read from the session, or a descriptor
 * that has been read empty is taken for a lost connection. */
static void serve(struct cache *cache, struct story *story)
{
    netsnmp_large_fd_set fds;
    bool go_on = true;

    netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
    while (go_on) {
        int ready;

        if (should_warm)
            warm(cache);
        go_on = wait_for_input(&fds, shorter(tell_story(story, cache), notify_wait()), &ready);
        if (ready > 0) {
            answer_directly(&fds, ready);
            snmp_read2(&fds);
        }
        snmp_timeout();
        run_alarms();
        netsnmp_check_outstanding_agent_requests();
        notify_run();
    }
    netsnmp_large_fd_set_cleanup(&fds);
}

static void on_connected(void)
{
    should_warm = true;
}

int agent_run(const struct agent_settings *settings)
{
    struct story story;

    begin_story(&story); /* first, since the session may take its time if snmpd hangs */
    if (!session_start(&(struct session_settings){.socket = settings->socket,
                                                  .cache = settings->cache,
                                                  .shortcut = settings->shortcut,
                                                  .connected = on_connected}))
        return -1;
    if (settings->notifications)
        notify_start(&(struct notify_settings){
            .cache = settings->cache, .watch_interval = settings->watch_interval, .events = settings->events});
    serve(settings->cache, &story);
    log_info("ending");
    service_stopping(&story.service);
    session_end();
    notify_end();
    service_fini(&story.service);
    return 0;
}

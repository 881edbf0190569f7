#include "daemon/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/health.h"
#include "daemon/service.h"
#include "snmp/loop.h"
#include "snmp/notify.h"
#include "snmp/session.h"
#include "snmp/table.h"

enum {
    STOP = 0, /* places of descriptors */
    PUBLISHED = 1,
    NOTIFY = 2,             /* and of the first of those that notify */
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

/* The status line as it was told last, and what it was made from. */
struct report {
    struct service service;
    struct health health;
    enum session_state session;
    bool is_old; /* a family has looked since */
    char text[SERVICE_STATUS_SIZE];
};

static void begin_report(struct report *report)
{
    *report = (struct report){.health = {.told = HEALTH_LEVEL_OK}, .session = SESSION_AWAY, .is_old = true};
    service_init(&report->service);
    service_ready(&report->service);
}

/* Without snmpd, what was read last is no news. */
static void renew_report(struct report *report, const struct agent_settings *settings, int64_t now)
{
    enum session_state session = session_state();
    enum health_level level;

    if (!report->is_old && session == report->session)
        return;
    level = health_describe(settings->runs, settings->run_count, report->text, sizeof(report->text));
    if (report->is_old)
        health_note(&report->health, level, report->text, now);
    if (session == SESSION_AWAY)
        snprintf(report->text, sizeof(report->text), "snmpd is away: looking for it");
    else if (session == SESSION_REFUSED)
        snprintf(report->text, sizeof(report->text), "snmpd refuses the MIB: another subagent serves it; trying again");
    report->is_old = false;
    report->session = session;
}

/* Returns how many ms the loop may wait at most; -1: for ever. */
static int tell_report(struct report *report, const struct agent_settings *settings)
{
    int64_t now = clock_ms(), due;

    renew_report(report, settings, now);
    due = service_turn(&report->service, report->text, now);
    return due == INT64_MAX ? -1 : (int)(due > now ? due - now : 0);
}

/* --- The loop --- */

/* The shorter of two waits in ms, of which -1 is the longest. */
static int shorter(int64_t a, int64_t b)
{
    int64_t wait = a < 0 || (b >= 0 && b < a) ? b : a;

    return wait < INT_MAX ? (int)wait : INT_MAX;
}

/* What is served is read as soon as there is an snmpd, so that the first request need not wait for it. */
static void warm(const struct agent_settings *settings)
{
    int64_t until = clock_ms() + SERVE_MOST_WAITING;

    should_warm = false;
    for (size_t i = 0; i < settings->run_count; i++)
        if (settings->runs[i].state)
            settings->runs[i].family->wish(settings->runs[i].state);
    for (size_t i = 0; i < settings->run_count; i++) {
        const struct family_run *run = &settings->runs[i];
        struct look look;
        bool is_late;

        if (run->state && !run->family->is_ready && run->family->view(run->state, until, &look, &is_late)) {
            if (run->family->announce)
                run->family->announce(&look, table_root());
            run->family->release(run->state, &look);
        }
    }
}

static void serve(const struct agent_settings *settings, struct report *report)
{
    struct pollfd others[LOOP_MOST_OTHERS];
    eventfd_t times;

    loop_init();
    do {
        size_t count = NOTIFY;

        if (should_warm)
            warm(settings);
        session_turn();
        others[STOP] = (struct pollfd){.fd = stop_pipe[0], .events = POLLIN};
        others[PUBLISHED] = (struct pollfd){.fd = settings->published, .events = POLLIN};
        count = notify_descriptors(others, count, LOOP_MOST_OTHERS);
        loop_turn(others, count, shorter(tell_report(report, settings), notify_wait()));
        report->is_old |= eventfd_read(settings->published, &times) == 0;
        notify_run();
    } while (!others[STOP].revents);
    loop_fini();
}

static void on_connected(void)
{
    should_warm = true;
}

int agent_run(const struct agent_settings *settings)
{
    struct report report;

    begin_report(&report); /* first, since the session may take its time if snmpd hangs */
    if (!session_start(&(struct session_settings){.socket = settings->socket,
                                                  .runs = settings->runs,
                                                  .run_count = settings->run_count,
                                                  .shortcut = settings->shortcut,
                                                  .connected = on_connected}))
        return -1;
    notify_start(settings->runs, settings->run_count);
    serve(settings, &report);
    log_info("ending");
    service_stopping(&report.service);
    session_end();
    notify_end();
    service_fini(&report.service);
    return 0;
}

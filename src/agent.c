#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
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
#include "snapshot.h"
#include "table.h"

enum {
    PING_INTERVAL = 2, /* s; also how often a lost snmpd is looked for. Net-SNMP's 15 s are too long to miss */
    REPLY_TIMEOUT = 2, /* s that a ping waits for snmpd, six times over: an snmpd that hangs for 12 s is not lost */
    REGISTRATION_INTERVAL = 1, /* s between tries to register what snmpd refused */
    UPTIME_TOLERANCE = 100,    /* 1/100 s by which two looks at one snmpd's start may differ */
    MOST_DESCRIPTORS = 64,
    LONGEST_FAREWELL = 800, /* ms from SIGTERM to the end, even if snmpd hangs */
    RUN_FIRST = -1024,      /* priority of a Net-SNMP callback */
};

static const char program[] = "rdma-agentx";

/* There is one session in a process; Net-SNMP's callbacks know no other way to it. */
static struct {
    const struct agent_settings *settings;
    netsnmp_session *session; /* NULL: snmpd is away */
    int socket;               /* of the session; -1: none */
    bool was_connected;
    bool is_refused; /* snmpd did not register the MIB */
    bool is_ending;
    bool should_warm;     /* read the devices before the first request wants them */
    int64_t uptime_began; /* 1/100 s on the monotonic clock */
} agent = {.socket = -1};

/* Exported by libnetsnmpagent, declared in none of the headers it installs (agent/mibgroup/agentx/subagent.h). */
extern int subagent_open_master_session(void);
extern void agentx_check_session(unsigned int alarm, void *session);

/* --- The end --- */

static int stop_pipe[2] = {-1, -1};
static timer_t farewell;

/* A thread that is stuck in a read may keep the process: the session must not wait for it. */
static void end_now(int signal)
{
    (void)signal;
    if (agent.socket >= 0)
        shutdown(agent.socket, SHUT_RDWR);
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

/* --- Registration, which Net-SNMP never tries again by itself --- */

static void register_again(unsigned alarm, void *context)
{
    (void)alarm, (void)context;
    if (!agent.session || !agent.is_refused)
        return;
    if (!table_register_again(agent.session)) {
        snmp_alarm_register(REGISTRATION_INTERVAL, 0, register_again, NULL);
        return;
    }
    agent.is_refused = false;
    log_info("snmpd has registered the MIB");
}

static void note_refusal(const char *text)
{
    if (agent.is_refused)
        return;
    agent.is_refused = true;
    log_warn("snmpd refuses the MIB: another subagent serves it, or did until now; trying again",
             LOG_TEXT("netsnmp", text));
    snmp_alarm_register(REGISTRATION_INTERVAL, 0, register_again, NULL);
}

/* --- Net-SNMP's log --- */

/* Net-SNMP prints what it has to say; the registration it never tries again shows nowhere else (client.c). */
static int on_log(int major, int minor, void *message, void *context)
{
    const struct snmp_log_message *said = message;
    enum log_level level = said->priority <= LOG_ERR       ? LOG_LEVEL_ERROR
                           : said->priority <= LOG_WARNING ? LOG_LEVEL_WARN
                                                           : LOG_LEVEL_DEBUG;
    char text[512];
    size_t n;

    (void)major, (void)minor, (void)context;
    if (agent.is_ending)
        level = LOG_LEVEL_DEBUG; /* it complains when snmpd goes away at the same time */
    snprintf(text, sizeof(text), "%s", said->msg);
    for (n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    if (strncmp(text, "registering pdu failed", strlen("registering pdu failed")) == 0) {
        note_refusal(text);
        return 0;
    }
    log_line(level, "Net-SNMP", LOG_TEXT("text", text));
    return 0;
}

/* --- The session --- */

static int64_t monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 100 + now.tv_nsec / 10000000;
}

int64_t agent_uptime(void)
{
    return (int64_t)netsnmp_get_agent_uptime();
}

static const char *socket_name(void)
{
    const char *name = netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET);

    return name ? name : NETSNMP_AGENTX_SOCKET;
}

/* Why snmpd cannot be reached, for the log: Net-SNMP does not tell. */
static const char *why_unreachable(void)
{
    const char *name = socket_name(), *path = strchr(name, '/');

    if (!path)
        return "nothing answers there";
    return access(path, R_OK | W_OK) != 0 ? strerror(errno) : "nothing listens there";
}

/* snmpd has answered our Open, and Net-SNMP has taken over its sysUpTime. */
static int on_connected(int major, int minor, void *session, void *context)
{
    int64_t began = monotonic() - agent_uptime(), moved = began - agent.uptime_began;

    (void)major, (void)minor, (void)context;
    if (agent.was_connected && (moved > UPTIME_TOLERANCE || moved < -UPTIME_TOLERANCE))
        cache_restart_uptime(agent.settings->cache);
    agent.uptime_began = began;
    agent.session = session;
    agent.socket = snmp_sess_transport(snmp_sess_pointer(session))->sock;
    agent.was_connected = agent.should_warm = true;
    agent.is_refused = false;
    log_info("connected to snmpd", LOG_TEXT("socket", socket_name()));
    return 0;
}

static int on_disconnected(int major, int minor, void *session, void *context)
{
    (void)major, (void)minor, (void)session, (void)context;
    if (agent.session)
        log_warn("lost snmpd; looking for it", LOG_TEXT("socket", socket_name()));
    agent.session = NULL;
    agent.socket = -1;
    agent.is_refused = false;
    return 0;
}

/* The registrations go to the master that has just been found. */
static void attach(void)
{
    register_mib_reattach();
    table_announce(agent.session);
}

/* Pings snmpd, or looks for it. Net-SNMP would do so by itself, but each connection that is closed before it is a session
 * leaves it with one more alarm that tries to open the next: something else at the socket's place makes them multiply. */
static void look_after_session(unsigned alarm, void *context)
{
    (void)alarm, (void)context;
    if (agent.session)
        agentx_check_session(0, agent.session);
    else if (subagent_open_master_session() == 0)
        attach();
}

/* The command line goes before Net-SNMP's files, which have just been read; the session is opened after this. An interval
 * of 0 keeps Net-SNMP from setting alarms of its own. */
static int on_configured(int major, int minor, void *server, void *context)
{
    int interval = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL);

    (void)major, (void)minor, (void)server, (void)context;
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
    snmp_alarm_register((unsigned)(interval > 0 ? interval : PING_INTERVAL), SA_REPEAT, look_after_session, NULL);
    if (agent.settings->socket)
        netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agent.settings->socket);
    return 0;
}

/* Nothing is written: no persistent files, and no MIB is parsed, which only clients need. */
static void configure(void)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY");

    setenv("MIBS", "", 1);
    setenv("SNMP_PERSISTENT_DIR", runtime ? runtime : "/dev/null", 0); /* below which nothing can be made */
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, REPLY_TIMEOUT);
    snmp_disable_log();
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
    snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
}

static int start(void)
{
    configure();
    if (init_agent(program) != 0) {
        log_error("Net-SNMP's agent library does not start");
        return -1;
    }
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_INTERVAL);
    netsnmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, on_configured, NULL, RUN_FIRST);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, NULL);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, NULL);
    if (!table_register(agent.settings->cache)) {
        log_error("Net-SNMP does not register the MIB", LOG_TEXT("root", table_root()));
        return -1;
    }
    init_snmp(program);
    /* Only now: it would have kept Net-SNMP from reading its configuration, too. */
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    if (agent.session)
        attach();
    else
        log_warn("snmpd is not there yet; looking for it", LOG_TEXT("socket", socket_name()),
                 LOG_TEXT("error", why_unreachable()));
    return 0;
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
static void warm_cache(void)
{
    const struct snapshot *snapshot = cache_snapshot(agent.settings->cache);

    agent.should_warm = false;
    log_info("serving", LOG_NUMBER("devices", snapshot_devices(snapshot)),
             LOG_NUMBER("ports", snapshot_ports(snapshot)), LOG_TEXT("root", table_root()));
}

/* The order is Net-SNMP's condition: between poll and snmp_read2 nothing may read from the session, or a descriptor
 * that has been read empty is taken for a lost connection. */
static void serve(void)
{
    netsnmp_large_fd_set fds;
    bool go_on = true;

    netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
    while (go_on) {
        int ready;

        if (agent.should_warm)
            warm_cache();
        go_on = wait_for_input(&fds, &ready);
        if (ready > 0)
            snmp_read2(&fds);
        snmp_timeout();
        run_alarms();
        netsnmp_check_outstanding_agent_requests();
    }
    netsnmp_large_fd_set_cleanup(&fds);
}

int agent_run(const struct agent_settings *settings)
{
    agent.settings = settings;
    if (start() != 0)
        return -1;
    serve();
    log_info("ending");
    agent.is_ending = true;
    snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, NULL, 0);
    snmp_shutdown(program);
    shutdown_agent();
    return 0;
}

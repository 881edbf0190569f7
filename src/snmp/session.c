#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>

#include "snmp/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "snmp/registry.h"
#include "snmp/serve.h"

enum {
    PING_INTERVAL = 2,   /* s; also how often a lost snmpd is looked for. Net-SNMP's 15 s are too long to miss */
    CONNECT_TIMEOUT = 2, /* s */
    REPLY_TIMEOUT = 2,   /* s that a ping waits for snmpd, six times over: an snmpd that hangs for 12 s is not lost */
    REGISTRATION_INTERVAL = 1, /* s between tries to register what snmpd refused */
    NOTIFY_TIMEOUT = 60, /* s until Net-SNMP sends a notification again: the ping finds an snmpd that hangs earlier */
    UPTIME_TOLERANCE = 100, /* 1/100 s by which two looks at one snmpd's start may differ */
    RUN_FIRST = -1024,      /* priority of a Net-SNMP callback */
    AGENTX_NOTIFY = 12,     /* agentx-Notify-PDU, RFC 2741, 6.1; AGENTX_MSG_NOTIFY of no header that is installed */
};

static const char program[] = "rdma-agentx";

/* There is one session in a process; Net-SNMP's callbacks know no other way to it. */
static struct {
    struct session_settings settings;
    struct serve *serve;
    netsnmp_session *master; /* NULL: snmpd is away */
    volatile int socket;     /* of the session, which a signal handler may ask for; -1: none */
    bool takes_shortcut;
    bool was_connected;
    bool must_detach; /* the master has gone: not while Net-SNMP still closes its session */
    bool is_ending;
    unsigned again;                   /* the alarm that is to register again; 0: none */
    unsigned interval;                /* s between two looks at whether snmpd is there */
    _Atomic int64_t uptime_began;     /* 1/100 s on the monotonic clock; any thread may ask for the uptime */
    void (*notified)(bool delivered); /* wants to know of the notification that is under way; NULL: none is */
    uintptr_t notification;           /* its number */
} session = {.socket = -1};

/* Exported by libnetsnmpagent, declared in none of the headers it installs (agent/mibgroup/agentx/subagent.h). */
extern int subagent_open_master_session(void);
extern void agentx_check_session(unsigned int alarm, void *session);

/* --- Registration, which Net-SNMP never tries again by itself --- */

static void register_again(unsigned alarm, void *context);

static void plan_registration(void)
{
    if (session.master && registry_is_refused() && session.again == 0)
        session.again = snmp_alarm_register(REGISTRATION_INTERVAL, 0, register_again, NULL);
}

static void register_again(unsigned alarm, void *context)
{
    (void)alarm, (void)context;
    session.again = 0;
    if (session.master)
        registry_try_again(session.master);
    plan_registration();
}

void session_turn(void)
{
    if (session.must_detach)
        registry_detach();
    session.must_detach = false;
    registry_turn(session.master);
    plan_registration();
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
    if (session.is_ending)
        level = LOG_LEVEL_DEBUG; /* it complains when snmpd goes away at the same time */
    snprintf(text, sizeof(text), "%s", said->msg);
    for (n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    if (strncmp(text, "registering pdu failed", strlen("registering pdu failed")) == 0) {
        registry_note_refusal(text);
        return 0;
    }
    log_line(level, "Net-SNMP", LOG_TEXT("text", text));
    return 0;
}

/* --- The session --- */

/* Hundredths of a second of the monotonic clock. */
static int64_t monotonic(void)
{
    return clock_ms() / 10;
}

int64_t session_uptime(void)
{
    return monotonic() - session.uptime_began;
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
    return access(path, R_OK | W_OK) != 0 ? strerror(errno) : "nothing answers there";
}

/* --- Notifications --- */

static void end_notification(bool delivered)
{
    void (*done)(bool) = session.notified;

    session.notified = NULL;
    if (done)
        done(delivered);
}

/* snmpd's answer to a notification; what comes for one of a session before this is nobody's. */
static int on_notified(int operation, netsnmp_session *from, int id, netsnmp_pdu *answer, void *number)
{
    bool is_answer = operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE;

    (void)from, (void)id;
    if (operation == NETSNMP_CALLBACK_OP_RESEND)
        return 1; /* it is still under way */
    if ((uintptr_t)number != session.notification || !session.notified)
        return 1;
    if (is_answer && answer->errstat != SNMP_ERR_NOERROR)
        log_warn("snmpd refuses a notification", LOG_NUMBER("error", answer->errstat));
    end_notification(is_answer);
    return 1;
}

/* What send_v2trap does, but with an answer. */
bool session_notify(netsnmp_variable_list *variables, void (*done)(bool delivered))
{
    netsnmp_pdu *pdu = session.master && !session.notified ? snmp_pdu_create(AGENTX_NOTIFY) : NULL;

    if (!pdu) {
        snmp_free_varbind(variables);
        return false;
    }
    pdu->variables = variables;
    pdu->sessid = session.master->sessid;
    pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
    pdu->time = NOTIFY_TIMEOUT;
    session.notified = done;
    session.notification++;
    if (snmp_async_send(session.master, pdu, on_notified, (void *)session.notification) != 0)
        return true;
    session.notified = NULL;
    snmp_free_pdu(pdu);
    return false;
}

/* --- Connection --- */

static timer_t interruption;

static void do_nothing(int signal)
{
    (void)signal;
}

static void prepare_interruption(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction action = {.sa_handler = do_nothing};

    sigaction(SIGUSR1, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &interruption) != 0) {
        log_error("cannot make a timer", LOG_TEXT("error", strerror(errno)));
        exit(EXIT_FAILURE);
    }
}

/* While an snmpd hangs whose queue of connections is full, connect(2) sleeps, and so would the main loop. A signal ends
 * that, and Net-SNMP gives up; its other calls go on behind one. seconds: until then; 0: no longer. */
static void interrupt_in(int seconds)
{
    struct itimerspec time = {.it_value = {.tv_sec = seconds}, .it_interval = {.tv_sec = seconds}};

    timer_settime(interruption, 0, &time, NULL);
}

/* The times that families have noted are of an snmpd that is gone. */
static void restart_uptime(void)
{
    for (size_t i = 0; i < session.settings.run_count; i++) {
        const struct family_run *run = &session.settings.runs[i];

        if (run->state && run->family->restart_uptime)
            run->family->restart_uptime(run->state);
    }
}

/* snmpd has answered our Open, and Net-SNMP has taken over its sysUpTime. */
static int on_connected(int major, int minor, void *opened, void *context)
{
    int64_t began = monotonic() - (int64_t)netsnmp_get_agent_uptime(), moved = began - session.uptime_began;
    bool is_other = false;

    (void)major, (void)minor, (void)context;
    /* Before the first connection the uptime was our own: what was noted then has no time of snmpd's. */
    if (!session.was_connected || moved > UPTIME_TOLERANCE || moved < -UPTIME_TOLERANCE)
        is_other = true;
    session.uptime_began = began; /* before anybody notes a time anew */
    if (is_other)
        restart_uptime();
    session.master = opened;
    session.socket = snmp_sess_transport(snmp_sess_pointer(opened))->sock;
    session.was_connected = true;
    if (session.takes_shortcut)
        shortcut_take(opened, session.serve);
    log_info("connected to snmpd", LOG_TEXT("socket", socket_name()));
    session.settings.connected();
    return 0;
}

static int on_disconnected(int major, int minor, void *opened, void *context)
{
    (void)major, (void)minor, (void)opened, (void)context;
    if (session.master)
        log_warn("lost snmpd; looking for it", LOG_TEXT("socket", socket_name()));
    shortcut_leave();
    session.master = NULL;
    session.socket = -1;
    session.must_detach = true;
    end_notification(false);
    return 0;
}

/* The registrations go to the master that has just been found. */
static void attach(void)
{
    if (session.must_detach)
        registry_detach(); /* the loss of the last one was seen in this same turn of the loop */
    session.must_detach = false;
    registry_attach(session.master);
    plan_registration();
}

/* Pings snmpd, or looks for it. Net-SNMP would do so by itself, but each connection that is closed before it is a session
 * leaves it with one more alarm that tries to open the next: something else at the socket's place makes them multiply.
 * The next time counts from the end of this one: while snmpd hangs, one takes longer than the interval, and an alarm that
 * repeats would be due again at once, for ever, so that the main loop would not turn. */
static void look_after_session(unsigned alarm, void *context)
{
    (void)alarm, (void)context;
    interrupt_in(CONNECT_TIMEOUT);
    if (session.master)
        agentx_check_session(0, session.master);
    else if (subagent_open_master_session() == 0)
        attach();
    interrupt_in(0);
    snmp_alarm_register(session.interval, 0, look_after_session, NULL);
}

/* The command line goes before Net-SNMP's files, which have just been read; the session is opened after this. An interval
 * of 0 keeps Net-SNMP from setting alarms of its own. */
static int on_configured(int major, int minor, void *server, void *context)
{
    int interval = netsnmp_ds_get_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL);

    (void)major, (void)minor, (void)server, (void)context;
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
    session.interval = (unsigned)(interval > 0 ? interval : PING_INTERVAL);
    snmp_alarm_register(session.interval, 0, look_after_session, NULL);
    if (session.settings.socket)
        netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, session.settings.socket);
    return 0;
}

/* 5.9.5 gives a handler what is at least as important as its pri_max, which is 0 from the start; before, it was what is at
 * most as important. Two handlers get everything from either. */
static void catch_log(void)
{
    netsnmp_log_handler *handler;

    snmp_disable_log();
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_INFO);
    handler = netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
    if (handler)
        handler->pri_max = LOG_DEBUG;
    snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
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
    catch_log();
}

bool session_start(const struct session_settings *settings)
{
    session.settings = *settings;
    session.takes_shortcut = shortcut_is_wanted(settings->shortcut);
    configure();
    if (init_agent(program) != 0) {
        log_error("Net-SNMP's agent library does not start");
        return false;
    }
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_INTERVAL);
    netsnmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, on_configured, NULL, RUN_FIRST);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, NULL);
    snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, NULL);
    session.uptime_began = monotonic();
    session.serve = serve_new(settings->runs, settings->run_count, NULL);
    registry_init(settings->runs, settings->run_count, session.serve);
    if (!registry_turn(NULL))
        return false;
    prepare_interruption();
    interrupt_in(CONNECT_TIMEOUT);
    init_snmp(program);
    interrupt_in(0);
    /* Only now: it would have kept Net-SNMP from reading its configuration, too. */
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    if (session.master)
        attach();
    else
        log_warn("snmpd is not there yet; looking for it", LOG_TEXT("socket", socket_name()),
                 LOG_TEXT("error", why_unreachable()));
    return true;
}

void session_end(void)
{
    session.is_ending = true;
    snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, NULL, 0);
    snmp_shutdown(program);
    shutdown_agent();
    serve_free(session.serve); /* with the looks that it has kept */
    session.serve = NULL;
}

int session_socket(void)
{
    return session.socket;
}

enum session_state session_state(void)
{
    if (!session.master)
        return SESSION_AWAY;
    return registry_is_refused() ? SESSION_REFUSED : SESSION_OPEN;
}

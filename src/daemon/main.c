/* main: wiring and nothing else. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/agent.h"
#include "port/cache.h"
#include "port/collector.h"
#include "port/events.h"
#include "base/log.h"
#include "daemon/options.h"
#include "mib/print.h"
#include "port/scan.h"
#include "snmp/session.h"
#include "snmp/table.h"

enum {
    EXIT_USAGE = 2,
    MOST_HELD_DESCRIPTORS = 4096, /* 4.75 kB of kernel memory each: 19 MB */
    SPARE_DESCRIPTORS = 4096,     /* two directories of each device, files that are not held, and Net-SNMP */
};

extern char **environ;

static int64_t clock_microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t no_uptime(void)
{
    return 0;
}

static void refresh(void *context, struct collector_reading *reading)
{
    collector_refresh(context, reading);
}

/* The options make sense one by one; what they name must be there too. */
static bool check(const struct options *options, char *error, size_t size)
{
    int fd = open(options->sysfs_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        snprintf(error, size, "--sysfs-root: cannot read %s: %s", options->sysfs_root, strerror(errno));
        return false;
    }
    close(fd);
    if (options->user && !getpwnam(options->user)) {
        snprintf(error, size, "--user: there is no user %s", options->user);
        return false;
    }
    return true;
}

static bool become(const char *user)
{
    const struct passwd *entry = getpwnam(user);

    if (entry && initgroups(user, entry->pw_gid) == 0 && setgid(entry->pw_gid) == 0 && setuid(entry->pw_uid) == 0)
        return true;
    log_error("cannot become the user", LOG_TEXT("user", user), LOG_TEXT("error", strerror(errno)));
    return false;
}

static int print(struct cache *cache)
{
    const struct snapshot *snapshot = cache_snapshot(cache);
    const struct agent_state *agent = cache_agent(cache);

    print_look(stdout, &(struct look){.view = snapshot_view(snapshot), .scalars = agent});
    return fflush(stdout) == 0 && agent->health != HEALTH_FAILED ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Sees to it that the first descriptors are not ours: who closed standard error would read our log in a socket. */
static void fill_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* As many descriptors as may be held open: the soft limit is raised to what that takes, if the hard one lets us; else
 * half of it stays free, since all threads may have to share one table. */
static int held_descriptors(void)
{
    struct rlimit limit;
    rlim_t wanted = MOST_HELD_DESCRIPTORS + SPARE_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted ? MOST_HELD_DESCRIPTORS : (int)(limit.rlim_cur / 2);
}

static int serve(const struct options *options, struct cache *cache)
{
    struct events *events = NULL;
    int result;

    if (options->notifications)
        events = events_listen(options->sysfs_root, options->link_events == LINK_EVENTS_VERBS, options->include,
                               options->exclude, options->watch_interval, clock_microseconds() / 1000);
    result = agent_run(&(struct agent_settings){
        .socket = options->agentx_socket,
        .cache = cache,
        .shortcut = (enum shortcut_use)options->shortcut,
        .notifications = options->notifications,
        .watch_interval = options->watch_interval,
        .events = events,
    });
    events_free(events);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct options *options)
{
    static struct scan_settings scans; /* a thread that is stuck in a read uses it to the very end */
    struct collector *collector;
    struct cache *cache;
    int status;

    scans = (struct scan_settings){.sysfs_root = options->sysfs_root, .most_held = held_descriptors()};
    collector = collector_new(&(struct collector_settings){
        .source = collector_source_sysfs(&scans),
        .read_timeout = (int)options->read_timeout,
        .include = options->include,
        .exclude = options->exclude,
    });

    if (!collector) {
        log_error("cannot start a thread", LOG_TEXT("error", strerror(errno)));
        return EXIT_FAILURE;
    }
    cache = cache_new(&(struct cache_settings){
        .max_age = options->cache_ttl,
        .clock = clock_microseconds,
        .uptime = options->print ? no_uptime : session_uptime,
        .refresh = refresh,
        .context = collector,
        .version = PACKAGE_VERSION,
        .notifications = options->notifications,
    });
    status = options->print ? print(cache) : serve(options, cache);
    cache_free(cache);
    collector_free(collector);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char error[256];
    bool to_stderr;

    fill_standard_descriptors();
    if (!options_parse(&options, argc, argv, environ, error, sizeof(error)) ||
        (!options.help && !options.version && !check(&options, error, sizeof(error)))) {
        fprintf(stderr, "rdma-agentx: %s\n", error);
        return EXIT_USAGE;
    }
    if (options.help) {
        options_print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        printf("rdma-agentx %s, MIB root %s\n", PACKAGE_VERSION, table_root());
        return EXIT_SUCCESS;
    }
    to_stderr = options.log_target == OPTIONS_LOG_BY_MODE ? options.foreground || options.print
                                                          : options.log_target == LOG_TARGET_STDERR;
    log_open(to_stderr ? LOG_TARGET_STDERR : LOG_TARGET_SYSLOG,
             options.print && options.log_level > LOG_LEVEL_WARN ? LOG_LEVEL_WARN : (enum log_level)options.log_level);
    if (options.user && !become(options.user))
        return EXIT_FAILURE;
    /* The working directory stays: paths on the command line may be relative to it. */
    if (!options.foreground && !options.print && daemon(1, to_stderr) != 0) {
        log_error("cannot go into the background", LOG_TEXT("error", strerror(errno)));
        return EXIT_FAILURE;
    }
    if (!options.print)
        agent_catch_signals();
    return run(&options);
}

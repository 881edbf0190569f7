/* main: wiring and nothing else. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/agent.h"
#include "daemon/families.h"
#include "daemon/health.h"
#include "daemon/options.h"
#include "mib/print.h"
#include "snmp/session.h"
#include "snmp/table.h"

enum {
    EXIT_USAGE = 2,
    PRINT_PATIENCE = 10000, /* ms */
    MOST_FAMILIES = 16,
    MOST_HELD_DESCRIPTORS = 4096, /* 4.75 kB of kernel memory each: 19 MB */
    SPARE_DESCRIPTORS = 4096,     /* two directories of each device, files that are not held, and Net-SNMP */
};

extern char **environ;

static int64_t no_uptime(void)
{
    return 0;
}

/* The options make sense one by one; what they name must be there too. */
static bool check(const struct options *options, bool *on, char *error, size_t size)
{
    size_t count;
    const struct family *const *families = families_all(&count);
    int fd;

    if (!families_choose(families, count, options->families, on, error, size))
        return false;
    fd = open(options->sysfs_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

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

/* All that the families have to serve, each waited for so long at most. Fails if one has failed. */
static int print(struct family_run *runs, size_t count)
{
    int status = EXIT_SUCCESS;

    for (size_t i = 0; i < count; i++) {
        const struct family *family = runs[i].family;
        struct family_state state;
        struct look look;
        bool is_late;

        if (!runs[i].state)
            continue;
        family->wish(runs[i].state);
        if (!family->view(runs[i].state, clock_ms() + PRINT_PATIENCE, &look, &is_late)) {
            fprintf(stderr, "rdma-agentx: %s: nothing was read within %d s\n", family->name, PRINT_PATIENCE / 1000);
            status = EXIT_FAILURE;
            continue;
        }
        print_look(stdout, &look);
        family->release(runs[i].state, &look);
        family->describe(runs[i].state, &state);
        if (health_level((enum source_status)state.status) == HEALTH_LEVEL_FAILED)
            status = EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? status : EXIT_FAILURE;
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

static int serve(const struct options *options, const struct family_run *runs, size_t count, int published)
{
    int result = agent_run(&(struct agent_settings){
        .socket = options->agentx_socket,
        .runs = runs,
        .run_count = count,
        .shortcut = (enum shortcut_use)options->shortcut,
        .published = published,
    });

    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct options *options, const bool *on)
{
    size_t count;
    const struct family *const *families = families_all(&count);
    struct family_run *runs = memory_new(count, sizeof(*runs));
    struct family_settings settings = {
        .sysfs_root = options->sysfs_root,
        .include = options->include,
        .exclude = options->exclude,
        .cache_ttl = options->cache_ttl,
        .read_timeout = options->read_timeout,
        .watch_interval = options->watch_interval,
        .asks_verbs = options->link_events == LINK_EVENTS_VERBS,
        .notifies = options->notifications && !options->print,
        .most_held = held_descriptors(),
        .version = PACKAGE_VERSION,
        .uptime = options->print ? no_uptime : session_uptime,
        .published = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    };
    int status;

    if (!families_start(families, count, on, &settings, runs)) {
        free(runs);
        return EXIT_FAILURE;
    }
    status = options->print ? print(runs, count) : serve(options, runs, count, settings.published);
    families_stop(runs, count);
    free(runs);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char error[256];
    bool to_stderr, on[MOST_FAMILIES];

    fill_standard_descriptors();
    if (!options_parse(&options, argc, argv, environ, error, sizeof(error)) ||
        (!options.help && !options.version && !check(&options, on, error, sizeof(error)))) {
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
    return run(&options, on);
}

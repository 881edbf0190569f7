#include "config.h"

#include "gather/child_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

enum { FIRST_OTHER = STDERR_FILENO + 1 };

/* The child's ends: each takes the place of one of its standard descriptors. */
struct ends {
    int input, output, errors;
};

static char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

/* A thread with an empty descriptor table is given the numbers of the standard descriptors. In the child one end could
 * overwrite another there, or be closed on exec where it is already in its place (glibc before 2.29); this is not left to
 * the order in which they are given. Returns a higher number for it, or -1. */
static int lift(int fd)
{
    int high = fd;

    if (fd >= 0 && fd < FIRST_OTHER) {
        high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OTHER);
        close(fd);
    }
    return high;
}

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Only the end of this side does not block: helpers do not expect that of theirs. */
static int make_pipe(int *here, int *there)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    *here = ends[0];
    *there = lift(ends[1]);
    return *there < 0 || fcntl(*here, F_SETFL, O_NONBLOCK) != 0 ? -errno : 0;
}

/* What other threads and libraries have opened without O_CLOEXEC is not for the child. */
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
static int close_others(posix_spawn_file_actions_t *actions)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, FIRST_OTHER);
}
#else
/* glibc before 2.34: one after the other, as far as there may be any. Closing what is not open is no error there. */
static int close_others(posix_spawn_file_actions_t *actions)
{
    enum { MOST_DESCRIPTORS = 16384 }; /* the process holds a quarter of it */
    long most = sysconf(_SC_OPEN_MAX);
    int error = 0;

    for (int fd = FIRST_OTHER; error == 0 && fd < MOST_DESCRIPTORS && fd < most; fd++)
        error = posix_spawn_file_actions_addclose(actions, fd);
    return error;
}
#endif

static int set_descriptors(posix_spawn_file_actions_t *actions, const struct ends *ends)
{
    int error = posix_spawn_file_actions_adddup2(actions, ends->input, STDIN_FILENO);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, ends->output, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, ends->errors, STDERR_FILENO);
    return error == 0 ? close_others(actions) : error;
}

/* The threads of the daemon block all signals, and it ignores some: a child would inherit both. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

static int start(char *const *argv, const struct ends *ends, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error)
        return -error;
    posix_spawnattr_init(&attributes);
    set_signals(&attributes);
    error = set_descriptors(&actions, ends);
    if (error == 0)
        error = posix_spawn(pid, argv[0], &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

int child_spawn(char *const *argv, struct child_process *process)
{
    struct ends ends = {-1, -1, -1};
    int error = 0;

    *process = (struct child_process){.output = -1, .errors = -1, .wanted = "/dev/null"};
    ends.input = lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (ends.input < 0) {
        error = -errno;
        goto out;
    }
    process->wanted = "a pipe";
    error = make_pipe(&process->output, &ends.output);
    if (error == 0)
        error = make_pipe(&process->errors, &ends.errors);
    if (error)
        goto out;
    process->wanted = NULL;
    error = start(argv, &ends, &process->pid);
out:
    close_open(ends.input);
    close_open(ends.output);
    close_open(ends.errors);
    if (error) {
        close_open(process->output);
        close_open(process->errors);
        process->output = process->errors = -1;
    }
    return error;
}

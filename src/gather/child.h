/* child: runs one helper executable and hands over all that it prints, within a deadline, or nothing and why. Right in any
 * thread, in several at once, with a descriptor table of its own or the process's. Of the process nothing is changed: no
 * signal, handler, environment or descriptor. */
#ifndef RDMA_AGENTX_CHILD_H
#define RDMA_AGENTX_CHILD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { CHILD_WHY_SIZE = 512 };

/* What to run, and how much of it. */
struct child_order {
    char *const *argv;           /* as execv has it, ends with NULL: the first is the absolute path of the executable */
    int64_t deadline;            /* ms of CLOCK_MONOTONIC */
    size_t most;                 /* octets of standard output, below 2^31 */
    const atomic_bool *unwanted; /* any thread may set it, and is heeded within 50 ms; NULL: nobody will */
};

/* What became of it. Of all but CHILD_OK there is no output. */
enum child_end {
    CHILD_OK,        /* exit status 0, and the text is all of its output */
    CHILD_FAILED,    /* number: its exit status, not 0 */
    CHILD_SIGNALLED, /* number: the signal that it died of, which was not ours */
    CHILD_LATE,      /* not done by the deadline, or a process that it has left behind still holds its output open */
    CHILD_FLOOD,     /* printed more than is accepted */
    CHILD_UNWANTED,  /* the caller said so */
    CHILD_UNSTARTED, /* number: the errno that says why; EINVAL for a relative path */
    CHILD_STUCK,     /* not started: 2 of this command hang in the kernel and cannot be killed, or 32 of all live */
    CHILD_LOST,      /* somebody else took its exit status, as where SIGCHLD is ignored; what it left behind lives */
};

/* The words are for the log, in printable ASCII: executable, what is wrong, first line of its standard error. */
struct child_result {
    char *text;               /* of CHILD_OK, terminated, to be freed by the caller; NULL of the others */
    size_t length;            /* octets; there may be NUL among them */
    int number;               /* as child_end says; else 0 */
    char why[CHILD_WHY_SIZE]; /* in words; "" of CHILD_OK */
};

/* Runs the helper and waits until it has ended and its output is closed. It gets its arguments, an environment of PATH and
 * LC_ALL=C, /dev/null as standard input, no other descriptor, no blocked or ignored signal, and a process group of its
 * own. When it has ended, or must, the whole group is killed by SIGKILL, at once and without a warning: a helper has
 * nothing to put in order. What makes itself another group gets away. Returns within 0.1 s of the deadline: what is not
 * dead by then (it hangs in the kernel) is reaped by a later call. Beyond that only an executable on a file system
 * that hangs can hold the caller up. */
enum child_end child_run(const struct child_order *order, struct child_result *result);

/* Reaps what earlier runs could not, without waiting; child_run does it, too. Returns how many are still left. */
int child_reap(void);

#endif

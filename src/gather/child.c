#include "gather/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gather/child_place.h"
#include "gather/child_spawn.h"

enum {
    LONGEST_PAUSE = 50, /* ms until the caller's wish is asked for again */
    FIRST_ROOM = 4096,
    PIECE_SIZE = 4096,
    MOST_ERRORS = 1024 * 1024, /* octets: a tool may warn a lot, but not for ever */
    LINE_SIZE = 161,
    MOST_PATH = 200, /* of a path in words: the rest has room, too */
};

/* The first line of standard error that is not blank. */
struct first_line {
    char text[LINE_SIZE];
    size_t length;
    bool is_over;
};

struct run {
    const struct child_order *order;
    struct child_result *result;
    struct child_process process; /* a descriptor at whose end it is, is closed and -1 */
    int64_t started;              /* ms */
    int pause;                    /* ms: the next one while there is nothing to wait for but its end */
    char *text;
    size_t length, room;
    size_t error_octets;
    struct first_line line;
    bool has_read;  /* there was output this time: there may be more */
    bool has_ended; /* but is not reaped: its number stays its own */
    bool is_lost;   /* somebody else has reaped it */
    bool is_exit;   /* it has ended by itself */
    int status;     /* its exit status, else the signal */
};

/* --- Words --- */

/* The path, and in words what became of it. Returns the end. */
__attribute__((format(printf, 3, 4))) static enum child_end tell(struct run *run, enum child_end end,
                                                                 const char *format, ...)
{
    char *why = run->result->why;
    int n = snprintf(why, CHILD_WHY_SIZE, "%.*s: ", MOST_PATH, run->order->argv[0]);
    va_list list;

    va_start(list, format);
    vsnprintf(why + n, CHILD_WHY_SIZE - (size_t)n, format, list);
    va_end(list);
    return end;
}

/* Adds more words. */
static void tell_also(struct run *run, const char *before, const char *text)
{
    size_t n = strlen(run->result->why);

    snprintf(run->result->why + n, CHILD_WHY_SIZE - n, "%s%s", before, text);
}

static void add_to_line(struct first_line *line, const char *piece, size_t size)
{
    for (size_t i = 0; i < size && !line->is_over; i++) {
        unsigned char c = (unsigned char)piece[i];

        if (c <= ' ' && line->length == 0)
            continue;
        if (c == '\n' || line->length + 1 == sizeof(line->text))
            line->is_over = true;
        else
            line->text[line->length++] = c < ' ' ? ' ' : c < 0x7f ? (char)c : '?';
    }
}

static void tell_first_line(struct run *run)
{
    struct first_line *line = &run->line;

    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->length--;
    line->text[line->length] = '\0';
    if (line->length > 0)
        tell_also(run, ": ", line->text);
}

/* --- What it prints --- */

static void close_at_end(int *fd, ssize_t n)
{
    if (n != 0)
        return;
    close(*fd);
    *fd = -1;
}

/* There is always room for an octet, which may be the one too many, and for the terminator. */
static void make_room(struct run *run)
{
    if (run->room >= run->length + 2)
        return;
    run->room = run->room == 0 ? FIRST_ROOM : run->room * 2;
    run->text = memory_resize(run->text, run->room, 1);
}

static void read_output(struct run *run)
{
    ssize_t n;

    run->has_read = false;
    if (run->process.output < 0)
        return;
    make_room(run);
    n = read(run->process.output, run->text + run->length, run->room - run->length - 1);
    run->has_read = n > 0;
    if (run->has_read)
        run->length += (size_t)n;
    close_at_end(&run->process.output, n);
}

/* What follows the first line is read, too: a full pipe would hold the child up. */
static void read_errors(struct run *run)
{
    char piece[PIECE_SIZE];
    ssize_t n;

    if (run->process.errors < 0)
        return;
    n = read(run->process.errors, piece, sizeof(piece));
    if (n > 0) {
        run->error_octets += (size_t)n;
        add_to_line(&run->line, piece, (size_t)n);
    }
    close_at_end(&run->process.errors, n);
}

/* --- Its life --- */

static enum child_end start(struct run *run)
{
    int error = -child_spawn(run->order->argv, &run->process);
    bool is_its_file = error == ENOENT || error == EACCES || error == ENOEXEC || error == ENOTDIR;

    if (error == 0)
        return CHILD_OK;
    run->result->number = error;
    if (run->process.wanted)
        return tell(run, CHILD_UNSTARTED, "not started: %s: %s", run->process.wanted, strerror(error));
    return tell(run, CHILD_UNSTARTED, "not started: %s%s", strerror(error),
                is_its_file ? "; it should be a file that this user may execute" : "");
}

static void see_end(struct run *run)
{
    siginfo_t ending = {0};

    if (run->has_ended)
        return;
    if (waitid(P_PID, (id_t)run->process.pid, &ending, WEXITED | WNOHANG | WNOWAIT) != 0) {
        run->is_lost = errno == ECHILD;
        return;
    }
    run->has_ended = ending.si_pid != 0;
    run->is_exit = ending.si_code == CLD_EXITED;
    run->status = ending.si_status;
}

static enum child_end tell_end(struct run *run)
{
    enum child_end end;

    if (run->is_exit && run->status == 0)
        return CHILD_OK;
    run->result->number = run->status;
    if (run->is_exit)
        end = tell(run, CHILD_FAILED, "exit status %d", run->status);
    else
        end = tell(run, CHILD_SIGNALLED, "died of signal %d", run->status);
    tell_first_line(run);
    return end;
}

static enum child_end tell_late(struct run *run)
{
    long long ms = clock_ms() - run->started;
    enum child_end end;

    if (run->has_ended)
        end = tell(run, CHILD_LATE, "ended, but left a process that had its output open after %lld ms: killed", ms);
    else
        end = tell(run, CHILD_LATE, "no end within %lld ms: killed", ms);
    tell_first_line(run);
    return end;
}

/* One turn of watching. False if there is more to wait for. A helper that has ended in time is not late because its output
 * has not been read yet. */
static bool is_over(struct run *run, enum child_end *end)
{
    see_end(run); /* before reading: then nothing that it has written is missed */
    read_output(run);
    read_errors(run);
    if (run->length > run->order->most)
        *end = tell(run, CHILD_FLOOD, "more than %zu octets of output: killed", run->order->most);
    else if (run->error_octets > MOST_ERRORS)
        *end = tell(run, CHILD_FLOOD, "more than %d octets on standard error: killed", MOST_ERRORS);
    else if (run->is_lost)
        *end = tell(run, CHILD_LOST, "its exit status went elsewhere; SIGCHLD should have its default action");
    else if (run->has_ended && (run->process.output < 0 || !run->is_exit || run->status != 0))
        *end = tell_end(run);
    else if (run->order->unwanted && *run->order->unwanted)
        *end = tell(run, CHILD_UNWANTED, "not wanted any more: killed");
    else if (clock_ms() >= run->order->deadline && !(run->has_ended && run->has_read))
        *end = tell_late(run);
    else
        return false;
    return true;
}

/* No descriptor tells of its end: where that is all there is to come, it is asked for ever less often. */
static void wait_for_more(struct run *run)
{
    struct pollfd ends[] = {{.fd = run->process.output, .events = POLLIN},
                            {.fd = run->process.errors, .events = POLLIN}};
    int64_t left = run->order->deadline - clock_ms();
    int pause = LONGEST_PAUSE;

    if (run->process.output < 0 && run->pause < LONGEST_PAUSE) {
        pause = run->pause;
        run->pause *= 2;
    }
    if (left > 0)
        poll(ends, sizeof(ends) / sizeof(ends[0]), left < pause ? (int)left : pause);
}

static void finish(struct run *run, struct child_place *place, enum child_end end)
{
    char pid[32];

    if (run->process.output >= 0)
        close(run->process.output);
    if (run->process.errors >= 0)
        close(run->process.errors);
    if (end == CHILD_LOST) {
        child_place_return(place);
    } else if (!child_place_end(place, run->process.pid) && end != CHILD_OK) {
        snprintf(pid, sizeof(pid), "%d", run->process.pid);
        tell_also(run, "; not dead yet: pid ", pid);
    }
}

static void hand_over(struct run *run, enum child_end end)
{
    if (end != CHILD_OK) {
        free(run->text);
        return;
    }
    run->text[run->length] = '\0';
    run->result->text = memory_resize(run->text, run->length + 1, 1);
    run->result->length = run->length;
}

/* FNV-1a over all of its words. */
static uint64_t number_command(char *const *argv)
{
    uint64_t number = 0xcbf29ce484222325;

    for (; *argv; argv++)
        for (size_t i = 0, size = strlen(*argv) + 1; i < size; i++)
            number = (number ^ (unsigned char)(*argv)[i]) * 0x100000001b3;
    return number;
}

/* Whether there is a reason not to start it. */
static enum child_end refuse(struct run *run)
{
    if (run->order->argv[0][0] != '/') {
        run->result->number = EINVAL;
        return tell(run, CHILD_UNSTARTED, "not started: the path should be absolute");
    }
    if (run->order->unwanted && *run->order->unwanted)
        return tell(run, CHILD_UNWANTED, "not started: not wanted any more");
    if (run->order->deadline <= run->started)
        return tell(run, CHILD_LATE, "not started: its deadline had come");
    return CHILD_OK;
}

enum child_end child_run(const struct child_order *order, struct child_result *result)
{
    struct run run = {.order = order, .result = result, .started = clock_ms(), .pause = 1};
    struct child_place *place;
    enum child_end end;
    pid_t stuck;

    *result = (struct child_result){0};
    end = refuse(&run);
    if (end != CHILD_OK)
        return end;
    place = child_place_take(number_command(order->argv), &stuck);
    if (!place && stuck)
        return tell(&run, CHILD_STUCK, "not started: earlier ones do not die, they hang in the kernel: pid %d", stuck);
    if (!place)
        return tell(&run, CHILD_STUCK, "not started: other children have all places");
    end = start(&run);
    if (end != CHILD_OK) {
        child_place_return(place);
        return end;
    }
    while (!is_over(&run, &end))
        wait_for_more(&run);
    finish(&run, place, end);
    hand_over(&run, end);
    return end;
}

int child_reap(void)
{
    return child_place_reap();
}

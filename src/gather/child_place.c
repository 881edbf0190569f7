#include "gather/child_place.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PLACES = 32,
    MOST_STUCK = 2, /* of one command: a source that hangs costs no other its place */
    LAST_WAIT = 32, /* ms: the waits of a doubling row, 63 ms in all; death takes one, unless the machine is busy */
};

enum place_state { PLACE_FREE, PLACE_TAKEN, PLACE_STUCK };

struct child_place {
    enum place_state state;
    uint64_t command;
    pid_t pid;      /* of the child, and of its group */
    bool is_reaped; /* the child; what is left are orphans of its group */
};

/* Of the process, as its children are: they outlive the thread that started them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct child_place places[PLACES];

/* The child, and what it left behind where that falls to this process: to the first process of a container. Until the
 * last of them is reaped, the number of the group is no other's. True if none is left. */
static bool reap(struct child_place *place)
{
    pid_t pid;

    if (!place->is_reaped && waitpid(place->pid, NULL, WNOHANG) == 0)
        return false;
    place->is_reaped = true;
    do
        pid = waitpid(-place->pid, NULL, WNOHANG);
    while (pid > 0);
    return pid < 0;
}

/* With the lock. */
static int reap_stuck(void)
{
    int left = 0;

    for (size_t i = 0; i < PLACES; i++) {
        if (places[i].state != PLACE_STUCK)
            continue;
        if (reap(&places[i]))
            places[i].state = PLACE_FREE;
        else
            left++;
    }
    return left;
}

int child_place_reap(void)
{
    int left;

    pthread_mutex_lock(&lock);
    left = reap_stuck();
    pthread_mutex_unlock(&lock);
    return left;
}

/* With the lock. */
static struct child_place *find_free(uint64_t command, pid_t *stuck)
{
    struct child_place *found = NULL;
    int count = 0;

    *stuck = 0;
    for (size_t i = 0; i < PLACES; i++) {
        if (places[i].state == PLACE_FREE) {
            found = &places[i];
        } else if (places[i].state == PLACE_STUCK && places[i].command == command && ++count == MOST_STUCK) {
            *stuck = places[i].pid;
            return NULL;
        }
    }
    return found;
}

struct child_place *child_place_take(uint64_t command, pid_t *stuck)
{
    struct child_place *place;

    pthread_mutex_lock(&lock);
    reap_stuck();
    place = find_free(command, stuck);
    if (place)
        *place = (struct child_place){.state = PLACE_TAKEN, .command = command};
    pthread_mutex_unlock(&lock);
    return place;
}

static void set_state(struct child_place *place, enum place_state state)
{
    pthread_mutex_lock(&lock);
    place->state = state;
    pthread_mutex_unlock(&lock);
}

void child_place_return(struct child_place *place)
{
    set_state(place, PLACE_FREE);
}

/* A child may have left its group. Where SIGCHLD is ignored, a child that was killed is named no more. */
static void kill_group(pid_t pid)
{
    if (getpgid(pid) != pid)
        kill(pid, SIGKILL);
    kill(-pid, SIGKILL);
}

bool child_place_end(struct child_place *place, pid_t pid)
{
    bool is_gone;

    place->pid = pid;
    kill_group(pid);
    is_gone = reap(place);
    for (int wait = 1; !is_gone && wait <= LAST_WAIT; wait *= 2) {
        poll(NULL, 0, wait);
        is_gone = reap(place);
    }
    set_state(place, is_gone ? PLACE_FREE : PLACE_STUCK);
    return is_gone;
}

/* events_test: which devices are listened to, and that they are closed as soon as the kernel wants them back. libibverbs
 * is a fake whose devices are pipes. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "events.h"
#include "unit.h"
#include "worker.h"

enum { MOST = 4, PATIENCE = 10 * 1000, CHECK_INTERVAL = 5000 };

struct verbs_link {
    int pipe[2]; /* an octet for each event: 'p' of a port, 'o' another one, 'f' fatal */
    bool is_open;
    int closings;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct verbs_link links[MOST];
    bool is_there[MOST];
    int error[MOST], begun[MOST], openings[MOST];
    bool hangs;
} host;
static struct events *events;
static int64_t now;
static int uevents;

static int list(bool (*each)(void *context, const char *uverbs), void *context)
{
    char name[16];

    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST; i++) {
        snprintf(name, sizeof(name), "uverbs%d", i);
        if (host.is_there[i])
            each(context, name);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

static struct verbs_link *open_link(const char *uverbs, bool (*wants)(void *context, const char *name), void *context,
                                    char *name, int *error)
{
    int i = uverbs[strlen("uverbs")] - '0';
    struct verbs_link *link = NULL;

    snprintf(name, DEVICE_NAME_SIZE, "mlx5_%d", i);
    pthread_mutex_lock(&lock);
    host.begun[i]++;
    while (host.hangs || host.links[i].is_open)
        pthread_cond_wait(&changed, &lock);
    host.openings[i]++;
    *error = !wants(context, name) ? -EPERM : host.error[i];
    if (!*error) {
        link = &host.links[i];
        ck_assert_int_eq(pipe(link->pipe), 0);
        link->is_open = true;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return link;
}

static int descriptor(const struct verbs_link *link)
{
    return link->pipe[0];
}

static enum verbs_event next_event(struct verbs_link *link)
{
    struct pollfd readable = {.fd = link->pipe[0], .events = POLLIN};
    char octet;

    if (poll(&readable, 1, 0) != 1)
        return VERBS_NOTHING;
    ck_assert_int_eq(read(link->pipe[0], &octet, 1), 1);
    return octet == 'p' ? VERBS_PORT : octet == 'o' ? VERBS_OTHER : VERBS_GONE;
}

static void close_link(struct verbs_link *link)
{
    pthread_mutex_lock(&lock);
    ck_assert(link->is_open);
    link->is_open = false;
    link->closings++;
    close(link->pipe[0]);
    close(link->pipe[1]);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static const struct events_source fake = {list, open_link, descriptor, next_event, close_link};

static void make(const char *exclude, int descriptor_of_uevents)
{
    events = events_new(
        &(struct events_settings){
            .source = &fake, .exclude = exclude, .check_interval = CHECK_INTERVAL, .uevents = descriptor_of_uevents},
        now);
    ck_assert_ptr_nonnull(events);
}

static void set_up(void)
{
    int pair[2];

    memset(&host, 0, sizeof(host));
    now = 1000;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    uevents = pair[1];
    host.is_there[0] = host.is_there[1] = true;
    make(NULL, pair[0]);
}

static void tear_down(void)
{
    events_free(events);
    close(uevents);
}

/* What the main loop does until a condition holds; true if it was told to look meanwhile. */
static bool run_until(bool (*holds)(int i), int i)
{
    int64_t end = worker_now() + PATIENCE;
    bool should_look = false;

    while (!holds(i)) {
        struct pollfd readable = {.fd = events_descriptor(events), .events = POLLIN};

        ck_assert_int_lt(worker_now(), end);
        poll(&readable, 1, 10);
        should_look |= events_take(events, now);
    }
    return should_look;
}

static bool is_open(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = host.links[i].is_open;
    pthread_mutex_unlock(&lock);
    return result;
}

static bool is_closed(int i)
{
    return !is_open(i);
}

static bool was_tried(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = host.openings[i] > 0;
    pthread_mutex_unlock(&lock);
    return result;
}

static bool was_opened_twice(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = host.openings[i] == 2 && host.links[i].is_open;
    pthread_mutex_unlock(&lock);
    return result;
}

static bool is_being_opened(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = host.begun[i] > host.openings[i];
    pthread_mutex_unlock(&lock);
    return result;
}

static bool was_closed_again(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = host.openings[i] == 2 && host.links[i].closings == 2;
    pthread_mutex_unlock(&lock);
    return result;
}

static void set_hangs(bool hangs)
{
    pthread_mutex_lock(&lock);
    host.hangs = hangs;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Until threads have nothing more to give back. */
static void settle(void)
{
    struct pollfd readable = {.fd = events_descriptor(events), .events = POLLIN};

    while (poll(&readable, 1, 100) == 1)
        events_take(events, now);
}

static bool note(enum uevent_action action, const char *subsystem, const char *name)
{
    struct uevent event = {.action = action};

    snprintf(event.subsystem, sizeof(event.subsystem), "%s", subsystem);
    snprintf(event.name, sizeof(event.name), "%s", name);
    return events_note(events, &event);
}

static void open_both(void)
{
    run_until(is_open, 0);
    run_until(is_open, 1);
    settle();
}

START_TEST(devices_that_are_there_are_listened_to)
{
    open_both();
    ck_assert(!was_tried(2));
}
END_TEST

START_TEST(an_event_of_a_port_asks_for_a_look_and_others_do_not)
{
    struct pollfd readable = {.events = POLLIN};

    open_both();
    readable.fd = events_descriptor(events);
    ck_assert_int_eq(write(host.links[1].pipe[1], "oo", 2), 2);
    ck_assert_int_eq(poll(&readable, 1, PATIENCE), 1);
    ck_assert(!events_take(events, now));
    ck_assert_int_eq(write(host.links[1].pipe[1], "p", 1), 1);
    ck_assert_int_eq(poll(&readable, 1, PATIENCE), 1);
    ck_assert(events_take(events, now));
    ck_assert(!events_take(events, now));
}
END_TEST

START_TEST(a_device_that_the_kernel_removes_is_closed_at_once)
{
    open_both();
    ck_assert(!note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0"));
    run_until(is_closed, 0);
    ck_assert(is_open(1));
}
END_TEST

START_TEST(a_device_that_is_removed_while_it_is_opened_is_closed_as_soon_as_it_is_open)
{
    open_both();
    note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0");
    run_until(is_closed, 0);
    set_hangs(true);
    note(UEVENT_ADD, "infiniband_verbs", "uverbs0");
    run_until(is_being_opened, 0);
    note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0");
    set_hangs(false);
    run_until(was_closed_again, 0);
    ck_assert(is_open(1));
}
END_TEST

START_TEST(a_device_that_appears_is_listened_to)
{
    open_both();
    host.is_there[2] = true;
    ck_assert(!note(UEVENT_ADD, "infiniband_verbs", "uverbs2"));
    run_until(is_open, 2);
    note(UEVENT_REMOVE, "infiniband_verbs", "uverbs2");
    note(UEVENT_ADD, "infiniband_verbs", "uverbs2"); /* another one with its number */
    run_until(was_opened_twice, 2);
    ck_assert_int_eq(host.links[2].closings, 1);
}
END_TEST

START_TEST(a_device_that_comes_goes_or_is_renamed_asks_for_a_look)
{
    open_both();
    ck_assert(note(UEVENT_ADD, "infiniband", "mlx5_2"));
    ck_assert(note(UEVENT_REMOVE, "infiniband", "mlx5_2"));
    ck_assert(note(UEVENT_OTHER, "infiniband", "mlx5_2"));
    ck_assert(!note(UEVENT_ADD, "net", "eth0"));
    ck_assert(!note(UEVENT_REMOVE, "net", "uverbs0"));
    ck_assert(is_open(0));
}
END_TEST

START_TEST(a_device_with_a_fatal_error_is_closed)
{
    open_both();
    ck_assert_int_eq(write(host.links[0].pipe[1], "f", 1), 1);
    ck_assert(run_until(is_closed, 0));
}
END_TEST

START_TEST(a_removal_that_was_not_told_is_noticed_at_the_next_check)
{
    open_both();
    host.is_there[0] = false;
    now += CHECK_INTERVAL - 1;
    events_take(events, now);
    settle();
    ck_assert(is_open(0));
    now++;
    run_until(is_closed, 0);
    ck_assert(is_open(1));
}
END_TEST

START_TEST(a_device_that_is_excluded_is_not_opened)
{
    open_both();
    events_free(events);
    memset(host.openings, 0, sizeof(host.openings));
    make("mlx5_0", dup(uevents));
    run_until(is_open, 1);
    run_until(was_tried, 0);
    settle();
    ck_assert(is_closed(0));
    ck_assert_int_eq(host.openings[0], 1);
    now += CHECK_INTERVAL;
    events_take(events, now);
    settle();
    ck_assert_int_eq(host.openings[0], 1);
}
END_TEST

START_TEST(a_device_that_cannot_be_opened_is_tried_three_times_and_told_once)
{
    open_both();
    host.error[2] = -EACCES;
    host.is_there[2] = true;
    for (int check = 0; check < 5; check++) {
        now += CHECK_INTERVAL;
        events_take(events, now);
        settle();
    }
    ck_assert_int_eq(host.openings[2], 3);
}
END_TEST

START_TEST(without_uevents_nothing_is_opened)
{
    open_both();
    events_free(events);
    memset(host.openings, 0, sizeof(host.openings));
    make(NULL, -1);
    now += CHECK_INTERVAL;
    events_take(events, now);
    settle();
    ck_assert_int_eq(host.openings[0], 0);
}
END_TEST

START_TEST(the_end_closes_all_and_waits_for_nobody)
{
    int64_t began;

    open_both();
    set_hangs(true);
    note(UEVENT_ADD, "infiniband_verbs", "uverbs2");
    began = worker_now();
    events_free(events);
    ck_assert_int_lt(worker_now() - began, 1000);
    ck_assert(is_closed(0) && is_closed(1));
    set_hangs(false);
    while (!was_tried(2)) /* by the thread that was left behind */
        sched_yield();
    set_up();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *tcase = unit_case(suite, "events");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, devices_that_are_there_are_listened_to);
    tcase_add_test(tcase, an_event_of_a_port_asks_for_a_look_and_others_do_not);
    tcase_add_test(tcase, a_device_that_the_kernel_removes_is_closed_at_once);
    tcase_add_test(tcase, a_device_that_is_removed_while_it_is_opened_is_closed_as_soon_as_it_is_open);
    tcase_add_test(tcase, a_device_that_appears_is_listened_to);
    tcase_add_test(tcase, a_device_that_comes_goes_or_is_renamed_asks_for_a_look);
    tcase_add_test(tcase, a_device_with_a_fatal_error_is_closed);
    tcase_add_test(tcase, a_removal_that_was_not_told_is_noticed_at_the_next_check);
    tcase_add_test(tcase, a_device_that_is_excluded_is_not_opened);
    tcase_add_test(tcase, a_device_that_cannot_be_opened_is_tried_three_times_and_told_once);
    tcase_add_test(tcase, without_uevents_nothing_is_opened);
    tcase_add_test(tcase, the_end_closes_all_and_waits_for_nobody);
    return suite;
}

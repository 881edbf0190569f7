/* thread_test: what a thread does not take from the process: its signals, its descriptors; and the clock it waits on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "lib/unit.h"

enum { LATE = 2000 }; /* ms: a busy machine */

/* What a thread saw. */
static struct {
    sigset_t blocked;
    bool has_own, sees_descriptor, sees_stderr;
} seen;

static int descriptor = -1; /* of the process */

static void *look(void *context)
{
    pthread_sigmask(SIG_SETMASK, NULL, &seen.blocked);
    seen.has_own = thread_own_descriptors();
    seen.sees_descriptor = fcntl(descriptor, F_GETFD) >= 0;
    seen.sees_stderr = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    return context;
}

/* Has a thread look, which gives back what it is given. */
static void run(void)
{
    pthread_t thread;
    void *given = NULL;

    descriptor = dup(STDERR_FILENO);
    ck_assert_int_eq(thread_start(&thread, look, &seen), 0);
    pthread_join(thread, &given);
    ck_assert_ptr_eq(given, &seen);
    ck_assert_int_ge(fcntl(descriptor, F_GETFD), 0); /* the process has it still */
    close(descriptor);
}

START_TEST(a_thread_takes_no_signal_and_who_starts_it_takes_those_it_took)
{
    sigset_t before, after;

    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    run();
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++) {
        ck_assert_int_eq(sigismember(&after, signal), signal == SIGUSR2);
        ck_assert(sigismember(&seen.blocked, signal) || signal == SIGKILL || signal == SIGSTOP);
    }
}
END_TEST

/* From now on the call gives this error to whoever makes it. */
static void refuse(unsigned call, unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = UNIT_COUNT(code), .filter = code};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* Also where close_range(2) is not to be had. */
START_TEST(a_thread_with_descriptors_of_its_own_has_none_but_standard_error)
{
    if (_i == 1)
        refuse(SYS_close_range, ENOSYS);
    run();
    if (!seen.has_own) {
        ck_assert_int_ne(unshare(CLONE_FILES), 0); /* this place forbids it, for which there is the next test */
        return;
    }
    ck_assert(!seen.sees_descriptor);
    ck_assert(seen.sees_stderr);
}
END_TEST

START_TEST(a_thread_that_is_refused_them_is_told_and_keeps_those_of_the_process)
{
    refuse(SYS_unshare, EPERM);
    run();
    ck_assert(!seen.has_own);
    ck_assert(seen.sees_descriptor);
    ck_assert(seen.sees_stderr);
}
END_TEST

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition;
static bool holds;

static void *make_it_hold(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    holds = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&lock);
    return NULL;
}

START_TEST(a_wait_ends_with_the_condition_or_at_its_moment)
{
    int64_t began = clock_ms();

    thread_init_condition(&condition);
    pthread_mutex_lock(&lock);
    while (thread_wait_until(&condition, &lock, began + 50))
        ;
    ck_assert_int_ge(clock_ms(), began + 50);
    ck_assert_int_lt(clock_ms(), began + 50 + LATE);
    ck_assert_int_eq(thread_start(NULL, make_it_hold, NULL), 0);
    while (!holds)
        ck_assert(thread_wait_until(&condition, &lock, began + 10 * LATE));
    pthread_mutex_unlock(&lock);
}
END_TEST

START_TEST(the_clocks_agree)
{
    int64_t us = clock_us(), ms = clock_ms(), coarse = clock_coarse_ms();

    ck_assert_int_ge(ms, us / 1000);
    ck_assert_int_lt(ms, us / 1000 + LATE);
    ck_assert_int_gt(coarse, us / 1000 - LATE);
    ck_assert_int_lt(coarse, us / 1000 + LATE);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("thread");
    TCase *tcase = unit_case(suite, "thread");

    tcase_add_test(tcase, a_thread_takes_no_signal_and_who_starts_it_takes_those_it_took);
    tcase_add_loop_test(tcase, a_thread_with_descriptors_of_its_own_has_none_but_standard_error, 0, 2);
    tcase_add_test(tcase, a_thread_that_is_refused_them_is_told_and_keeps_those_of_the_process);
    tcase_add_test(tcase, a_wait_ends_with_the_condition_or_at_its_moment);
    tcase_add_test(tcase, the_clocks_agree);
    return suite;
}

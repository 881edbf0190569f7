/* serve_test: which families a message asks, and how long it waits for those that do not answer. */
#include <string.h>

#include "lib/unit.h"
#include "snmp/serve.h"

enum { FAMILIES = 3, FIRST = 0, SECOND = 1, OFF = 2 };

static int64_t now;

/* A family whose look takes so long, with the clock of the test. */
struct slow {
    int64_t takes;   /* ms from the wish to its end */
    int64_t done_at; /* of the look under way; 0: none is */
    int wishes, views, releases;
    int64_t waited; /* by the last view */
    struct view view;
};

static struct slow slow[FAMILIES];

static bool wish(void *state)
{
    struct slow *family = state;

    family->wishes++;
    if (family->takes > 0 && family->done_at == 0)
        family->done_at = now + family->takes;
    return family->done_at > now;
}

static bool view(void *state, int64_t until, struct look *look, bool *is_late)
{
    struct slow *family = state;
    int64_t begun = now;

    family->views++;
    if (family->done_at > now)
        now = family->done_at < until ? family->done_at : until > now ? until : now;
    *is_late = family->done_at > now;
    if (!*is_late)
        family->done_at = 0;
    family->waited = now - begun;
    *look = (struct look){.view = &family->view, .held = family};
    return true;
}

static void release(void *state, struct look *look)
{
    ck_assert_ptr_eq(look->held, state);
    ((struct slow *)state)->releases++;
}

static const struct mib mibs[FAMILIES] = {
    {.name = "FIRST-MIB", .path = {1}, .path_length = 1},
    {.name = "SECOND-MIB", .path = {17, 1}, .path_length = 2},
    {.name = "OFF-MIB", .path = {18, 1}, .path_length = 2},
};
static struct family families[FAMILIES];
static struct family_run runs[FAMILIES];
static struct serve *serve;
static uint32_t transaction;

static int64_t clock_of_test(void)
{
    return now;
}

static void begin(void)
{
    now = 1000000;
    for (int i = 0; i < FAMILIES; i++) {
        view_init(&slow[i].view, &mibs[i]);
        families[i] = (struct family){.mib = &mibs[i], .wish = wish, .view = view, .release = release};
        runs[i] = (struct family_run){.family = &families[i], .state = i == OFF ? NULL : &slow[i]};
    }
    serve = serve_new(runs, FAMILIES, clock_of_test);
}

static void end(void)
{
    serve_free(serve);
    for (int i = 0; i < FAMILIES; i++)
        ck_assert_int_eq(slow[i].views, slow[i].releases);
}

/* One message about these families; how long it took. */
static int64_t message(uint32_t of, bool is_get, bool first, bool second)
{
    int64_t begun = now;

    serve_begin(serve, of);
    if (first)
        serve_ask(serve, FIRST, is_get);
    if (second)
        serve_ask(serve, SECOND, is_get);
    serve_wait(serve);
    if (first)
        ck_assert_ptr_eq(serve_look(serve, FIRST)->view->mib, &mibs[FIRST]);
    if (second)
        ck_assert_ptr_eq(serve_look(serve, SECOND)->view->mib, &mibs[SECOND]);
    serve_end(serve);
    return now - begun;
}

static int64_t request(bool first, bool second)
{
    return message(++transaction, true, first, second);
}

START_TEST(a_name_leads_to_the_family_that_has_it)
{
    static const uint32_t first[] = {1, 3, 1}, second[] = {17, 1, 2}, beside[] = {17, 2}, off[] = {18, 1, 1};

    ck_assert_int_eq(serve_find(serve, first, 3), FIRST);
    ck_assert_int_eq(serve_find(serve, first, 1), FIRST);
    ck_assert_int_eq(serve_find(serve, second, 3), SECOND);
    ck_assert_int_eq(serve_find(serve, second, 2), SECOND);
    ck_assert_int_eq(serve_find(serve, second, 1), -1);
    ck_assert_int_eq(serve_find(serve, beside, 2), -1);
    ck_assert_int_eq(serve_find(serve, off, 3), -1);
    ck_assert_int_eq(serve_find(serve, first, 0), -1);
}
END_TEST

START_TEST(a_get_asks_the_families_it_names_once_each)
{
    request(true, true);
    ck_assert_int_eq(slow[FIRST].wishes, 1);
    ck_assert_int_eq(slow[SECOND].wishes, 1);
    request(true, false);
    ck_assert_int_eq(slow[FIRST].wishes, 2);
    ck_assert_int_eq(slow[SECOND].wishes, 1);
}
END_TEST

START_TEST(a_getnext_that_runs_over_the_end_asks_nothing)
{
    message(7, false, true, false);
    slow[SECOND].takes = 500;
    ck_assert_int_eq(message(7, false, false, true), 0); /* the same request goes on behind the first */
    ck_assert_int_eq(slow[SECOND].wishes, 0);
    message(8, false, false, true); /* another one begins there */
    ck_assert_int_eq(slow[SECOND].wishes, 1);
}
END_TEST

START_TEST(a_request_that_asked_a_family_goes_on_asking_it)
{
    message(7, false, true, true);
    message(7, false, true, true);
    ck_assert_int_eq(slow[FIRST].wishes, 2);
    ck_assert_int_eq(slow[SECOND].wishes, 2);
}
END_TEST

START_TEST(families_are_waited_for_side_by_side_until_one_deadline)
{
    slow[FIRST].takes = 300;
    slow[SECOND].takes = 400;
    ck_assert_int_eq(request(true, true), 400);
    slow[FIRST].takes = slow[SECOND].takes = 5000;
    now += SERVE_WINDOW + 200;
    ck_assert_int_eq(request(true, true), SERVE_MOST_WAITING);
}
END_TEST

START_TEST(one_waited_for_in_vain_is_not_waited_for_until_it_has_looked)
{
    slow[FIRST].takes = 5000;
    ck_assert_int_eq(request(true, false), SERVE_MOST_WAITING);
    now += 2000;
    ck_assert_int_eq(request(true, false), 0);
    now += 4000; /* its look has come: the next one is waited for again */
    slow[FIRST].takes = 10;
    ck_assert_int_eq(request(true, false), 10);
}
END_TEST

/* Two families that hang: what was waited for one in vain is not there for the other. */
START_TEST(waits_in_vain_do_not_add_up_to_more_than_the_budget)
{
    slow[FIRST].takes = slow[SECOND].takes = 60000;
    ck_assert_int_eq(request(true, false), SERVE_MOST_WAITING);
    now += 100;
    ck_assert_int_eq(request(false, true), 0);
    slow[SECOND].done_at = 0;
    now += SERVE_WINDOW + 200;
    request(false, true); /* it has looked meanwhile */
    ck_assert_int_eq(request(false, true), 0);
}
END_TEST

static bool newest_has_come;

static bool is_newest(void *state, const struct look *look)
{
    (void)state, (void)look;
    return !newest_has_come;
}

/* With an interval of 0 there is always another look under way. */
START_TEST(the_look_after_the_one_that_was_late_is_waited_for)
{
    families[FIRST].is_newest = is_newest;
    newest_has_come = false;
    slow[FIRST].takes = SERVE_MOST_WAITING + 50;
    ck_assert_int_eq(request(true, false), SERVE_MOST_WAITING);
    slow[FIRST].done_at = 0;
    newest_has_come = true;
    now += SERVE_WINDOW + 200;
    slow[FIRST].takes = 300;
    ck_assert_int_eq(request(true, false), 300);
    serve_free(serve); /* gives back what it has kept */
    serve = NULL;
}
END_TEST

/* A reading that takes long each time is waited for each time: its values are as old as their table says. */
START_TEST(waits_that_end_with_the_look_are_not_counted)
{
    for (int i = 0; i < 10; i++) {
        slow[FIRST].takes = 650;
        ck_assert_int_eq(request(true, false), 650);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("serve");
    TCase *tcase = unit_case(suite, "serve");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_name_leads_to_the_family_that_has_it);
    tcase_add_test(tcase, a_get_asks_the_families_it_names_once_each);
    tcase_add_test(tcase, a_getnext_that_runs_over_the_end_asks_nothing);
    tcase_add_test(tcase, a_request_that_asked_a_family_goes_on_asking_it);
    tcase_add_test(tcase, families_are_waited_for_side_by_side_until_one_deadline);
    tcase_add_test(tcase, one_waited_for_in_vain_is_not_waited_for_until_it_has_looked);
    tcase_add_test(tcase, waits_in_vain_do_not_add_up_to_more_than_the_budget);
    tcase_add_test(tcase, the_look_after_the_one_that_was_late_is_waited_for);
    tcase_add_test(tcase, waits_that_end_with_the_look_are_not_counted);
    return suite;
}

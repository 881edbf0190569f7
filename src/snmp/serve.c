#include "snmp/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    BIN = 100, /* ms */
    BINS = SERVE_WINDOW / BIN + 1,
};

struct served {
    const struct family_run *run;
    struct look look, nothing; /* the latter without rows */
    struct view no_rows;
    bool is_pinned;
    bool is_late; /* it was waited for in vain: not again until it has looked */
};

struct serve {
    int64_t (*now)(void);
    struct served *families;
    size_t count;
    uint32_t transaction;
    /* Sets of families, bit i for families[i]: asked by this message, by this SNMP request; looked into by this message. */
    uint32_t asked, was_asked, seen;
    int64_t bin_of[BINS], waited[BINS]; /* ms that were waited in each 100 ms, and which those are */
    bool has_waited;
};

struct serve *serve_new(const struct family_run *runs, size_t count, int64_t (*now)(void))
{
    struct serve *serve = memory_new(1, sizeof(*serve));

    serve->now = now ? now : clock_ms;
    serve->families = memory_new(count, sizeof(*serve->families));
    serve->count = count;
    for (size_t i = 0; i < count; i++) {
        struct served *served = &serve->families[i];

        served->run = &runs[i];
        view_init(&served->no_rows, runs[i].family->mib);
        served->nothing = (struct look){.view = &served->no_rows};
    }
    return serve;
}

static void unpin(struct served *served)
{
    if (served->is_pinned)
        served->run->family->release(served->run->state, &served->look);
    served->is_pinned = false;
}

void serve_free(struct serve *serve)
{
    if (!serve)
        return;
    for (size_t i = 0; i < serve->count; i++)
        unpin(&serve->families[i]);
    free(serve->families);
    free(serve);
}

int serve_find(const struct serve *serve, const uint32_t *suffix, size_t length)
{
    for (size_t i = 0; i < serve->count; i++) {
        const struct mib *mib = serve->families[i].run->family->mib;

        if (serve->families[i].run->state && length >= mib->path_length &&
            memcmp(suffix, mib->path, mib->path_length * sizeof(*suffix)) == 0)
            return (int)i;
    }
    return -1;
}

const struct mib *serve_mib(const struct serve *serve, int family)
{
    return serve->families[family].run->family->mib;
}

/* --- How long may be waited --- */

static void note_waiting(struct serve *serve, int64_t now, int64_t ms)
{
    int64_t bin = now / BIN;
    size_t at = (size_t)bin % BINS;

    if (serve->bin_of[at] != bin)
        serve->waited[at] = 0;
    serve->bin_of[at] = bin;
    serve->waited[at] += ms;
}

static int64_t may_wait(const struct serve *serve, int64_t now)
{
    int64_t left = SERVE_MOST_WAITING;

    for (size_t i = 0; i < BINS; i++)
        if (serve->bin_of[i] > now / BIN - BINS)
            left -= serve->waited[i];
    return left > 0 ? left : 0;
}

/* --- A message --- */

void serve_begin(struct serve *serve, uint32_t transaction)
{
    if (transaction != serve->transaction)
        serve->was_asked = 0;
    serve->transaction = transaction;
    serve->asked = 0;
}

void serve_ask(struct serve *serve, int family, bool is_get)
{
    uint32_t bit = UINT32_C(1) << family;

    /* A GetNext asks where it begins; one that goes on behind that asks what was asked already. */
    if (is_get || serve->was_asked == 0 || (serve->was_asked & bit))
        serve->asked |= bit;
}

static bool is_newest(const struct served *served)
{
    const struct family *family = served->run->family;

    return served->is_pinned && family->is_newest && family->is_newest(served->run->state, &served->look);
}

/* What was pinned for the message before stays if it is what there is. */
static void pin(struct served *served, int64_t until)
{
    unpin(served);
    served->is_pinned = served->run->family->view(served->run->state, until, &served->look, &served->is_late);
}

/* The next family of a set, which it leaves; the set is not empty. */
static int take_first(uint32_t *set)
{
    int first = __builtin_ctz(*set);

    *set &= *set - 1;
    return first;
}

void serve_wait(struct serve *serve)
{
    int64_t begin, until;
    bool waits = false, in_vain = false;

    serve->was_asked |= serve->asked;
    for (uint32_t left = serve->asked; left != 0;) {
        struct served *served = &serve->families[take_first(&left)];

        if (served->is_late)
            pin(served, 0); /* has the look come meanwhile? Before another one is wished for */
        waits |= served->run->family->wish(served->run->state);
    }
    if (!waits)
        return; /* the clock is not asked for each value of a walk */
    begin = serve->now();
    until = begin + may_wait(serve, begin);
    /* One that was waited for in vain is not waited for again until its look has come. */
    for (uint32_t left = serve->asked; left != 0;) {
        struct served *served = &serve->families[take_first(&left)];

        pin(served, served->is_late ? 0 : until);
        in_vain |= served->is_late;
    }
    serve->seen |= serve->asked;
    if (in_vain)
        note_waiting(serve, begin, serve->now() - begin);
    serve->has_waited = true;
}

const struct look *serve_look(struct serve *serve, int family)
{
    struct served *served = &serve->families[family];
    uint32_t bit = UINT32_C(1) << family;

    if (!(serve->seen & bit) && !is_newest(served))
        pin(served, 0);
    serve->seen |= bit;
    return served->is_pinned ? &served->look : &served->nothing;
}

void serve_end(struct serve *serve)
{
    while (serve->seen != 0) {
        struct served *served = &serve->families[take_first(&serve->seen)];

        if (!served->run->family->is_newest)
            unpin(served);
    }
}

bool serve_has_waited(struct serve *serve)
{
    bool has_waited = serve->has_waited;

    serve->has_waited = false;
    return has_waited;
}

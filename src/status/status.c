#include "status/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/absent.h"
#include "base/memory.h"

enum { NAME_SIZE = 33, MODULE_SIZE = 65, SET_FAMILIES = 0 };

/* A row of rdmaFamilyTable. */
struct family_row {
    char name[NAME_SIZE];
    char module[MODULE_SIZE];
    int64_t discontinuity; /* TimeStamp */
    struct family_state state;
};

struct scalars {
    int64_t number, number_on, worst_status;
    char worst_name[NAME_SIZE];
};

/* How all families fared at one moment. */
struct status_look {
    struct view view;
    struct scalars scalars;
    struct family_row rows[];
};

struct status {
    const struct family_run *runs;
    size_t count;
};

/* --- The module --- */

/* clang-format off */

static const struct label statuses[] = {
    {1, "ok"}, {2, "partial"}, {3, "refused"}, {4, "stalled"}, {5, "stale"}, {6, "absent"}, {7, "failed"}, {8, "never"},
    {9, "unsupported"}, {10, "asleep"}, {11, "off"}, {0, NULL}};

enum { TABLE_SUMMARY = 1, TABLE_FAMILY = 2 };

#define NUMBER(t, n, kind, name, type_, member, ...) \
    {.table = (t), .number = (n), .type = (type_), .source = SOURCE_NUMBER, .object = #name, \
     .offset = offsetof(struct kind, member), __VA_ARGS__}
#define TEXT(t, n, kind, name, member, ...) \
    {.table = (t), .number = (n), .type = SMI_TEXT, .source = SOURCE_TEXT, .object = #name, \
     .offset = offsetof(struct kind, member), __VA_ARGS__}
#define SCALAR(n, name, type, member, ...) NUMBER(TABLE_SUMMARY, n, scalars, name, type, member, __VA_ARGS__)
#define ROW(n, name, type, member, ...) NUMBER(TABLE_FAMILY, n, family_row, name, type, member, __VA_ARGS__)

static const struct column summary_columns[] = {
    SCALAR(1, rdmaFamilyNumber, SMI_GAUGE, number, .metric = "rdma_families"),
    SCALAR(2, rdmaFamilyNumberOn, SMI_GAUGE, number_on, .metric = "rdma_families_on"),
    SCALAR(3, rdmaFamilyWorstStatus, SMI_INTEGER, worst_status, .labels = statuses,
           .metric = "rdma_family_worst_status"),
    TEXT(TABLE_SUMMARY, 4, scalars, rdmaFamilyWorstName, worst_name),
};

static const struct column family_columns[] = {
    {.table = TABLE_FAMILY, .number = 1, .source = SOURCE_INDEX, .object = "rdmaFamilyName"},
    TEXT(TABLE_FAMILY, 2, family_row, rdmaFamilyText, name),
    ROW(3, rdmaFamilyStatus, SMI_INTEGER, state.status, .labels = statuses, .metric = "rdma_family_status"),
    TEXT(TABLE_FAMILY, 4, family_row, rdmaFamilyReason, state.reason),
    TEXT(TABLE_FAMILY, 5, family_row, rdmaFamilyModule, module),
    ROW(6, rdmaFamilyInterval, SMI_GAUGE, state.interval, .metric = "rdma_family_interval_seconds"),
    ROW(7, rdmaFamilyAge, SMI_GAUGE, state.age, .metric = "rdma_family_age_seconds"),
    ROW(8, rdmaFamilyLooks, SMI_COUNTER64, state.looks, .metric = "rdma_family_looks_total"),
    ROW(9, rdmaFamilyFailures, SMI_COUNTER64, state.failures, .metric = "rdma_family_failures_total"),
    ROW(10, rdmaFamilyLookLast, SMI_GAUGE, state.last, .metric = "rdma_family_look_seconds"),
    ROW(11, rdmaFamilyLookP50, SMI_GAUGE, state.p50, .metric = "rdma_family_look_p50_seconds"),
    ROW(12, rdmaFamilyLookP95, SMI_GAUGE, state.p95, .metric = "rdma_family_look_p95_seconds"),
    ROW(13, rdmaFamilyLookP99, SMI_GAUGE, state.p99, .metric = "rdma_family_look_p99_seconds"),
    ROW(14, rdmaFamilyLookMax, SMI_GAUGE, state.max, .metric = "rdma_family_look_max_seconds"),
    ROW(15, rdmaFamilyRows, SMI_GAUGE, state.rows, .metric = "rdma_family_rows"),
    ROW(16, rdmaFamilyNamesNotServed, SMI_GAUGE, state.names_not_served, .metric = "rdma_family_names_not_served"),
    ROW(17, rdmaFamilyDiscontinuityTime, SMI_TIMESTAMP, discontinuity),
};

#define TABLE(name, shape_, ...) \
    {.columns = name##_columns, .count = sizeof(name##_columns) / sizeof(name##_columns[0]), .shape = (shape_), \
     __VA_ARGS__}

static const struct table tables[] = {
    TABLE(summary, TABLE_SCALARS, .arc = TABLE_SUMMARY),
    TABLE(family, TABLE_ROWS, .arc = TABLE_FAMILY, .set = SET_FAMILIES, .index = "t"),
};

static const struct mib status_mib = {
    .name = "RDMA-AGENT-MIB",
    .description = "How the subagent of the RDMA MIBs fares (RDMA-AGENT-MIB)",
    .path = {10, 1},
    .path_length = 2,
    .tables = tables,
    .table_count = sizeof(tables) / sizeof(tables[0]),
};

/* clang-format on */

/* --- A look --- */

/* From the best to the worst, as rdmaFamilyWorstStatus has them. */
static int badness(int64_t status)
{
    static const uint8_t order[] = {SOURCE_STATUS_OFF,     SOURCE_STATUS_OK,          SOURCE_STATUS_ASLEEP,
                                    SOURCE_STATUS_NEVER,   SOURCE_STATUS_UNSUPPORTED, SOURCE_STATUS_ABSENT,
                                    SOURCE_STATUS_PARTIAL, SOURCE_STATUS_STALE,       SOURCE_STATUS_REFUSED,
                                    SOURCE_STATUS_STALLED, SOURCE_STATUS_FAILED};
    int at = 0;

    while (order[at] != status)
        at++;
    return at;
}

static void describe_off(struct family_state *state)
{
    *state = (struct family_state){
        .status = SOURCE_STATUS_OFF,
        .interval = ABSENT,
        .age = ABSENT,
        .looks = ABSENT,
        .failures = ABSENT,
        .last = ABSENT,
        .p50 = ABSENT,
        .p95 = ABSENT,
        .p99 = ABSENT,
        .max = ABSENT,
        .rows = ABSENT,
        .names_not_served = ABSENT,
    };
}

static void fill_row(struct family_row *row, const struct family_run *run)
{
    snprintf(row->name, sizeof(row->name), "%s", run->family->name);
    snprintf(row->module, sizeof(row->module), "%s", run->family->mib->name);
    if (run->state)
        run->family->describe(run->state, &row->state);
    else
        describe_off(&row->state);
    row->discontinuity = run->state ? 0 : ABSENT; /* its counters count from the start of this process */
}

/* The first row of the table that fares worst. */
static void find_worst(struct status_look *look)
{
    const struct rows *rows = &look->view.sets[SET_FAMILIES];

    for (size_t i = 0; i < rows->count; i++) {
        const struct family_row *row = rows->bundles[i].record;

        if (badness(row->state.status) <= badness(look->scalars.worst_status))
            continue;
        look->scalars.worst_status = row->state.status;
        strcpy(look->scalars.worst_name, row->name);
    }
}

/* This family has no row: it reads nothing, and whoever sees the table knows that it is served. */
static struct status_look *look_at(const struct family_run *runs, size_t count)
{
    struct status_look *look = memory_new(1, sizeof(*look) + count * sizeof(look->rows[0]));
    uint32_t key[NAME_SIZE + 1];

    look->scalars.worst_status = SOURCE_STATUS_OFF;
    view_init(&look->view, &status_mib);
    view_reserve(&look->view, SET_FAMILIES, count, count * (NAME_SIZE + 1));
    for (size_t i = 0; i < count; i++) {
        struct family_row *row = &look->rows[i];

        if (runs[i].family->mib == &status_mib)
            continue;
        fill_row(row, &runs[i]);
        view_add(&look->view, SET_FAMILIES, row, key, index_put_text(key, row->name, strlen(row->name)));
        look->scalars.number++;
        look->scalars.number_on += runs[i].state != NULL;
    }
    view_sort(&look->view, SET_FAMILIES);
    view_finish(&look->view);
    find_worst(look);
    return look;
}

/* --- The family --- */

static void *start(const struct family_settings *settings)
{
    struct status *status = memory_new(1, sizeof(*status));

    *status = (struct status){.runs = settings->runs, .count = settings->run_count};
    return status;
}

static void stop(void *state)
{
    free(state);
}

static bool wish(void *state)
{
    (void)state;
    return false;
}

static bool view(void *state, int64_t until, struct look *look, bool *is_late)
{
    const struct status *status = state;
    struct status_look *newest = look_at(status->runs, status->count);

    (void)until;
    *is_late = false;
    *look = (struct look){.view = &newest->view, .scalars = &newest->scalars, .held = newest};
    return true;
}

static void release(void *state, struct look *look)
{
    struct status_look *newest = (struct status_look *)look->held;

    (void)state;
    view_fini(&newest->view);
    free(newest);
}

static void describe(void *state, struct family_state *described)
{
    (void)state;
    describe_off(described);
    described->status = SOURCE_STATUS_OK;
}

const struct family status_family = {
    .name = "agent",
    .text = "how the families fare",
    .mib = &status_mib,
    .is_default = true,
    .is_forced = true,
    .start = start,
    .stop = stop,
    .wish = wish,
    .view = view,
    .release = release,
    .describe = describe,
};

/* scan_fuzz: a device whose files hold anything, through scan, history and snapshot to a walk. The input is a list of
 * words, each ended by a NUL: "path=octets" gives a file its octets, "path!X" makes its reads fail, "+X" is a pass some
 * time later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mib/answer.h"
#include "port/catalogue.h"
#include "fuzz.h"
#include "port/history.h"
#include "port/scan.h"
#include "port/snapshot.h"
#include "port/scan_file.h"
#include "virtual_sysfs.h"

enum { MOST_PASSES = 4, MOST_WORDS = 40, LONGEST_NAME = 255, LONGEST_OID_SUFFIX = 118 };

static char root[] = "/tmp/scan_fuzz-XXXXXX";

/* One input's work. */
struct run {
    struct scan_settings settings;
    struct scan *scan;
    struct history *history;
    int64_t now; /* ms */
    int patience;
    bool has_errors; /* a file has failed or has no value: others may be put off */
};

/* What is left of sysfs: the directories that scan itself opens, and nothing in them. */
static void make_root(void)
{
    static const char *const directories[] = {"class", "class/infiniband", "class/infiniband/mlx5_0", "class/net"};
    char path[128];

    FUZZ_REQUIRE(mkdtemp(root) != NULL);
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
        FUZZ_REQUIRE(mkdir(path, 0755) == 0);
    }
}

static void remove_root(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    FUZZ_REQUIRE(system(command) == 0);
}

/* --- What must hold of rows --- */

static void check_cells(enum port_table table, const struct row *row)
{
    const struct column *columns = catalogue_table(table)->columns;

    for (size_t i = 0; i < catalogue_table(table)->count; i++) {
        struct value value;

        if (!column_value(&columns[i], row, &value))
            continue;
        if (value.type == SMI_TEXT)
            FUZZ_REQUIRE(fuzz_is_printable(value.text));
        if (columns[i].labels)
            FUZZ_REQUIRE(column_label(&columns[i], (int64_t)value.number) != NULL);
    }
}

/* The value of a counter file, as scan must read it. */
static bool true_value(const char *path, uint64_t *value)
{
    size_t length;
    const char *octets = virtual_sysfs_get(path, &length);
    char text[32], *end;

    if (!octets || length < 2 || length >= SCAN_TEXT_SIZE || octets[length - 1] != '\n')
        return false;
    while (length > 2 && octets[0] == '0') {
        octets++;
        length--;
    }
    if (length > 21 || memchr(octets, '\0', length) || strspn(octets, "0123456789") != length - 1)
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)length, octets);
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0;
}

/* A counter has the value of its file or none; and none only where the file has none or something has failed. */
static void check_counter(const struct run *run, const struct port *port, const char *directory, enum port_table table,
                          const struct column *column)
{
    const struct counters *counters = table == TABLE_PORT_COUNTER ? &port->counters : &port->hw_counters;
    bool is_present = counters->present >> column->slot & 1, has_value;
    char path[SCAN_PATH_SIZE];
    uint64_t value;

    snprintf(path, sizeof(path), "ports/%d/%s/%s", (int)port->number, directory, column->file);
    has_value = true_value(path, &value);
    if (column->alias)
        return;
    FUZZ_REQUIRE(!is_present || (has_value && counters->value[column->slot] == value));
    FUZZ_REQUIRE(is_present || !has_value || run->has_errors);
}

static void check_counters(const struct run *run, const struct port *port, const char *directory, enum port_table table)
{
    const struct column *columns = catalogue_table(table)->columns;

    for (size_t i = 0; i < catalogue_table(table)->count; i++)
        if (columns[i].file)
            check_counter(run, port, directory, table, &columns[i]);
}

static void check_device(const struct run *run, const struct device *device)
{
    int64_t before = -1;

    check_cells(TABLE_DEVICE, &(struct row){.record = device});
    FUZZ_REQUIRE(device->files_read <= device->files);
    for (int64_t i = 0; i < device->port_count; i++) {
        const struct port *port = &device->ports[i];

        FUZZ_REQUIRE(port->number > before);
        before = port->number;
        check_cells(TABLE_PORT, &(struct row){.record = port});
        if (port->number <= 2) {
            check_counters(run, port, "counters", TABLE_PORT_COUNTER);
            check_counters(run, port, "hw_counters", TABLE_PORT_HW_COUNTER);
        }
    }
}

/* The walk ascends, its names fit, and each is answered. */
static void check_walk(const struct snapshot *snapshot)
{
    static const struct agent_state agent = {.version = "0"};
    const struct look look = {.view = snapshot_view(snapshot), .scalars = &agent};
    uint32_t name[INDEX_MAX], before[INDEX_MAX] = {0};
    struct answer answer, again;
    size_t length = 0;

    while (answer_next(&look, name, length, &answer)) {
        size_t old = length, common = 0;

        memcpy(before, name, old * sizeof(*name));
        length = answer_name(&look, &answer, name);
        while (common < old && common < length && before[common] == name[common])
            common++;
        FUZZ_REQUIRE(length <= LONGEST_OID_SUFFIX && common < length &&
                     (common == old || before[common] < name[common]));
        FUZZ_REQUIRE(answer_get(&look, name, length, &again) == ANSWER_FOUND);
        FUZZ_REQUIRE(again.column == answer.column && again.value.type == answer.value.type);
        FUZZ_REQUIRE(answer.value.type == SMI_TEXT ? again.value.text == answer.value.text
                                                   : again.value.number == answer.value.number);
    }
}

/* --- Passes --- */

static bool is_over(void *context)
{
    return ((struct run *)context)->patience-- <= 0;
}

static void pass(struct run *run, int patience)
{
    struct patience all = {.now = run->now, .is_over = is_over, .context = run};
    struct snapshot *snapshot;
    struct device *device;
    int error = 0;

    run->patience = patience;
    device = scan_device(run->scan, &all, &error);
    FUZZ_REQUIRE(device ? error == 0 : error < 0);
    if (!device)
        return;
    run->has_errors |= !device->complete;
    check_device(run, device);
    history_note(run->history, &device, 1, run->now / 10);
    check_device(run, device);
    snapshot = snapshot_new(&device, 1);
    check_walk(snapshot);
    snapshot_free(snapshot);
}

/* --- The input --- */

/* "+X" or "+XY": a pass X steps later, with patience for few reads if there is a Y. */
static void pass_by_word(struct run *run, const char *word, size_t length)
{
    static const int64_t later[] = {0, 1000, 5000, 60 * 1000, 120 * 1000, 3600 * 1000};
    enum { UNLIMITED = 1000000 };

    run->now += later[length > 1 ? (size_t)(unsigned char)word[1] % (sizeof(later) / sizeof(later[0])) : 0];
    pass(run, length > 2 ? (unsigned char)word[2] % 64 : UNLIMITED);
}

/* Anything but another text in a counter file that was there may put off the reading of others. */
static bool is_harmless(const char *path, size_t length, char sign)
{
    char whole[VIRTUAL_PATH_SIZE];
    size_t n;

    if (sign == '!' || length >= sizeof(whole))
        return false;
    memcpy(whole, path, length);
    whole[length] = '\0';
    return strstr(whole, "counters/") && virtual_sysfs_get(whole, &n);
}

static void set_by_word(struct run *run, const char *word, size_t length)
{
    static const int errors[] = {EINVAL, EIO, ENODEV, ENOENT, EOPNOTSUPP, EACCES, ETIMEDOUT, EISDIR};
    size_t sign = 0, name = 0;

    while (sign < length && word[sign] != '=' && word[sign] != '!' && name <= LONGEST_NAME) {
        name = word[sign] == '/' ? 0 : name + 1;
        sign++;
    }
    if (sign == 0 || sign == length || name > LONGEST_NAME)
        return;
    run->has_errors |= !is_harmless(word, sign, word[sign]);
    virtual_sysfs_set(word, sign, word + sign + 1, length - sign - 1,
                      word[sign] == '!' ? errors[length > sign + 1 ? word[sign + 1] & 7 : 0] : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    struct fuzz_input input = {octets, size};
    struct run run = {.settings = {.sysfs_root = root, .most_held = 40}};
    size_t length;
    const char *word;
    int passes = 0;

    if (root[strlen(root) - 1] == 'X') {
        make_root();
        atexit(remove_root);
    }
    virtual_sysfs_reset();
    run.scan = scan_new(&run.settings, "mlx5_0");
    run.history = history_new();
    for (int i = 0; i < MOST_WORDS && (word = fuzz_word(&input, '\0', &length)); i++) {
        if (length == 0 || word[0] != '+')
            set_by_word(&run, word, length);
        else if (passes++ < MOST_PASSES)
            pass_by_word(&run, word, length);
    }
    pass_by_word(&run, "+1", 2);
    scan_free(run.scan);
    FUZZ_REQUIRE(atomic_load(&run.settings.held) == 0);
    history_free(run.history);
    return 0;
}

#include "daemon/options.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "snmp/shortcut.h"

enum kind { FLAG, COMMAND, TEXT, DURATION, CHOICE };

struct choice {
    const char *name;
    int64_t value;
};

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    size_t offset;
    const char *argument; /* how --help calls it */
    const char *preset;   /* default, as it would be typed; NULL: none */
    int64_t least, most;  /* DURATION, ms */
    const struct choice *choices;
    const char *help;
};

static const struct choice levels[] = {{"error", LOG_LEVEL_ERROR},
                                       {"warn", LOG_LEVEL_WARN},
                                       {"info", LOG_LEVEL_INFO},
                                       {"debug", LOG_LEVEL_DEBUG},
                                       {NULL, 0}};
static const struct choice link_events[] = {{"poll", LINK_EVENTS_POLL}, {"verbs", LINK_EVENTS_VERBS}, {NULL, 0}};
static const struct choice targets[] = {{"stderr", LOG_TARGET_STDERR}, {"syslog", LOG_TARGET_SYSLOG}, {NULL, 0}};

static const struct choice shortcuts[] = {
    {"auto", SHORTCUT_AUTO}, {"on", SHORTCUT_ON}, {"off", SHORTCUT_OFF}, {NULL, 0}};

#define AT(member) offsetof(struct options, member)

/* clang-format off */
static const struct option_row rows[] = {
    {"foreground", 'f', FLAG, AT(foreground), NULL, NULL, 0, 0, NULL, "stay in the foreground"},
    {"agentx-socket", 'x', TEXT, AT(agentx_socket), "ADDR", NULL, 0, 0, NULL,
     "where snmpd listens for subagents: unix:/path or tcp:host:port (as Net-SNMP is configured, else /var/agentx/master)"},
    {"families", 0, TEXT, AT(families), "LIST", NULL, 0, 0, NULL,
     "what is served: a list of families, or +LIST beside the default, or -LIST to take away from it"},
    {"sysfs-root", 0, TEXT, AT(sysfs_root), "DIR", "/sys", 0, 0, NULL, "the sysfs to read; class/infiniband is below it"},
    {"cache-ttl", 0, DURATION, AT(cache_ttl), "DUR", "1s", 0, 3600 * 1000, NULL,
     "how old an answer may be before the hardware is read again"},
    {"read-timeout", 0, DURATION, AT(read_timeout), "DUR", "250ms", 10, 600, NULL,
     "how long a reading of one device may take"},
    {"include-devices", 0, TEXT, AT(include), "GLOB,...", NULL, 0, 0, NULL, "serve only devices with such a name"},
    {"exclude-devices", 0, TEXT, AT(exclude), "GLOB,...", NULL, 0, 0, NULL,
     "never open devices with such a name; stronger than --include-devices"},
    {"shortcut", 0, CHOICE, AT(shortcut), "WHEN", "auto", 0, 0, shortcuts,
     "answer snmpd without going through Net-SNMP's agent (auto: with versions it was proven with)"},
    {"log-level", 0, CHOICE, AT(log_level), "LEVEL", "info", 0, 0, levels, "the least important lines to log"},
    {"log-target", 0, CHOICE, AT(log_target), "TARGET", NULL, 0, 0, targets,
     "where to log (stderr in the foreground, else syslog)"},
    {"notifications", 0, FLAG, AT(notifications), NULL, NULL, 0, 0, NULL,
     "send notifications when a port or a device changes, and watch for that when nobody polls"},
    {"watch-interval", 0, DURATION, AT(watch_interval), "DUR", "5s", 100, 3600 * 1000, NULL,
     "with --notifications: how long changes may go unseen"},
    {"link-events", 0, CHOICE, AT(link_events), "SOURCE", "poll", 0, 0, link_events,
     "with --notifications: who tells of links between two looks; verbs keeps the devices open"},
    {"user", 0, TEXT, AT(user), "USER", NULL, 0, 0, NULL, "become this user after the start"},
    {"print", 0, COMMAND, AT(print), NULL, NULL, 0, 0, NULL, "print all that would be served, without snmpd, and end"},
    {"version", 0, COMMAND, AT(version), NULL, NULL, 0, 0, NULL, "print the version and end"},
    {"help", 'h', COMMAND, AT(help), NULL, NULL, 0, 0, NULL, "print this text and end"},
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]), NAME_SIZE = 64, DURATION_SIZE = 24 };

static const char prefix[] = "RDMA_AGENTX_";

/* Where a value was given, for messages. */
struct source {
    const char *name; /* "--cache-ttl" or "RDMA_AGENTX_CACHE_TTL" */
    char *error;
    size_t size;
};

static const struct choice units[] = {{"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

/* In the largest unit that divides it. */
static void format_duration(int64_t ms, char *text)
{
    const struct choice *unit = units;

    while (ms == 0 ? unit->value != 1000 : ms % unit->value != 0)
        unit++;
    snprintf(text, DURATION_SIZE, "%" PRId64 "%s", ms / unit->value, unit->name);
}

bool options_parse_duration(const char *text, int64_t *ms)
{
    int64_t number = 0;
    const char *at = text;

    for (; isdigit((unsigned char)*at) && at - text < 9; at++)
        number = number * 10 + (*at - '0');
    if (at == text)
        return false;
    for (const struct choice *unit = units; unit->name; unit++) {
        if (strcmp(at, unit->name) == 0) {
            *ms = number * unit->value;
            return true;
        }
    }
    return false;
}

static bool set_duration(const struct option_row *row, int64_t *field, const char *text, const struct source *source)
{
    int64_t ms;

    if (!options_parse_duration(text, &ms)) {
        snprintf(source->error, source->size,
                 "%s: \"%s\" is not a duration: give a number and ms, s, m or h, like 250ms", source->name, text);
        return false;
    }
    if (ms < row->least || ms > row->most) {
        char least[DURATION_SIZE], most[DURATION_SIZE];

        format_duration(row->least, least);
        format_duration(row->most, most);
        snprintf(source->error, source->size, "%s: %s is out of range: from %s to %s", source->name, text, least, most);
        return false;
    }
    *field = ms;
    return true;
}

static bool set_choice(const struct option_row *row, int64_t *field, const char *text, const struct source *source)
{
    size_t n;

    for (const struct choice *choice = row->choices; choice->name; choice++) {
        if (strcmp(choice->name, text) == 0) {
            *field = choice->value;
            return true;
        }
    }
    n = (size_t)snprintf(source->error, source->size, "%s: \"%s\" is none of", source->name, text);
    for (const struct choice *choice = row->choices; choice->name && n < source->size; choice++)
        n += (size_t)snprintf(source->error + n, source->size - n, " %s", choice->name);
    return false;
}

static bool set_flag(bool *field, const char *text, const struct source *source)
{
    static const char *const yes[] = {"1", "yes", "true", "on"}, *const no[] = {"0", "no", "false", "off"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *field = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    snprintf(source->error, source->size, "%s: \"%s\" is neither yes nor no", source->name, text);
    return false;
}

static bool set(const struct option_row *row, struct options *options, const char *text, const struct source *source)
{
    void *field = (char *)options + row->offset;

    switch (row->kind) {
    case FLAG:
    case COMMAND:
        return set_flag(field, text, source);
    case DURATION:
        return set_duration(row, field, text, source);
    case CHOICE:
        return set_choice(row, field, text, source);
    case TEXT:
        break;
    }
    if (text[0] == '\0') {
        snprintf(source->error, source->size, "%s: is empty: give %s", source->name, row->argument);
        return false;
    }
    *(const char **)field = text;
    return true;
}

/* --- The environment --- */

static void environment_name(const struct option_row *row, char *name)
{
    char *at = name + snprintf(name, NAME_SIZE, "%s%s", prefix, row->name);

    for (char *c = name; c < at; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
}

static const struct option_row *row_of_variable(const char *variable, size_t length)
{
    char name[NAME_SIZE];

    for (size_t i = 0; i < ROWS; i++) {
        environment_name(&rows[i], name);
        if (rows[i].kind != COMMAND && strlen(name) == length && strncmp(name, variable, length) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool parse_environment(struct options *options, char *const *environment, char *error, size_t size)
{
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        size_t n = equals ? (size_t)(equals - *environment) : 0;
        const struct option_row *row;
        char name[NAME_SIZE];

        if (strncmp(*environment, prefix, sizeof(prefix) - 1) != 0 || !equals)
            continue;
        row = row_of_variable(*environment, n);
        if (!row) {
            snprintf(error, size, "environment: %.*s is not a setting: see --help", (int)n, *environment);
            return false;
        }
        environment_name(row, name);
        if (equals[1] == '\0')
            continue; /* as a line of systemd's EnvironmentFile that is there to be filled in */
        if (!set(row, options, equals + 1, &(struct source){.name = name, .error = error, .size = size}))
            return false;
    }
    return true;
}

/* --- The command line --- */

static void make_getopt(struct option *longs, char *shorts)
{
    *shorts++ = ':'; /* tell a missing argument from an unknown option */
    for (size_t i = 0; i < ROWS; i++) {
        bool takes_argument = rows[i].kind != FLAG && rows[i].kind != COMMAND;

        longs[i] = (struct option){.name = rows[i].name, .has_arg = takes_argument, .val = (int)(256 + i)};
        if (!rows[i].letter)
            continue;
        *shorts++ = rows[i].letter;
        if (takes_argument)
            *shorts++ = ':';
    }
    *shorts = '\0';
}

static const struct option_row *row_of_code(int code)
{
    if (code >= 256)
        return &rows[code - 256];
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter == code)
            return &rows[i];
    return NULL;
}

/* getopt's complaint about a word: in a row of letters, only optopt says which one it means. */
static void tell_unusable(int code, const char *word, char *error, size_t size)
{
    if (code == ':')
        snprintf(error, size, "%s: its value is missing: see --help", word);
    else if (optopt >= 256)
        snprintf(error, size, "--%s: takes no value: see --help", row_of_code(optopt)->name);
    else if (optopt)
        snprintf(error, size, "-%c: no such option: see --help", optopt);
    else
        snprintf(error, size, "%s: no such option: see --help", word);
}

static bool parse_arguments(struct options *options, int argc, char *const *argv, char *error, size_t size)
{
    struct option longs[ROWS + 1] = {0};
    char shorts[2 * ROWS + 2], name[NAME_SIZE];
    int code;

    make_getopt(longs, shorts);
    opterr = 0;
    optind = 0; /* glibc: start afresh */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_row *row = row_of_code(code);

        if (!row) {
            tell_unusable(code, argv[optind - 1], error, size);
            return false;
        }
        snprintf(name, sizeof(name), "--%s", row->name);
        if (!set(row, options, optarg ? optarg : "yes", &(struct source){.name = name, .error = error, .size = size}))
            return false;
    }
    if (optind < argc) {
        snprintf(error, size, "%s: is not an option: see --help", argv[optind]);
        return false;
    }
    return true;
}

bool options_parse(struct options *options, int argc, char *const *argv, char *const *environment, char *error,
                   size_t size)
{
    *options = (struct options){.log_target = OPTIONS_LOG_BY_MODE};
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].preset &&
            !set(&rows[i], options, rows[i].preset, &(struct source){.name = "default", .error = error, .size = size}))
            return false;
    if (!parse_environment(options, environment, error, size)) {
        char ignored[1];

        /* Whoever asks for help may be looking for just that. */
        return parse_arguments(options, argc, argv, ignored, sizeof(ignored)) && (options->help || options->version);
    }
    return parse_arguments(options, argc, argv, error, size);
}

void options_print_help(FILE *out)
{
    fputs("usage: rdma-agentx [options]\n"
          "Serves the state and the counters of this host's RDMA ports through snmpd (RDMA-PORT-MIB).\n\n",
          out);
    for (size_t i = 0; i < ROWS; i++) {
        char left[NAME_SIZE], name[NAME_SIZE];

        snprintf(left, sizeof(left), "%c%c%c --%s%s%s", rows[i].letter ? '-' : ' ',
                 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ',' : ' ', rows[i].name,
                 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
        fprintf(out, "  %-32s %s", left, rows[i].help);
        for (const struct choice *choice = rows[i].choices; choice && choice->name; choice++)
            fprintf(out, "%s%s", choice == rows[i].choices ? ": " : ", ", choice->name);
        if (rows[i].preset)
            fprintf(out, " (%s)", rows[i].preset);
        fputc('\n', out);
        if (rows[i].kind != COMMAND) {
            environment_name(&rows[i], name);
            fprintf(out, "  %-32s %s\n", "", name);
        }
    }
    fputs("\nIf an option is given both ways, the command line counts. Exit status: 0, or 1 if it could not run, or\n"
          "2 if an option or a variable makes no sense. See rdma-agentx(8).\n",
          out);
}

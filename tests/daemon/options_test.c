/* options_test: every option by command line and by environment, which of them wins, and what is said of nonsense. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/options.h"
#include "snmp/shortcut.h"
#include "lib/unit.h"

enum { MOST_WORDS = 8, COMMANDS = 3 };

static struct options options;
static char error[256];

/* Parses words that end with NULL; getopt may change their order. */
static bool parse(const char *const *arguments, const char *const *environment)
{
    const char *argv[MOST_WORDS] = {"rdma-agentx"};
    int argc = 1;

    for (; argc < MOST_WORDS - 1 && arguments[argc - 1]; argc++)
        argv[argc] = arguments[argc - 1];
    error[0] = '\0';
    return options_parse(&options, argc, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment, error,
                         sizeof(error));
}

static const char *const nothing[] = {NULL};

/* --- Every option --- */

enum kind { FLAG, NUMBER, TEXT };

/* A value of each that is not its default; one more option is one more row here, commands come last. */
static const struct {
    const char *name, *letter; /* NULL: none */
    const char *value;         /* as typed; NULL: takes none */
    enum kind kind;
    size_t offset;
    int64_t number;
    bool is_command; /* not to be had from the environment */
} all[] = {
#define AT(member) offsetof(struct options, member)
    {"--foreground", "-f", NULL, FLAG, AT(foreground), 0, false},
    {"--agentx-socket", "-x", "tcp:localhost:705", TEXT, AT(agentx_socket), 0, false},
    {"--families", NULL, "+process,history", TEXT, AT(families), 0, false},
    {"--sysfs-root", NULL, "/tmp/sys", TEXT, AT(sysfs_root), 0, false},
    {"--cache-ttl", NULL, "2m", NUMBER, AT(cache_ttl), 120000, false},
    {"--read-timeout", NULL, "300ms", NUMBER, AT(read_timeout), 300, false},
    {"--include-devices", NULL, "mlx5_*", TEXT, AT(include), 0, false},
    {"--exclude-devices", NULL, "rxe*,siw*", TEXT, AT(exclude), 0, false},
    {"--shortcut", NULL, "off", NUMBER, AT(shortcut), SHORTCUT_OFF, false},
    {"--log-level", NULL, "debug", NUMBER, AT(log_level), LOG_LEVEL_DEBUG, false},
    {"--log-target", NULL, "syslog", NUMBER, AT(log_target), LOG_TARGET_SYSLOG, false},
    {"--notifications", NULL, NULL, FLAG, AT(notifications), 0, false},
    {"--watch-interval", NULL, "10s", NUMBER, AT(watch_interval), 10000, false},
    {"--link-events", NULL, "verbs", NUMBER, AT(link_events), LINK_EVENTS_VERBS, false},
    {"--user", NULL, "nobody", TEXT, AT(user), 0, false},
    {"--print", NULL, NULL, FLAG, AT(print), 0, true},
    {"--version", NULL, NULL, FLAG, AT(version), 0, true},
    {"--help", "-h", NULL, FLAG, AT(help), 0, true},
};

static bool is_set(int i)
{
    const void *field = (const char *)&options + all[i].offset;

    switch (all[i].kind) {
    case FLAG:
        return *(const bool *)field;
    case NUMBER:
        return *(const int64_t *)field == all[i].number;
    case TEXT:
        break;
    }
    return *(const char *const *)field && strcmp(*(const char *const *)field, all[i].value) == 0;
}

/* "--cache-ttl" to "RDMA_AGENTX_CACHE_TTL=2m". */
static const char *variable(int i, const char *value, char *text, size_t size)
{
    int n = snprintf(text, size, "RDMA_AGENTX_%s", all[i].name + 2);

    for (char *c = text; *c; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    snprintf(text + n, size - (size_t)n, "=%s", value);
    return text;
}

START_TEST(an_option_is_taken_from_the_command_line)
{
    ck_assert_msg(parse((const char *const[]){all[_i].name, all[_i].value, NULL}, nothing), "%s", error);
    for (int i = 0; i < UNIT_COUNT(all); i++)
        ck_assert_msg(is_set(i) == (i == _i), "%s", all[i].name);
    if (all[_i].letter) {
        ck_assert(parse((const char *const[]){all[_i].letter, all[_i].value, NULL}, nothing));
        ck_assert(is_set(_i));
    }
}
END_TEST

START_TEST(an_option_is_taken_from_the_environment_unless_it_is_a_command)
{
    char text[128];

    variable(_i, all[_i].value ? all[_i].value : "yes", text, sizeof(text));
    if (all[_i].is_command) {
        ck_assert(!parse(nothing, (const char *const[]){text, NULL}));
        ck_assert_ptr_nonnull(strstr(error, "is not a setting"));
        return;
    }
    ck_assert_msg(parse(nothing, (const char *const[]){"HOME=/", text, "PATH=", NULL}), "%s", error);
    for (int i = 0; i < UNIT_COUNT(all); i++)
        ck_assert_msg(is_set(i) == (i == _i), "%s", all[i].name);
}
END_TEST

/* A file of systemd may have lines that wait to be filled in. */
START_TEST(an_empty_variable_is_none)
{
    char text[128];

    ck_assert_msg(parse(nothing, (const char *const[]){variable(_i, "", text, sizeof(text)), NULL}), "%s", error);
    ck_assert(!is_set(_i));
}
END_TEST

START_TEST(the_command_line_goes_before_the_environment)
{
    const char *const arguments[] = {"--cache-ttl", "3s", "--sysfs-root=/a", "--log-level", "warn", NULL};
    const char *const environment[] = {"RDMA_AGENTX_CACHE_TTL=2m",    "RDMA_AGENTX_SYSFS_ROOT=/b",
                                       "RDMA_AGENTX_LOG_LEVEL=debug", "RDMA_AGENTX_USER=nobody",
                                       "RDMA_AGENTX_FOREGROUND=on",   NULL};

    ck_assert_msg(parse(arguments, environment), "%s", error);
    ck_assert_int_eq(options.cache_ttl, 3000);
    ck_assert_str_eq(options.sysfs_root, "/a");
    ck_assert_int_eq(options.log_level, LOG_LEVEL_WARN);
    ck_assert_str_eq(options.user, "nobody");
    ck_assert(options.foreground);
}
END_TEST

START_TEST(what_is_not_given_has_its_default)
{
    ck_assert(parse(nothing, nothing));
    ck_assert_str_eq(options.sysfs_root, "/sys");
    ck_assert_int_eq(options.cache_ttl, 1000);
    ck_assert_int_eq(options.read_timeout, 250);
    ck_assert_int_eq(options.log_level, LOG_LEVEL_INFO);
    ck_assert_int_eq(options.log_target, OPTIONS_LOG_BY_MODE);
    ck_assert_ptr_null(options.agentx_socket);
    ck_assert_ptr_null(options.include);
    ck_assert_ptr_null(options.exclude);
    ck_assert_ptr_null(options.user);
    ck_assert(!options.foreground && !options.print && !options.version && !options.help);
}
END_TEST

static const struct {
    const char *variable;
    bool foreground;
} answers[] = {
    {"RDMA_AGENTX_FOREGROUND=1", true},      {"RDMA_AGENTX_FOREGROUND=yes", true},
    {"RDMA_AGENTX_FOREGROUND=true", true},   {"RDMA_AGENTX_FOREGROUND=on", true},
    {"RDMA_AGENTX_FOREGROUND=0", false},     {"RDMA_AGENTX_FOREGROUND=no", false},
    {"RDMA_AGENTX_FOREGROUND=false", false}, {"RDMA_AGENTX_FOREGROUND=off", false},
};

START_TEST(yes_and_no_have_four_words_each)
{
    ck_assert_msg(parse(nothing, (const char *const[]){answers[_i].variable, NULL}), "%s", error);
    ck_assert_int_eq(options.foreground, answers[_i].foreground);
}
END_TEST

START_TEST(the_last_of_two_wins)
{
    ck_assert(parse((const char *const[]){"--cache-ttl=1s", "--cache-ttl=5s", NULL}, nothing));
    ck_assert_int_eq(options.cache_ttl, 5000);
}
END_TEST

/* --- Nonsense: what is said names what is wrong and tells what would be right --- */

static const struct {
    const char *arguments[4], *environment[3], *error;
} nonsense[] = {
    {{"--cache-ttl", "1"}, {NULL}, "--cache-ttl: \"1\" is not a duration: give a number and ms, s, m or h, like 250ms"},
    {{"--cache-ttl", "-1s"},
     {NULL},
     "--cache-ttl: \"-1s\" is not a duration: give a number and ms, s, m or h, like 250ms"},
    {{"--cache-ttl=61m"}, {NULL}, "--cache-ttl: 61m is out of range: from 0s to 1h"},
    {{"--read-timeout=9ms"}, {NULL}, "--read-timeout: 9ms is out of range: from 10ms to 600ms"},
    {{"--read-timeout=601ms"}, {NULL}, "--read-timeout: 601ms is out of range: from 10ms to 600ms"},
    {{"--log-level", "loud"}, {NULL}, "--log-level: \"loud\" is none of error warn info debug"},
    {{"--log-level", "INFO"}, {NULL}, "--log-level: \"INFO\" is none of error warn info debug"},
    {{"--watch-interval=99ms"}, {NULL}, "--watch-interval: 99ms is out of range: from 100ms to 1h"},
    {{"--watch-interval=61m"}, {NULL}, "--watch-interval: 61m is out of range: from 100ms to 1h"},
    {{"--link-events", "netlink"}, {NULL}, "--link-events: \"netlink\" is none of poll verbs"},
    {{"--log-target", "file"}, {NULL}, "--log-target: \"file\" is none of stderr syslog"},
    {{"--sysfs-root", ""}, {NULL}, "--sysfs-root: is empty: give DIR"},
    {{"-x", ""}, {NULL}, "--agentx-socket: is empty: give ADDR"},
    {{"--sysfs-root"}, {NULL}, "--sysfs-root: its value is missing: see --help"},
    {{"-f", "-x"}, {NULL}, "-x: its value is missing: see --help"},
    {{"--cache-tll", "1s"}, {NULL}, "--cache-tll: no such option: see --help"},
    {{"-f", "--nope", "-h"}, {NULL}, "--nope: no such option: see --help"},
    {{"-z"}, {NULL}, "-z: no such option: see --help"},
    {{"-zf"}, {NULL}, "-z: no such option: see --help"},
    {{"-fzf"}, {NULL}, "-z: no such option: see --help"},
    {{"--foreground=yes"}, {NULL}, "--foreground: takes no value: see --help"},
    {{"extra"}, {NULL}, "extra: is not an option: see --help"},
    {{"-f", "extra", "-f"}, {NULL}, "extra: is not an option: see --help"},
    {{NULL}, {"RDMA_AGENTX_FOREGROUND=maybe"}, "RDMA_AGENTX_FOREGROUND: \"maybe\" is neither yes nor no"},
    {{NULL},
     {"RDMA_AGENTX_CACHE_TTL=soon"},
     "RDMA_AGENTX_CACHE_TTL: \"soon\" is not a duration: give a number and ms, s, m or h, like 250ms"},
    {{NULL}, {"RDMA_AGENTX_READ_TIMEOUT=1h"}, "RDMA_AGENTX_READ_TIMEOUT: 1h is out of range: from 10ms to 600ms"},
    {{NULL}, {"RDMA_AGENTX_LOG_LEVEL=x"}, "RDMA_AGENTX_LOG_LEVEL: \"x\" is none of error warn info debug"},
    {{NULL}, {"RDMA_AGENTX_CACHE_TTLS=1s"}, "environment: RDMA_AGENTX_CACHE_TTLS is not a setting: see --help"},
    {{NULL}, {"RDMA_AGENTX_=1s"}, "environment: RDMA_AGENTX_ is not a setting: see --help"},
    {{NULL}, {"RDMA_AGENTX_cache_ttl=1s"}, "environment: RDMA_AGENTX_cache_ttl is not a setting: see --help"},
    {{"-f"}, {"RDMA_AGENTX_USER=", "RDMA_AGENTX_HELP=1"}, "environment: RDMA_AGENTX_HELP is not a setting: see --help"},
};

START_TEST(nonsense_is_named_and_told_what_would_be_right)
{
    ck_assert(!parse(nonsense[_i].arguments, nonsense[_i].environment));
    ck_assert_str_eq(error, nonsense[_i].error);
}
END_TEST

START_TEST(a_long_mistake_is_cut_and_terminated)
{
    char text[1024] = "--log-level=";

    memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert(!parse((const char *const[]){text, NULL}, nothing));
    ck_assert_uint_eq(strlen(error), sizeof(error) - 1);
}
END_TEST

START_TEST(a_variable_of_others_is_none_of_ours)
{
    ck_assert(
        parse(nothing, (const char *const[]){"RDMA_AGENT=1", "RDMA_AGENTX_NOT_A_VARIABLE", "XRDMA_AGENTX_A=1", NULL}));
}
END_TEST

START_TEST(help_is_given_whatever_the_environment_says)
{
    static const char *const environment[] = {"RDMA_AGENTX_CACHE_TTL=nonsense", NULL};

    ck_assert(!parse(nothing, environment));
    ck_assert(parse((const char *const[]){"--help", NULL}, environment) && options.help);
    ck_assert(parse((const char *const[]){"--version", NULL}, environment) && options.version);
}
END_TEST

/* --- Durations --- */

static const struct {
    const char *text;
    int64_t ms; /* -1: none */
} durations[] = {
    {"0s", 0},       {"0ms", 0},     {"250ms", 250},
    {"1s", 1000},    {"90s", 90000}, {"2m", 120000},
    {"1h", 3600000}, {"007s", 7000}, {"999999999h", 3599999996400000},
    {"", -1},        {"s", -1},      {"1", -1},
    {"1 s", -1},     {" 1s", -1},    {"1S", -1},
    {"1.5s", -1},    {"-1s", -1},    {"+1s", -1},
    {"1d", -1},      {"1s ", -1},    {"1ss", -1},
    {"1m1s", -1},    {"0x1s", -1},   {"1000000000ms", -1},
};

START_TEST(a_duration_is_a_number_and_a_unit)
{
    int64_t ms = -1;

    ck_assert_int_eq(options_parse_duration(durations[_i].text, &ms), durations[_i].ms >= 0);
    ck_assert_int_eq(ms, durations[_i].ms);
}
END_TEST

/* --- Help --- */

/* How often a word stands in a text as a whole. */
static int occurrences(const char *text, const char *word)
{
    static const char parts[] = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    int count = 0;

    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        count += !strchr(parts, at[strlen(word)]);
    return count;
}

START_TEST(help_lists_every_option_and_variable_and_no_others)
{
    char *text = NULL, name[128], listed[64];
    int variables = 0, lines = 0;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    options_print_help(out);
    fclose(out);
    for (int i = 0; i < UNIT_COUNT(all); i++) {
        snprintf(listed, sizeof(listed), "\n  %s%s %s", all[i].letter ? all[i].letter : "  ", all[i].letter ? "," : " ",
                 all[i].name);
        ck_assert_msg(occurrences(text, listed) == 1, "%s", all[i].name);
        variable(i, "", name, sizeof(name));
        name[strlen(name) - 1] = '\0'; /* without "=" */
        ck_assert_msg(occurrences(text, name) == !all[i].is_command, "%s", name);
        variables += !all[i].is_command;
    }
    for (const char *at = text; (at = strstr(at, "RDMA_AGENTX_")); at++)
        variables--;
    for (const char *at = text; (at = strstr(at, "\n  ")); at++)
        lines++;
    ck_assert_int_eq(variables, 0);
    ck_assert_int_eq(lines, 2 * UNIT_COUNT(all) - COMMANDS); /* a command has one line, all others have two */
    free(text);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = unit_case(suite, "options");

    tcase_add_loop_test(tcase, an_option_is_taken_from_the_command_line, 0, UNIT_COUNT(all));
    tcase_add_loop_test(tcase, an_option_is_taken_from_the_environment_unless_it_is_a_command, 0, UNIT_COUNT(all));
    tcase_add_loop_test(tcase, an_empty_variable_is_none, 0, UNIT_COUNT(all) - COMMANDS);
    tcase_add_test(tcase, the_command_line_goes_before_the_environment);
    tcase_add_test(tcase, what_is_not_given_has_its_default);
    tcase_add_loop_test(tcase, yes_and_no_have_four_words_each, 0, UNIT_COUNT(answers));
    tcase_add_test(tcase, the_last_of_two_wins);
    tcase_add_loop_test(tcase, nonsense_is_named_and_told_what_would_be_right, 0, UNIT_COUNT(nonsense));
    tcase_add_test(tcase, a_long_mistake_is_cut_and_terminated);
    tcase_add_test(tcase, a_variable_of_others_is_none_of_ours);
    tcase_add_test(tcase, help_is_given_whatever_the_environment_says);
    tcase_add_loop_test(tcase, a_duration_is_a_number_and_a_unit, 0, UNIT_COUNT(durations));
    tcase_add_test(tcase, help_lists_every_option_and_variable_and_no_others);
    return suite;
}

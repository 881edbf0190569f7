/* options_fuzz: the command line and the environment. The input is a list of words, each ended by a NUL: those that begin
 * with RDMA_AGENTX_ are the environment, the others the arguments. */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "base/log.h"
#include "daemon/options.h"
#include "snmp/shortcut.h"

enum { MOST_WORDS = 24, WORD_ROOM = 512, ERROR_SIZE = 256 };

static const char prefix[] = "RDMA_AGENTX_";

struct words {
    char *word[MOST_WORDS + 2]; /* the first is the program's name where they are arguments; ended by NULL */
    int count;
};

static void add(struct words *words, const char *text, size_t length)
{
    words->word[words->count++] = fuzz_copy(text, length);
    words->word[words->count] = NULL;
}

static void split(struct fuzz_input input, struct words *arguments, struct words *environment)
{
    size_t length;
    const char *word;

    add(arguments, "rdma-agentx", strlen("rdma-agentx"));
    for (int i = 0; i < MOST_WORDS && (word = fuzz_word(&input, '\0', &length)); i++)
        add(length >= strlen(prefix) && memcmp(word, prefix, strlen(prefix)) == 0 ? environment : arguments, word,
            length);
}

static void release(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->word[i]);
}

/* --- What must hold --- */

static void check_text(const char *text)
{
    FUZZ_REQUIRE(!text || text[0] != '\0');
}

static void check_success(const struct options *options)
{
    FUZZ_REQUIRE(options->cache_ttl >= 0 && options->cache_ttl <= 3600 * 1000);
    FUZZ_REQUIRE(options->read_timeout >= 10 && options->read_timeout <= 600);
    FUZZ_REQUIRE(options->watch_interval >= 100 && options->watch_interval <= 3600 * 1000);
    FUZZ_REQUIRE(options->link_events == LINK_EVENTS_POLL || options->link_events == LINK_EVENTS_VERBS);
    FUZZ_REQUIRE(options->shortcut >= SHORTCUT_AUTO && options->shortcut <= SHORTCUT_OFF);
    FUZZ_REQUIRE(options->log_level >= LOG_LEVEL_ERROR && options->log_level <= LOG_LEVEL_DEBUG);
    FUZZ_REQUIRE(options->log_target == OPTIONS_LOG_BY_MODE || options->log_target == LOG_TARGET_STDERR ||
                 options->log_target == LOG_TARGET_SYSLOG);
    FUZZ_REQUIRE(options->sysfs_root != NULL);
    check_text(options->sysfs_root);
    check_text(options->agentx_socket);
    check_text(options->include);
    check_text(options->exclude);
    check_text(options->user);
}

/* A failure is told in one line, whatever the user typed. */
static void check_error(const char *error)
{
    FUZZ_REQUIRE(error[0] != '\0' && memchr(error, '\0', ERROR_SIZE));
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same(const struct options *a, const struct options *b)
{
    FUZZ_REQUIRE(is_same_text(a->agentx_socket, b->agentx_socket) && is_same_text(a->sysfs_root, b->sysfs_root) &&
                 is_same_text(a->include, b->include) && is_same_text(a->exclude, b->exclude) &&
                 is_same_text(a->user, b->user));
    FUZZ_REQUIRE(a->cache_ttl == b->cache_ttl && a->read_timeout == b->read_timeout &&
                 a->watch_interval == b->watch_interval);
    FUZZ_REQUIRE(a->log_level == b->log_level && a->log_target == b->log_target && a->link_events == b->link_events &&
                 a->shortcut == b->shortcut);
    FUZZ_REQUIRE(a->foreground == b->foreground && a->notifications == b->notifications && a->print == b->print);
}

/* "--cache-ttl=1s" for "RDMA_AGENTX_CACHE_TTL=1s". */
static size_t as_argument(const char *variable, char *argument)
{
    size_t name = strcspn(variable, "=");
    int n = snprintf(argument, WORD_ROOM, "--%s", variable + strlen(prefix));

    for (size_t i = 2; i < name - strlen(prefix) + 2; i++)
        argument[i] = (char)(argument[i] == '_' ? '-' : tolower((unsigned char)argument[i]));
    return (size_t)n;
}

/* True if it is that of an option without a value. */
static bool is_flag(const char *variable)
{
    static const char *const flags[] = {"FOREGROUND=", "NOTIFICATIONS="};

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strncmp(variable + strlen(prefix), flags[i], strlen(flags[i])) == 0)
            return true;
    return false;
}

/* True if every variable has a value, and its option takes one. */
static bool has_arguments(const struct words *environment)
{
    for (int i = 0; i < environment->count; i++) {
        const char *equals = strchr(environment->word[i], '=');

        if (!equals || equals[1] == '\0' || strlen(environment->word[i]) + 8 > WORD_ROOM ||
            is_flag(environment->word[i]))
            return false;
    }
    return true;
}

/* A variable means what its option means, and gives way to it: the same as arguments before all others give the same. */
static void check_environment(const struct options *wanted, const struct words *arguments,
                              const struct words *environment)
{
    struct words both = {0};
    struct options options;
    char argument[WORD_ROOM], error[ERROR_SIZE], *nothing = NULL;

    if (environment->count == 0 || environment->count + arguments->count > MOST_WORDS || !has_arguments(environment))
        return;
    add(&both, arguments->word[0], strlen(arguments->word[0]));
    for (int i = 0; i < environment->count; i++)
        add(&both, argument, as_argument(environment->word[i], argument));
    for (int i = 1; i < arguments->count; i++)
        add(&both, arguments->word[i], strlen(arguments->word[i]));
    FUZZ_REQUIRE(options_parse(&options, both.count, both.word, &nothing, error, sizeof(error)));
    check_same(wanted, &options);
    release(&both);
}

static void check_duration(const char *text)
{
    static regex_t expression;
    static bool is_compiled;
    int64_t ms = -1;
    bool valid;

    if (!is_compiled)
        is_compiled = regcomp(&expression, "^[0-9]{1,9}(ms|s|m|h)$", REG_EXTENDED | REG_NOSUB) == 0;
    valid = regexec(&expression, text, 0, NULL, 0) == 0;
    FUZZ_REQUIRE(options_parse_duration(text, &ms) == valid);
    FUZZ_REQUIRE(valid ? ms >= 0 : ms == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    struct words arguments = {0}, environment = {0};
    struct options options;
    char error[ERROR_SIZE];

    split((struct fuzz_input){octets, size}, &arguments, &environment);
    for (int i = 1; i < arguments.count; i++)
        check_duration(arguments.word[i]);
    memset(error, 'x', sizeof(error));
    error[0] = '\0';
    if (options_parse(&options, arguments.count, arguments.word, environment.word, error, sizeof(error))) {
        check_success(&options);
        if (!options.help && !options.version)
            check_environment(&options, &arguments, &environment);
    } else {
        check_error(error);
    }
    release(&arguments);
    release(&environment);
    return 0;
}

#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/syslog.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

static const struct {
    const char *name;
    int priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARN] = {"warn", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static enum log_target log_target = LOG_TARGET_STDERR;
static enum log_level log_most = LOG_LEVEL_INFO;

/* A line under construction: what does not fit is left away. */
struct line {
    char *text;
    unsigned size, length;
};

static void add_char(struct line *line, char c)
{
    if (line->length + 1 < line->size) {
        line->text[line->length++] = c;
        line->text[line->length] = '\0';
    }
}

static void add_text(struct line *line, const char *text)
{
    for (; *text; text++)
        add_char(line, *text);
}

static bool is_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '=' || *c == '\\')
            return false;
    return *text != '\0';
}

static void add_quoted(struct line *line, const char *text)
{
    static const char hex[] = "0123456789abcdef";

    add_char(line, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            add_char(line, '\\');
            add_char(line, (char)c);
        } else if (c >= ' ' && c < 0x7f) {
            add_char(line, (char)c);
        } else {
            add_text(line, "\\x");
            add_char(line, hex[c >> 4]);
            add_char(line, hex[c & 15]);
        }
    }
    add_char(line, '"');
}

static void add_field(struct line *line, const struct log_field *field)
{
    char number[24];

    if (line->length > 0)
        add_char(line, ' ');
    add_text(line, field->key);
    add_char(line, '=');
    if (!field->text) {
        snprintf(number, sizeof(number), "%lld", (long long)field->number);
        add_text(line, number);
    } else if (is_plain(field->text)) {
        add_text(line, field->text);
    } else {
        add_quoted(line, field->text);
    }
}

void log_open(enum log_target target, enum log_level most)
{
    log_target = target;
    log_most = most;
    if (target == LOG_TARGET_SYSLOG)
        openlog("rdma-agentx", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

bool log_enabled(enum log_level level)
{
    return level <= log_most;
}

unsigned log_format(char *text, unsigned size, enum log_level level, const struct log_field *fields)
{
    struct line line = {.text = text, .size = size};

    text[0] = '\0';
    add_field(&line, &LOG_TEXT("level", levels[level].name));
    for (; fields->key; fields++)
        add_field(&line, fields);
    return line.length;
}

/* RFC 3339, UTC, milliseconds. */
static unsigned format_time(char *text, unsigned size)
{
    struct timespec now;
    struct tm utc;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(text, size, "time=%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(text + n, size - n, ".%03ldZ ", now.tv_nsec / 1000000);
    return (unsigned)n;
}

void log_fields(enum log_level level, const struct log_field *fields)
{
    char text[LINE_SIZE];
    unsigned n = 0;

    if (!log_enabled(level))
        return;
    if (log_target == LOG_TARGET_SYSLOG) {
        log_format(text, sizeof(text), level, fields);
        syslog(levels[level].priority, "%s", text);
        return;
    }
    n = format_time(text, sizeof(text));
    n += log_format(text + n, (unsigned)sizeof(text) - n - 1, level, fields);
    text[n++] = '\n';
    if (write(STDERR_FILENO, text, n) < 0)
        return; /* nobody is left to tell */
}

/* log: one logfmt line an event, to standard error or to syslog. */
#ifndef RDMA_AGENTX_LOG_H
#define RDMA_AGENTX_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* One key=value of a line; text is quoted and escaped where it must be, number is printed if text is NULL. */
struct log_field {
    const char *key;
    const char *text;
    int64_t number;
};

#define LOG_TEXT(key, text) ((struct log_field){(key), (text), 0})
#define LOG_NUMBER(key, number) ((struct log_field){(key), NULL, (int64_t)(number)})

/* Lines above `most` are dropped. Syslog lines carry no time of their own. */
void log_open(enum log_target target, enum log_level most);

/* True if lines of this level are written at all. */
bool log_enabled(enum log_level level);

/* Writes one line; fields ends with a field without key. Safe in any thread: a line is one write(). */
void log_fields(enum log_level level, const struct log_field *fields);

#define log_line(level, message, ...) \
    log_fields((level), (const struct log_field[]){LOG_TEXT("msg", (message)), ##__VA_ARGS__, {NULL, NULL, 0}})
#define log_error(message, ...) log_line(LOG_LEVEL_ERROR, message, ##__VA_ARGS__)
#define log_warn(message, ...) log_line(LOG_LEVEL_WARN, message, ##__VA_ARGS__)
#define log_info(message, ...) log_line(LOG_LEVEL_INFO, message, ##__VA_ARGS__)
#define log_debug(message, ...) log_line(LOG_LEVEL_DEBUG, message, ##__VA_ARGS__)

/* Writes the fields as logfmt into line (always terminated, cut where it is full); returns the length.
 * The pure half of log_fields, for tests. */
unsigned log_format(char *line, unsigned size, enum log_level level, const struct log_field *fields);

#endif

/* options: what the command line and the environment say. One table of options gives the parser, the environment's
 * names, the defaults and --help. */
#ifndef RDMA_AGENTX_OPTIONS_H
#define RDMA_AGENTX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct options {
    const char *agentx_socket; /* NULL: as Net-SNMP is configured */
    const char *sysfs_root;
    const char *include, *exclude; /* NULL: not given */
    const char *families;          /* NULL: the default */
    const char *user;              /* NULL: stay who we are */
    int64_t cache_ttl;             /* ms */
    int64_t read_timeout;          /* ms */
    int64_t watch_interval;        /* ms */
    int64_t link_events;           /* enum options_link_events */
    int64_t log_level;             /* enum log_level */
    int64_t log_target;            /* enum log_target, or OPTIONS_LOG_BY_MODE */
    int64_t shortcut;              /* enum shortcut_use */
    bool foreground, notifications, print, version, help;
};

enum options_link_events { LINK_EVENTS_POLL, LINK_EVENTS_VERBS };

enum { OPTIONS_LOG_BY_MODE = -1 }; /* stderr in the foreground, syslog in the background */

/* Fills options from the defaults, then the environment (NAME=value, ended by NULL), then the arguments. False with a
 * message for the user in error if one of them makes no sense. Texts belong to the arguments and the environment. */
bool options_parse(struct options *options, int argc, char *const *argv, char *const *environment, char *error,
                   size_t size);

/* "250ms", "1s", "2m", "1h" to milliseconds. */
bool options_parse_duration(const char *text, int64_t *ms);

void options_print_help(FILE *out);

#endif

/* shell: lines of sh as the helpers that child_run runs, and what must be true after each. */
#ifndef RDMA_AGENTX_SHELL_H
#define RDMA_AGENTX_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "gather/child.h"

enum {
    SHELL_PATIENCE = 25 * 1000, /* ms: for what a busy machine makes slow, and nothing else */
    SHELL_HANG = 100,           /* ms: for what hangs anyhow */
    SHELL_MOST = 64 * 1024,     /* octets */
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t shell_now(void);

/* Runs a program, or a line by /bin/sh, for that many ms at most, and accepts SHELL_MOST of it. */
enum child_end shell_run_program(char *const *argv, int64_t patience, struct child_result *result);
enum child_end shell_run(char *line, int64_t patience, struct child_result *result);

/* Runs a line that has all time it needs and must end well. The caller frees the text. */
char *shell_read(char *line);

/* Runs a line that hangs, for SHELL_HANG, and again if a busy machine did not even get to start it. Must end late. */
void shell_hang(char *line, struct child_result *result);

/* Waits until no child of this process is left, dead or alive; fails if one stays. */
void shell_settle(void);

/* Waits until there is a number in the file, and returns it. */
int shell_wait_for_number(const char *path);

/* Waits until the process is dead, reaped or not; fails if it goes on living. */
void shell_wait_for_death(int pid);

/* True if text has the part. */
bool shell_says(const char *text, const char *part);

#endif

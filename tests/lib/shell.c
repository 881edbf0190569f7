#include "lib/shell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/unit.h"

int64_t shell_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

enum child_end shell_run_program(char *const *argv, int64_t patience, struct child_result *result)
{
    struct child_order order = {.argv = argv, .deadline = shell_now() + patience, .most = SHELL_MOST};

    return child_run(&order, result);
}

enum child_end shell_run(char *line, int64_t patience, struct child_result *result)
{
    return shell_run_program((char *const[]){"/bin/sh", "-c", line, NULL}, patience, result);
}

char *shell_read(char *line)
{
    struct child_result result;
    enum child_end end = shell_run(line, SHELL_PATIENCE, &result);

    ck_assert_msg(end == CHILD_OK, "%d: %s", end, result.why);
    return result.text;
}

void shell_hang(char *line, struct child_result *result)
{
    do
        ck_assert_int_eq(shell_run(line, SHELL_HANG, result), CHILD_LATE);
    while (shell_says(result->why, ": not started: "));
    ck_assert_ptr_null(result->text);
}

void shell_settle(void)
{
    int64_t end = shell_now() + SHELL_PATIENCE;
    int left;

    while ((left = child_reap()) > 0 && shell_now() < end)
        pause_shortly();
    ck_assert_int_eq(left, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

int shell_wait_for_number(const char *path)
{
    int64_t end = shell_now() + SHELL_PATIENCE;

    while (shell_now() < end) {
        FILE *file = fopen(path, "re");
        int number = 0;
        bool is_there = file && fscanf(file, "%d\n", &number) == 1;

        if (file)
            fclose(file);
        if (is_there)
            return number;
        pause_shortly();
    }
    ck_abort_msg("%s: no number", path);
}

static bool is_alive(int pid)
{
    char path[64], state = 'X';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    fclose(file);
    return state != 'Z' && state != 'X';
}

void shell_wait_for_death(int pid)
{
    int64_t end = shell_now() + SHELL_PATIENCE;

    while (is_alive(pid)) {
        ck_assert_msg(shell_now() < end, "%d is alive", pid);
        pause_shortly();
    }
}

bool shell_says(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

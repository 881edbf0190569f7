#include "log_reader.h"

#include <check.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

static int saved_stderr, reader;

/* A pipe that keeps writes apart: one read() gives one of them, and each takes a page. It stays smaller where pages are
 * large, which only tests of many lines mind. */
void log_reader_open(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
    fcntl(ends[0], F_SETPIPE_SZ, LOG_READER_LINES * (int)sysconf(_SC_PAGESIZE));
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
}

void log_reader_close(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(reader);
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
}

bool log_reader_next(char *line, size_t size)
{
    ssize_t n = read(reader, line, size - 1);

    line[n > 0 ? n : 0] = '\0';
    return n > 0;
}

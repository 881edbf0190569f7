/* scan_file: one file of a device, held open and asked as often as its answers deserve; and a directory of counters,
 * which is a set of them. */
#ifndef RDMA_AGENTX_SCAN_FILE_H
#define RDMA_AGENTX_SCAN_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SCAN_TEXT_SIZE = 160, /* the longest attribute (board_id of hfi1) fits; values are at most 21 characters */
    SCAN_PATH_SIZE = 320,
};

/* One pass over a device, as all its files see it. */
struct scan_pass {
    int device;       /* directory of the device */
    int64_t now;      /* ms, monotonic */
    atomic_int *held; /* descriptors held by all scans together */
    int most_held;
    bool (*enough)(void *context); /* asked before each read; true ends the pass */
    void *context;
    bool (*is_gone)(void *context); /* asked once when a file says so */
    void *gone_context;
    bool asked_gone;
    bool stopped;             /* nothing more is read */
    bool gone;                /* the device is no more, or another one has its name */
    uint32_t reads, failures; /* files asked, and those of them without a usable answer */
};

struct scan_file {
    int fd;           /* -1: not held */
    uint8_t refusals; /* running */
    bool was_read;    /* once at least since it was registered */
    int32_t backoff;  /* ms, from one refusal to the next try */
    int64_t retry_at; /* ms; not asked before. 0: no reason to wait */
};

/* A file that was never asked. */
void scan_file_init(struct scan_file *file);
/* Closes what is held. */
void scan_file_fini(struct scan_file *file, atomic_int *held);

/* Reads path below the device, which need not be given while the file is held, into text, terminated; text has
 * SCAN_TEXT_SIZE. Returns the length, -ENODATA if it was not asked (refusing, or the pass has ended), or another -errno, which is counted unless there is no such file. Holds
 * the descriptor if hold is set and the limit allows. EINVAL, EOPNOTSUPP and EACCES are refusals: of a file that was
 * never read, or three times running, they put off the next try by 60 s, doubling to 1 h. */
ssize_t scan_file_read(struct scan_pass *pass, struct scan_file *file, const char *path, bool hold, char *text);

/* Forgets refusals: what the file depends on has changed. */
void scan_file_retry(struct scan_file *file);

/* Shortens the wait for the next try to at most ms, for a file that has answered before. */
void scan_file_hurry(struct scan_file *file, int64_t now, int64_t ms);

/* The files of one directory of counters. */
struct scan_directory {
    char path[SCAN_PATH_SIZE - 64]; /* below the device */
    size_t count;
    struct scan_file *files;
    size_t first;       /* is read before all others */
    size_t probe;       /* asked next while all refuse */
    bool answers_again; /* they did refuse until this pass */
};

void scan_directory_init(struct scan_directory *directory, const char *path, size_t count);
void scan_directory_fini(struct scan_directory *directory, atomic_int *held);
void scan_directory_retry(struct scan_directory *directory);

/* Reads every file that is due. name gives the name of file i, store takes its value. While all refuse, as in a
 * firmware reset, a single one is asked; its success brings all back at once. Returns how many gave a value. */
struct scan_values {
    const char *(*name)(void *context, size_t i);
    void (*store)(void *context, size_t i, uint64_t value);
    void *context;
};
size_t scan_directory_read(struct scan_pass *pass, struct scan_directory *directory, const struct scan_values *values);

#endif

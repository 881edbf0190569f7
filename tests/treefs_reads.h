/* treefs_reads: the reads of files that are under way: when each ends, and with what. */
#ifndef RDMA_AGENTX_TREEFS_READS_H
#define RDMA_AGENTX_TREEFS_READS_H

#define FUSE_USE_VERSION 34
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/tree.h"

enum { TREEFS_LOG_SIZE = 10000 };

struct treefs_read {
    fuse_req_t request;
    struct tree_node *node;
    size_t size;
    off_t offset;
    int64_t due; /* ms, monotonic: it does not end before */
    struct treefs_read *next;
};

struct treefs_reads {
    struct tree *tree;
    struct treefs_read *first, **end; /* those that wait, in the order of their arrival */
    char **log;                       /* paths read, in order, TREEFS_LOG_SIZE at most; NULL: nobody wants to know */
    size_t logged;
};

/* The caller's memory. fini answers whatever waits. */
void treefs_reads_init(struct treefs_reads *reads, struct tree *tree);
void treefs_reads_fini(struct treefs_reads *reads);

/* Counts a read of a file and answers it, now or when its faults let it end. */
void treefs_reads_begin(struct treefs_reads *reads, const struct treefs_read *read);

/* Answers what need not wait any more. */
void treefs_reads_finish(struct treefs_reads *reads);

/* How long, in ms, until treefs_reads_finish may have work, if no fault changes; -1: for ever. */
int treefs_reads_timeout(const struct treefs_reads *reads);

/* Lets the reads go on that hang at or below top; with an error, those that do so now fail. */
void treefs_reads_release(struct treefs_reads *reads, struct tree_node *top, int error);

/* Begins a new log of paths, or ends it. */
void treefs_reads_log(struct treefs_reads *reads, bool on);

#endif

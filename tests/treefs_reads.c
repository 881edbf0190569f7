#include "treefs_reads.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* --- Faults that are in effect --- */

static bool hangs(const struct tree_node *node)
{
    for (; node; node = node->parent)
        if (node->faults.hang)
            return true;
    return false;
}

static int64_t find_delay(const struct tree_node *node)
{
    for (; node; node = node->parent)
        if (node->faults.delay)
            return node->faults.delay;
    return 0;
}

static int find_error(const struct tree_node *file)
{
    if (file->removed)
        return ENODEV;
    for (const struct tree_node *node = file; node; node = node->parent)
        if (node->faults.fail)
            return node->faults.fail;
    return file->error;
}

/* --- Answers --- */

static void answer(const struct treefs_read *read, int error)
{
    const struct tree_node *node = read->node;
    size_t offset = (size_t)read->offset;

    if (error)
        fuse_reply_err(read->request, error);
    else if (offset >= node->length)
        fuse_reply_buf(read->request, NULL, 0);
    else
        fuse_reply_buf(read->request, node->content + offset,
                       node->length - offset < read->size ? node->length - offset : read->size);
}

static bool must_wait(const struct treefs_read *read, int64_t time)
{
    return !read->node->removed && (read->due > time || hangs(read->node));
}

/* Takes the read that *link points to off the list and answers it. */
static void end(struct treefs_reads *reads, struct treefs_read **link, int error)
{
    struct treefs_read *read = *link;

    *link = read->next;
    if (!read->next)
        reads->end = link;
    answer(read, error);
    tree_release(reads->tree, read->node, 1);
    free(read);
}

void treefs_reads_finish(struct treefs_reads *reads)
{
    int64_t time = clock_ms();

    for (struct treefs_read **link = &reads->first; *link;) {
        if (must_wait(*link, time))
            link = &(*link)->next;
        else
            end(reads, link, find_error((*link)->node));
    }
}

void treefs_reads_release(struct treefs_reads *reads, struct tree_node *top, int error)
{
    for (struct treefs_read **link = &reads->first; *link && error;) {
        if (tree_is_below((*link)->node, top) && hangs((*link)->node))
            end(reads, link, error);
        else
            link = &(*link)->next;
    }
    for (struct tree_node *node = top; node; node = tree_next(top, node))
        node->faults.hang = false;
}

int treefs_reads_timeout(const struct treefs_reads *reads)
{
    int64_t time = clock_ms(), next = -1;

    for (const struct treefs_read *read = reads->first; read; read = read->next) {
        int64_t left = read->due > time ? read->due - time : 0;

        if (!hangs(read->node) && (next < 0 || left < next))
            next = left;
    }
    return next < INT_MAX ? (int)next : INT_MAX;
}

/* --- New reads --- */

static void note(struct treefs_reads *reads, struct tree_node *node)
{
    char path[TREE_PATH_SIZE];

    node->reads++;
    if (!reads->log || reads->logged == TREEFS_LOG_SIZE || !tree_path(node, path, sizeof(path)))
        return;
    reads->log[reads->logged] = memory_new(strlen(path) + 1, 1);
    strcpy(reads->log[reads->logged++], path);
}

/* sysfs makes the value when a reader comes to the start of a file; what is read further on is in its buffer. */
void treefs_reads_begin(struct treefs_reads *reads, const struct treefs_read *read)
{
    struct treefs_read *waiting;
    int64_t delay;

    if (read->node->removed || read->offset > 0) {
        answer(read, read->node->removed ? ENODEV : 0);
        return;
    }
    note(reads, read->node);
    delay = find_delay(read->node);
    if (delay == 0 && !hangs(read->node)) {
        answer(read, find_error(read->node));
        return;
    }
    waiting = memory_new(1, sizeof(*waiting));
    *waiting = *read;
    waiting->due = clock_ms() + delay;
    waiting->next = NULL;
    tree_hold(read->node);
    *reads->end = waiting;
    reads->end = &waiting->next;
}

/* --- All together --- */

void treefs_reads_init(struct treefs_reads *reads, struct tree *tree)
{
    *reads = (struct treefs_reads){.tree = tree};
    reads->end = &reads->first;
}

void treefs_reads_log(struct treefs_reads *reads, bool on)
{
    while (reads->logged > 0)
        free(reads->log[--reads->logged]);
    free(reads->log);
    reads->log = on ? memory_new(TREEFS_LOG_SIZE, sizeof(*reads->log)) : NULL;
}

void treefs_reads_fini(struct treefs_reads *reads)
{
    while (reads->first)
        end(reads, &reads->first, find_error(reads->first->node));
    treefs_reads_log(reads, false);
}

/* tree: a sysfs tree in memory, which can change as sysfs does. */
#ifndef RDMA_AGENTX_TREE_H
#define RDMA_AGENTX_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_PATH_SIZE = 4096, TREE_NAME_SIZE = 256 };

enum tree_kind { TREE_DIRECTORY, TREE_FILE, TREE_LINK };

/* What goes wrong at a node and at all below it; the nearest one counts. 0: nothing does. */
struct tree_faults {
    int fail;      /* errno of every read */
    int fail_open; /* errno of every opening */
    int64_t delay; /* ms that a read takes */
    bool hang;     /* reads do not end */
};

struct tree_node {
    enum tree_kind kind;
    uint64_t inode;                 /* never given to another node of the tree */
    char *name;                     /* "" for the root */
    struct tree_node *parent;       /* NULL: the root, or removed */
    struct tree_node *first, *last; /* of a directory: its entries, in the order of their inodes */
    struct tree_node *next, *previous;
    struct tree_node *doomed; /* during a removal: the next node to go */
    char *content;            /* of a file: length bytes; of a link: where it leads. Ends in a NUL besides */
    size_t length;
    int error; /* of a file: errno of every read; with EACCES it cannot be opened either */
    struct tree_faults faults;
    uint64_t opens, reads; /* for the user of the tree to count */
    uint64_t holds;        /* see tree_hold */
    bool removed;
};

struct tree {
    struct tree_node *root;
    struct tree_node *held; /* removed nodes that somebody holds */
    uint64_t inodes;        /* given so far; the root has 1 */
};

/* The caller's memory; fini frees all nodes, held ones too. */
void tree_init(struct tree *tree);
void tree_fini(struct tree *tree);

/* --- Ways through the tree --- */

enum {
    TREE_FOLLOW = 1, /* a link at the end of the path: what it leads to */
    TREE_MAKE = 2,   /* make directories that are missing, the last one too */
};

/* The node at path below the root, through links. 0, -ENOENT, -ENOTDIR, -ELOOP or -ENAMETOOLONG. */
int tree_find(struct tree *tree, const char *path, unsigned how, struct tree_node **found);

/* Likewise below the directory `at`. */
int tree_find_from(struct tree *tree, struct tree_node *at, const char *path, unsigned how, struct tree_node **found);

/* The directory that path is an entry of, made if it is missing, and where in path its name begins. 0 or -errno. */
int tree_find_place(struct tree *tree, const char *path, struct tree_node **directory, const char **name);

/* The entry of a directory; NULL if there is none. */
struct tree_node *tree_entry(const struct tree_node *directory, const char *name);

/* The node after this one on a way through everything at and below top, parents first; NULL at the end. */
struct tree_node *tree_next(const struct tree_node *top, const struct tree_node *node);

/* True if node is top or below it. */
bool tree_is_below(const struct tree_node *node, const struct tree_node *top);

/* Writes the path of a node, without links in it and without a leading slash; false if it does not fit. */
bool tree_path(const struct tree_node *node, char *path, size_t size);

/* --- Changes by path: 0 or -errno --- */

/* Puts a file, a link or a directory at path and makes the directories above. What stands there and is of the same
 * kind changes in place; what is not is removed. */
int tree_set_file(struct tree *tree, const char *path, const char *content, size_t length, int error);
int tree_set_link(struct tree *tree, const char *path, const char *target);
int tree_set_directory(struct tree *tree, const char *path);

/* --- Changes of nodes --- */

/* A new entry of a directory, which must have none of this name. */
struct tree_node *tree_node_add(struct tree *tree, struct tree_node *directory, enum tree_kind kind, const char *name);

/* Gives a file or link its content, which is copied. */
void tree_node_set(struct tree_node *node, const char *content, size_t length, int error);

/* Moves a node, with its inode and all below, to a directory that is not below it and has no entry of this name. */
void tree_node_move(struct tree_node *node, struct tree_node *directory, const char *name);

/* Removes a node and all below. */
void tree_node_remove(struct tree *tree, struct tree_node *top);

/* Keeps the memory of a node until the same number of holds is released, even if the node is removed: then it is
 * marked so and has no parent and no entries. */
void tree_hold(struct tree_node *node);
void tree_release(struct tree *tree, struct tree_node *node, uint64_t holds);

#endif

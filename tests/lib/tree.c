#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_LINKS = 40 }; /* in one path, as in Linux */

/* --- Nodes --- */

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = memory_new(length + 1, 1);

    memcpy(copy, bytes, length);
    return copy;
}

static struct tree_node *new_node(struct tree *tree, enum tree_kind kind, const char *name)
{
    struct tree_node *node = memory_new(1, sizeof(*node));

    node->kind = kind;
    node->name = copy_bytes(name, strlen(name));
    node->inode = ++tree->inodes;
    return node;
}

void tree_node_set(struct tree_node *node, const char *content, size_t length, int error)
{
    free(node->content);
    node->content = copy_bytes(content, length);
    node->length = length;
    node->error = error;
}

static void free_node(struct tree_node *node)
{
    free(node->name);
    free(node->content);
    free(node);
}

/* Entries stay in the order of their inodes, so that a directory can be listed while it changes. */
static void attach(struct tree_node *directory, struct tree_node *node)
{
    struct tree_node *before = directory->last;

    while (before && before->inode > node->inode)
        before = before->previous;
    node->parent = directory;
    node->previous = before;
    node->next = before ? before->next : directory->first;
    *(node->next ? &node->next->previous : &directory->last) = node;
    *(before ? &before->next : &directory->first) = node;
}

struct tree_node *tree_node_add(struct tree *tree, struct tree_node *directory, enum tree_kind kind, const char *name)
{
    struct tree_node *node = new_node(tree, kind, name);

    attach(directory, node);
    return node;
}

static void detach(struct tree_node *node)
{
    struct tree_node *directory = node->parent;

    *(node->previous ? &node->previous->next : &directory->first) = node->next;
    *(node->next ? &node->next->previous : &directory->last) = node->previous;
    node->parent = node->next = node->previous = NULL;
}

void tree_node_move(struct tree_node *node, struct tree_node *directory, const char *name)
{
    detach(node);
    free(node->name);
    node->name = copy_bytes(name, strlen(name));
    attach(directory, node);
}

/* Out of the tree, alone, and only in memory for as long as somebody holds it. */
static void retire(struct tree *tree, struct tree_node *node)
{
    if (node->holds == 0) {
        free_node(node);
        return;
    }
    node->removed = true;
    node->parent = node->first = node->last = node->previous = NULL;
    node->next = tree->held;
    if (tree->held)
        tree->held->previous = node;
    tree->held = node;
}

void tree_node_remove(struct tree *tree, struct tree_node *top)
{
    struct tree_node *doomed = NULL, *next;

    if (top->parent)
        detach(top);
    for (struct tree_node *node = top; node; node = tree_next(top, node)) {
        node->doomed = doomed;
        doomed = node;
    }
    for (; doomed; doomed = next) {
        next = doomed->doomed;
        retire(tree, doomed);
    }
}

void tree_hold(struct tree_node *node)
{
    node->holds++;
}

void tree_release(struct tree *tree, struct tree_node *node, uint64_t holds)
{
    node->holds -= holds;
    if (node->holds > 0 || !node->removed)
        return;
    *(node->previous ? &node->previous->next : &tree->held) = node->next;
    if (node->next)
        node->next->previous = node->previous;
    free_node(node);
}

void tree_init(struct tree *tree)
{
    *tree = (struct tree){0};
    tree->root = new_node(tree, TREE_DIRECTORY, "");
}

void tree_fini(struct tree *tree)
{
    tree_node_remove(tree, tree->root);
    for (struct tree_node *node = tree->held, *next; node; node = next) {
        next = node->next;
        free_node(node);
    }
    *tree = (struct tree){0};
}

/* --- Ways through the tree --- */

struct tree_node *tree_entry(const struct tree_node *directory, const char *name)
{
    struct tree_node *node = directory->first;

    while (node && strcmp(node->name, name) != 0)
        node = node->next;
    return node;
}

struct tree_node *tree_next(const struct tree_node *top, const struct tree_node *node)
{
    if (node->first)
        return node->first;
    while (node != top && !node->next)
        node = node->parent;
    return node == top ? NULL : node->next;
}

bool tree_is_below(const struct tree_node *node, const struct tree_node *top)
{
    while (node && node != top)
        node = node->parent;
    return node == top;
}

bool tree_path(const struct tree_node *node, char *path, size_t size)
{
    size_t start = size;

    if (size == 0)
        return false;
    path[--start] = '\0';
    for (; node->parent; node = node->parent) {
        size_t n = strlen(node->name), slash = path[start] != '\0';

        if (n + slash > start)
            return false;
        if (slash)
            path[--start] = '/';
        start -= n;
        memcpy(path + start, node->name, n);
    }
    memmove(path, path + start, size - start);
    return true;
}

/* One name, which is no link, from *at on. */
static int step(struct tree *tree, const char *name, unsigned how, struct tree_node **at)
{
    struct tree_node *node;

    if ((*at)->kind != TREE_DIRECTORY)
        return -ENOTDIR;
    if (strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) {
        *at = (*at)->parent ? (*at)->parent : tree->root;
        return 0;
    }
    node = tree_entry(*at, name);
    if (!node && !(how & TREE_MAKE))
        return -ENOENT;
    if (!node)
        node = tree_node_add(tree, *at, TREE_DIRECTORY, name);
    *at = node;
    return 0;
}

int tree_find_from(struct tree *tree, struct tree_node *at, const char *path, unsigned how, struct tree_node **found)
{
    char todo[TREE_PATH_SIZE], longer[TREE_PATH_SIZE], name[TREE_NAME_SIZE];
    const char *rest = todo;

    if ((size_t)snprintf(todo, sizeof(todo), "%s", path) >= sizeof(todo))
        return -ENAMETOOLONG;
    for (int links = 0; *(rest += strspn(rest, "/"));) {
        struct tree_node *directory = at;
        size_t n = strcspn(rest, "/");
        int error;

        if (n >= sizeof(name))
            return -ENAMETOOLONG;
        memcpy(name, rest, n);
        name[n] = '\0';
        rest += n;
        error = step(tree, name, how, &at);
        if (error)
            return error;
        if (at->kind != TREE_LINK || (!*rest && !(how & TREE_FOLLOW)))
            continue;
        if (++links > MOST_LINKS)
            return -ELOOP;
        if ((size_t)snprintf(longer, sizeof(longer), "%s%s", at->content, rest) >= sizeof(longer))
            return -ENAMETOOLONG;
        strcpy(todo, longer);
        rest = todo;
        at = directory;
    }
    *found = at;
    return 0;
}

int tree_find(struct tree *tree, const char *path, unsigned how, struct tree_node **found)
{
    return tree_find_from(tree, tree->root, path, how, found);
}

int tree_find_place(struct tree *tree, const char *path, struct tree_node **directory, const char **name)
{
    const char *slash = strrchr(path, '/');
    char above[TREE_PATH_SIZE];
    int error;

    *name = slash ? slash + 1 : path;
    if (strlen(path) >= sizeof(above) || strlen(*name) >= TREE_NAME_SIZE)
        return -ENAMETOOLONG;
    if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return -EINVAL;
    snprintf(above, sizeof(above), "%.*s", (int)(*name - path), path);
    error = tree_find(tree, above, TREE_FOLLOW | TREE_MAKE, directory);
    return error ? error : (*directory)->kind != TREE_DIRECTORY ? -ENOTDIR : 0;
}

/* --- Changes --- */

static int set(struct tree *tree, const char *path, enum tree_kind kind, struct tree_node **node)
{
    struct tree_node *directory, *there;
    const char *name;
    int error = tree_find_place(tree, path, &directory, &name);

    if (error)
        return error;
    there = tree_entry(directory, name);
    if (there && there->kind != kind) {
        tree_node_remove(tree, there);
        there = NULL;
    }
    *node = there ? there : tree_node_add(tree, directory, kind, name);
    return 0;
}

int tree_set_file(struct tree *tree, const char *path, const char *content, size_t length, int error)
{
    struct tree_node *node;
    int result = set(tree, path, TREE_FILE, &node);

    if (result == 0)
        tree_node_set(node, content, length, error);
    return result;
}

int tree_set_link(struct tree *tree, const char *path, const char *target)
{
    struct tree_node *node;
    int result = set(tree, path, TREE_LINK, &node);

    if (result == 0)
        tree_node_set(node, target, strlen(target), 0);
    return result;
}

int tree_set_directory(struct tree *tree, const char *path)
{
    struct tree_node *node;
    int result = tree_find(tree, path, TREE_FOLLOW | TREE_MAKE, &node);

    return result ? result : node->kind != TREE_DIRECTORY ? -ENOTDIR : 0;
}

#include "tree_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The directory that makes a device together with this link; NULL if it is no such link. */
static struct tree_node *find_twin(struct tree *tree, const struct tree_node *link)
{
    struct tree_node *node;

    if (link->kind != TREE_LINK || tree_find_from(tree, link->parent, link->content, TREE_FOLLOW, &node) != 0)
        return NULL;
    if (node->kind != TREE_DIRECTORY || strcmp(node->name, link->name) != 0 || tree_is_below(link, node))
        return NULL;
    return node;
}

/* What is at path, which cannot be the root, and its twin or NULL. */
static int find(struct tree *tree, const char *path, struct tree_node **node, struct tree_node **twin)
{
    int error = tree_find(tree, path, 0, node);

    if (error)
        return error;
    if (!(*node)->parent)
        return -EBUSY;
    *twin = find_twin(tree, *node);
    return 0;
}

int tree_device_remove(struct tree *tree, const char *path)
{
    struct tree_node *node, *twin;
    int error = find(tree, path, &node, &twin);

    if (error)
        return error;
    tree_node_remove(tree, node);
    if (twin)
        tree_node_remove(tree, twin);
    return 0;
}

/* The target of a link with another name at its end. */
static bool print_target(char *target, size_t size, const char *old, const char *name)
{
    const char *slash = strrchr(old, '/');

    return (size_t)snprintf(target, size, "%.*s%s", slash ? (int)(slash + 1 - old) : 0, old, name) < size;
}

int tree_device_rename(struct tree *tree, const char *path, const char *new_path)
{
    struct tree_node *node, *twin, *directory;
    const char *name;
    int error = find(tree, path, &node, &twin);

    if (!error)
        error = tree_find_place(tree, new_path, &directory, &name);
    if (error)
        return error;
    if (tree_entry(directory, name) || (twin && tree_entry(twin->parent, name)))
        return -EEXIST;
    if (tree_is_below(directory, node))
        return -EINVAL;
    if (twin) {
        char target[TREE_PATH_SIZE];

        if (!print_target(target, sizeof(target), node->content, name))
            return -ENAMETOOLONG;
        tree_node_set(node, target, strlen(target), 0);
        tree_node_move(twin, twin->parent, name);
    }
    tree_node_move(node, directory, name);
    return 0;
}

/* Adds a copy of one node to a directory, without entries of its own. */
static struct tree_node *add_copy(struct tree *tree, struct tree_node *directory, const struct tree_node *node)
{
    struct tree_node *copy = tree_node_add(tree, directory, node->kind, node->name);

    if (node->content)
        tree_node_set(copy, node->content, node->length, node->error);
    copy->faults = node->faults;
    copy->opens = node->opens;
    copy->reads = node->reads;
    return copy;
}

static void renew(struct tree *tree, struct tree_node *top)
{
    const struct tree_node *from = top;
    struct tree_node *to = top->parent; /* where the copy of `from` goes */

    for (;;) {
        struct tree_node *copy = add_copy(tree, to, from);

        if (from->first) {
            from = from->first;
            to = copy;
            continue;
        }
        while (from != top && !from->next) {
            from = from->parent;
            to = to->parent;
        }
        if (from == top)
            break;
        from = from->next;
    }
    tree_node_remove(tree, top);
}

int tree_device_readd(struct tree *tree, const char *path)
{
    struct tree_node *node, *twin;
    int error = find(tree, path, &node, &twin);

    if (error)
        return error;
    if (twin)
        renew(tree, twin);
    renew(tree, node);
    return 0;
}

/* untree: unpacks a .tree file into a directory of plain files.
 *
 *     untree TREE DIRECTORY
 *
 * Only as good as plain files are: they do not vanish under an open descriptor, and none can be opened and then fail a
 * read. A file that must fail becomes a link to itself, which fails to open, with ELOOP. Files that exist are
 * overwritten in place, so that descriptors held on them see the new content; nothing is deleted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tree.h"
#include "lib/tree_parse.h"

/* Truncated last: a reader meanwhile never sees an empty file. */
static int write_file(int root, const char *path, const struct tree_node *node)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), error = 0;
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = write(fd, node->content, node->length);
    if (n < 0 || ftruncate(fd, (off_t)n) != 0)
        error = -errno;
    else if ((size_t)n < node->length)
        error = -ENOSPC;
    close(fd);
    return error;
}

static int write_link(int root, const char *path, const char *target)
{
    if (unlinkat(root, path, 0) != 0 && errno != ENOENT)
        return -errno;
    return symlinkat(target, root, path) == 0 ? 0 : -errno;
}

static int write_node(int root, const char *path, const struct tree_node *node)
{
    switch (node->kind) {
    case TREE_DIRECTORY:
        return mkdirat(root, path, 0755) == 0 || errno == EEXIST ? 0 : -errno;
    case TREE_LINK:
        return write_link(root, path, node->content);
    case TREE_FILE:
        break;
    }
    return node->error ? write_link(root, path, node->name) : write_file(root, path, node);
}

static int write_tree(const struct tree *tree, const char *directory)
{
    char path[TREE_PATH_SIZE];
    int root = -1, error = 0;

    if ((mkdir(directory, 0755) != 0 && errno != EEXIST) || (root = open(directory, O_RDONLY | O_DIRECTORY)) < 0) {
        fprintf(stderr, "untree: %s: %s\n", directory, strerror(errno));
        return EXIT_FAILURE;
    }
    for (const struct tree_node *node = tree_next(tree->root, tree->root); node && !error;
         node = tree_next(tree->root, node)) {
        error = tree_path(node, path, sizeof(path)) ? write_node(root, path, node) : -ENAMETOOLONG;
        if (error)
            fprintf(stderr, "untree: %s/%s: %s\n", directory, path, strerror(-error));
    }
    close(root);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct tree tree;
    char error[512];
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: untree TREE DIRECTORY\n");
        return 2;
    }
    tree_init(&tree);
    if (tree_parse_file(&tree, argv[1], error, sizeof(error))) {
        status = write_tree(&tree, argv[2]);
    } else {
        fprintf(stderr, "untree: %s\n", error);
        status = EXIT_FAILURE;
    }
    tree_fini(&tree);
    return status;
}

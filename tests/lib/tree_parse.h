/* tree_parse: reads the .tree format, the fixtures of the tests.
 *
 *     path = text             a file that holds the text and a newline
 *     path = "json string"    a file that holds exactly these bytes, in UTF-8
 *     path ! ERRNO            a file that opens, and fails every read with this error
 *     path -> target          a link
 *     path/ = (directory)     a directory
 *
 * Paths are relative to the root of sysfs and may lead through links of earlier lines; [a-b] in one is a range of
 * numbers; a later line replaces an earlier one. Empty lines and those that begin with # say nothing. */
#ifndef RDMA_AGENTX_TREE_PARSE_H
#define RDMA_AGENTX_TREE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "tree.h"

/* Both: false and what is wrong in error (always terminated) if there is something wrong. */

/* One line, without its newline. */
bool tree_parse_line(struct tree *tree, const char *line, char *error, size_t size);

/* A whole file; error names it and the line. */
bool tree_parse_file(struct tree *tree, const char *file, char *error, size_t size);

/* The number of an errno that sysfs files return, "EIO"; 0 for any other word. */
int tree_parse_errno(const char *word);

#endif

#include "treefs_control.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tree_device.h"
#include "lib/tree_parse.h"

enum { LONGEST_DELAY = 3600 * 1000 };

/* --- Answers --- */

static void answer_error(FILE *out, const char *about, const char *what)
{
    fprintf(out, "error: %s: %s\n", about, what);
}

/* error: 0 or -errno */
static void answer(FILE *out, const char *path, int error)
{
    if (error)
        answer_error(out, path, strerror(-error));
    else
        fputs("ok\n", out);
}

static void print_json(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

/* --- Arguments --- */

/* The node at path; otherwise NULL, and the answer is given. */
static struct tree_node *find(struct treefs *fs, const char *path, FILE *out)
{
    struct tree_node *node;
    int error = tree_find(&fs->tree, path, TREE_FOLLOW, &node);

    if (error == 0)
        return node;
    answer(out, path, error);
    return NULL;
}

/* Cuts the last word off line, since a path may have blanks; NULL if there is one word only. */
static char *cut_last_word(char *line)
{
    char *blank = strrchr(line, ' ');

    if (!blank)
        return NULL;
    *blank = '\0';
    return blank + 1;
}

/* A path, followed by an errno or 0. Gives the answer if they are none. */
static struct tree_node *find_for_errno(struct treefs *fs, char *line, int *error, FILE *out)
{
    const char *word = cut_last_word(line);

    *error = word ? tree_parse_errno(word) : 0;
    if (!word || (*error == 0 && strcmp(word, "0") != 0)) {
        answer_error(out, word ? word : line, "a path and an errno, or 0, are wanted");
        return NULL;
    }
    return find(fs, line, out);
}

/* --- Commands --- */

static void set(struct treefs *fs, char *line, FILE *out)
{
    char error[256];

    if (tree_parse_line(&fs->tree, line, error, sizeof(error)))
        fputs("ok\n", out);
    else
        fprintf(out, "error: %s\n", error);
}

static void set_delay(struct treefs *fs, char *line, FILE *out)
{
    const char *word = cut_last_word(line);
    struct tree_node *node;
    char *end = NULL;
    long delay = word && isdigit((unsigned char)*word) ? strtol(word, &end, 10) : 0;

    if (!end || *end || delay > LONGEST_DELAY) {
        answer_error(out, word ? word : line, "a path and milliseconds are wanted");
        return;
    }
    node = find(fs, line, out);
    if (!node)
        return;
    node->faults.delay = delay;
    answer(out, line, 0);
}

static void hang(struct treefs *fs, char *line, FILE *out)
{
    struct tree_node *node = find(fs, line, out);

    if (!node)
        return;
    node->faults.hang = true;
    answer(out, line, 0);
}

static void release(struct treefs *fs, char *line, FILE *out)
{
    const char *blank = strrchr(line, ' ');
    int error = blank ? tree_parse_errno(blank + 1) : 0;
    struct tree_node *node;

    if (error)
        cut_last_word(line);
    node = find(fs, line, out);
    if (!node)
        return;
    treefs_reads_release(&fs->reads, node, error);
    answer(out, line, 0);
}

static void set_fail(struct treefs *fs, char *line, FILE *out)
{
    int error;
    struct tree_node *node = find_for_errno(fs, line, &error, out);

    if (!node)
        return;
    node->faults.fail = error;
    answer(out, line, 0);
}

static void set_fail_open(struct treefs *fs, char *line, FILE *out)
{
    int error;
    struct tree_node *node = find_for_errno(fs, line, &error, out);

    if (!node)
        return;
    node->faults.fail_open = error;
    answer(out, line, 0);
}

static void remove_path(struct treefs *fs, char *line, FILE *out)
{
    answer(out, line, tree_device_remove(&fs->tree, line));
}

static void rename_path(struct treefs *fs, char *line, FILE *out)
{
    const char *new_path = cut_last_word(line);

    if (new_path)
        answer(out, line, tree_device_rename(&fs->tree, line, new_path));
    else
        answer_error(out, line, "two paths are wanted");
}

static void readd(struct treefs *fs, char *line, FILE *out)
{
    answer(out, line, tree_device_readd(&fs->tree, line));
}

static void count(struct treefs *fs, char *line, FILE *out)
{
    struct tree_node *top = find(fs, line, out);
    uint64_t opens = 0, reads = 0;

    if (!top)
        return;
    for (const struct tree_node *node = top; node; node = tree_next(top, node)) {
        opens += node->opens;
        reads += node->reads;
    }
    fprintf(out, "ok %" PRIu64 " %" PRIu64 "\n", opens, reads);
}

static void reset_counts(struct treefs *fs, char *line, FILE *out)
{
    for (struct tree_node *node = fs->tree.root; node; node = tree_next(fs->tree.root, node))
        node->opens = node->reads = 0;
    answer(out, line, 0);
}

static void set_log(struct treefs *fs, char *line, FILE *out)
{
    bool on = strcmp(line, "on") == 0;

    if (!on && strcmp(line, "off") != 0) {
        answer_error(out, line, "on or off is wanted");
        return;
    }
    treefs_reads_log(&fs->reads, on);
    answer(out, line, 0);
}

static void list(struct treefs *fs, char *line, FILE *out)
{
    (void)line;
    fputs("ok [", out);
    for (size_t i = 0; i < fs->reads.logged; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_json(out, fs->reads.log[i]);
    }
    fputs("]\n", out);
}

static void quit(struct treefs *fs, char *line, FILE *out)
{
    fs->stop = true;
    answer(out, line, 0);
}

static const struct {
    const char *name;
    bool has_arguments;
    void (*execute)(struct treefs *fs, char *line, FILE *out);
} commands[] = {
    {"set", true, set},
    {"delay", true, set_delay},
    {"hang", true, hang},
    {"release", true, release},
    {"fail", true, set_fail},
    {"fail-open", true, set_fail_open},
    {"remove", true, remove_path},
    {"rename", true, rename_path},
    {"readd", true, readd},
    {"count", true, count},
    {"reset-counts", false, reset_counts},
    {"log", true, set_log},
    {"list", false, list},
    {"quit", false, quit},
};

void treefs_control(struct treefs *fs, char *line, FILE *out)
{
    char *blank = strchr(line, ' '), *arguments = blank ? blank + 1 : line + strlen(line);

    if (blank)
        *blank = '\0';
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, line) != 0)
            continue;
        if (commands[i].has_arguments == (*arguments != '\0'))
            commands[i].execute(fs, arguments, out);
        else
            answer_error(out, line, commands[i].has_arguments ? "what?" : "takes no arguments");
        return;
    }
    answer_error(out, line, "no such command");
}

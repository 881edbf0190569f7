/* treefs: serves a .tree file as a file system that behaves as sysfs does.
 *
 *     treefs TREE MOUNTPOINT
 *
 * As in sysfs, each read asks anew (direct_io, no caching of attributes or names), files claim 4096 octets, inode
 * numbers are never used again, a descriptor of what was removed reads ENODEV, and a read that hangs cannot be
 * interrupted. Says "ok serving" on standard output when it is mounted and then takes commands on standard input (see
 * treefs_control.h), until that ends.
 *
 * One thread: reads that take their time are answered later, so they block neither each other nor the commands. */
#include "treefs_control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tree_parse.h"

enum { SIZE_OF_A_SYSFS_FILE = 4096, LINE_SIZE = 2 * 1024 * 1024 };

/* --- Requests of the kernel, which knows a node by its address --- */

static struct treefs *get_fs(fuse_req_t request)
{
    return fuse_req_userdata(request);
}

static struct tree_node *get_node(fuse_req_t request, fuse_ino_t id)
{
    return id == FUSE_ROOT_ID ? get_fs(request)->tree.root : (struct tree_node *)id;
}

static struct stat get_status(const struct tree_node *node)
{
    static const mode_t modes[] = {
        [TREE_DIRECTORY] = S_IFDIR | 0755, [TREE_FILE] = S_IFREG | 0444, [TREE_LINK] = S_IFLNK | 0777};

    return (struct stat){
        .st_ino = node->inode,
        .st_mode = modes[node->kind],
        .st_nlink = 1,
        .st_size = node->kind == TREE_FILE ? SIZE_OF_A_SYSFS_FILE : 0,
        .st_blksize = SIZE_OF_A_SYSFS_FILE,
    };
}

static void serve_lookup(fuse_req_t request, fuse_ino_t id, const char *name)
{
    struct tree_node *node = tree_entry(get_node(request, id), name);
    struct fuse_entry_param entry = {0};

    if (!node) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    entry.ino = (fuse_ino_t)node;
    entry.attr = get_status(node);
    tree_hold(node);
    if (fuse_reply_entry(request, &entry) == -ENOENT)
        tree_release(&get_fs(request)->tree, node, 1); /* nobody waits for it any more */
}

static void serve_forget(fuse_req_t request, fuse_ino_t id, uint64_t lookups)
{
    if (id != FUSE_ROOT_ID)
        tree_release(&get_fs(request)->tree, get_node(request, id), lookups);
    fuse_reply_none(request);
}

static void serve_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *file)
{
    struct stat status = get_status(get_node(request, id));

    (void)file;
    fuse_reply_attr(request, &status, 0);
}

static void serve_readlink(fuse_req_t request, fuse_ino_t id)
{
    fuse_reply_readlink(request, get_node(request, id)->content);
}

/* 0 or what opening the node fails with */
static int find_open_error(const struct tree_node *node)
{
    if (node->removed)
        return node->kind == TREE_DIRECTORY ? ENOENT : ENODEV;
    if (node->error == EACCES)
        return EACCES;
    for (; node; node = node->parent)
        if (node->faults.fail_open)
            return node->faults.fail_open;
    return 0;
}

static void serve_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *file)
{
    struct tree_node *node = get_node(request, id);
    int error = find_open_error(node);

    node->opens += node->kind == TREE_FILE;
    file->direct_io = node->kind == TREE_FILE;
    if (error)
        fuse_reply_err(request, error);
    else
        fuse_reply_open(request, file);
}

static void serve_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, struct fuse_file_info *file)
{
    struct treefs_read read = {.request = request, .node = get_node(request, id), .size = size, .offset = offset};

    (void)file;
    treefs_reads_begin(&get_fs(request)->reads, &read);
}

/* The offset of an entry is its inode number, which stays right whatever comes and goes meanwhile. */
static void serve_readdir(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, struct fuse_file_info *file)
{
    const struct tree_node *directory = get_node(request, id);
    char *entries;
    size_t used = 0;

    (void)file;
    if (directory->removed) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    entries = malloc(size);
    if (!entries) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    for (const struct tree_node *node = directory->first; node; node = node->next) {
        struct stat status = get_status(node);
        size_t n;

        if (node->inode <= (uint64_t)offset)
            continue;
        n = fuse_add_direntry(request, entries + used, size - used, node->name, &status, (off_t)node->inode);
        if (n > size - used)
            break;
        used += n;
    }
    fuse_reply_buf(request, entries, used);
    free(entries);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = serve_lookup,
    .forget = serve_forget,
    .getattr = serve_getattr,
    .readlink = serve_readlink,
    .open = serve_open,
    .read = serve_read,
    .opendir = serve_open,
    .readdir = serve_readdir,
};

/* --- Commands --- */

struct commands {
    char line[LINE_SIZE]; /* what has come of it so far */
    size_t length;
};

static void take_commands(struct treefs *fs, struct commands *commands)
{
    ssize_t n = read(STDIN_FILENO, commands->line + commands->length, sizeof(commands->line) - commands->length);
    char *start = commands->line, *newline;

    if (n <= 0) {
        fs->stop = n == 0 || errno != EINTR;
        return;
    }
    commands->length += (size_t)n;
    while ((newline = memchr(start, '\n', commands->length)) && !fs->stop) {
        *newline = '\0';
        treefs_control(fs, start, stdout);
        fflush(stdout);
        commands->length -= (size_t)(newline + 1 - start);
        start = newline + 1;
    }
    memmove(commands->line, start, commands->length);
    if (commands->length == sizeof(commands->line)) {
        fprintf(stderr, "treefs: a command is longer than %d octets\n", LINE_SIZE);
        fs->stop = true;
    }
}

/* --- All together --- */

static int catch_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void serve(struct treefs *fs, struct fuse_session *session, int signals)
{
    struct pollfd waiting[] = {{.fd = fuse_session_fd(session), .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    static struct commands commands;
    struct fuse_buf buffer = {0};

    while (!fs->stop && !fuse_session_exited(session)) {
        treefs_reads_finish(&fs->reads);
        if (poll(waiting, sizeof(waiting) / sizeof(waiting[0]), treefs_reads_timeout(&fs->reads)) < 0)
            continue;
        if (waiting[0].revents && fuse_session_receive_buf(session, &buffer) > 0)
            fuse_session_process_buf(session, &buffer);
        if (waiting[1].revents)
            take_commands(fs, &commands);
        if (waiting[2].revents)
            fs->stop = true;
    }
    free(buffer.mem);
}

static int mount_and_serve(struct treefs *fs, const char *mountpoint)
{
    char *words[] = {"treefs", "-o", geteuid() == 0 ? "ro,fsname=treefs,allow_other" : "ro,fsname=treefs", NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
    struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof(operations), fs);
    int signals = catch_signals(), status = EXIT_FAILURE;

    fuse_opt_free_args(&arguments);
    if (session && signals >= 0 && fuse_session_mount(session, mountpoint) == 0) {
        /* A request can be taken back between poll and read. */
        fcntl(fuse_session_fd(session), F_SETFL, O_NONBLOCK);
        puts("ok serving");
        fflush(stdout);
        serve(fs, session, signals);
        treefs_reads_fini(&fs->reads);
        fuse_session_unmount(session);
        status = EXIT_SUCCESS;
    }
    if (session)
        fuse_session_destroy(session);
    if (signals >= 0)
        close(signals);
    return status;
}

int main(int argc, char **argv)
{
    struct treefs fs = {.stop = false};
    int status = EXIT_FAILURE;
    char error[512];

    if (argc != 3) {
        fprintf(stderr, "usage: treefs TREE MOUNTPOINT\n");
        return 2;
    }
    tree_init(&fs.tree);
    treefs_reads_init(&fs.reads, &fs.tree);
    if (tree_parse_file(&fs.tree, argv[1], error, sizeof(error)))
        status = mount_and_serve(&fs, argv[2]);
    else
        fprintf(stderr, "treefs: %s\n", error);
    tree_fini(&fs.tree);
    return status;
}

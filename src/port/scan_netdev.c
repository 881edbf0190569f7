#include "port/scan_netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "port/nldev.h"
#include "kernel/sysfs.h"

enum { CARRIER_CHANGES = 0 };
static const char *const netdev_files[SCAN_NETDEV_FILES] = {"carrier_changes", "flags", "operstate"};

/* Optional small files, whose failures are nobody's: not counted and not remembered. */
static bool read_quietly(int dir, const char *path, char *text, size_t size)
{
    char raw[SCAN_TEXT_SIZE];
    ssize_t n = sysfs_read_file(dir, path, raw, sizeof(raw));

    return n > 0 && sysfs_parse_text(raw, (size_t)n, text, size);
}

static bool read_number_quietly(int dir, const char *path, int64_t *number)
{
    char raw[SCAN_TEXT_SIZE];
    ssize_t n = sysfs_read_file(dir, path, raw, sizeof(raw));

    return n > 0 && sysfs_parse_number(raw, (size_t)n, number);
}

/* device/net while it is searched for the netdev of one port. */
struct netdev_search {
    int device;
    int64_t port;
    size_t entries;
    bool numbered; /* an entry says which port it is of */
    char only[ATTRIBUTE_SIZE], found[ATTRIBUTE_SIZE];
};

static bool look_at_netdev(void *context, const char *name)
{
    struct netdev_search *search = context;
    char path[SCAN_PATH_SIZE];
    int64_t number;
    bool numbered;

    search->entries++;
    snprintf(search->only, sizeof(search->only), "%s", name);
    snprintf(path, sizeof(path), "device/net/%s/dev_port", name);
    numbered = read_number_quietly(search->device, path, &number);
    if (!numbered) {
        snprintf(path, sizeof(path), "device/net/%s/dev_id", name); /* hexadecimal, kernels before 3.15 */
        numbered = read_number_quietly(search->device, path, &number);
    }
    if (!numbered)
        return true;
    search->numbered = true;
    if (number == search->port - 1)
        snprintf(search->found, sizeof(search->found), "%s", name);
    return search->found[0] == '\0';
}

static void find_name(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host)
{
    struct netdev_search search = {.device = pass->device, .port = reader->number};
    struct port *known = &reader->known;
    char path[SCAN_PATH_SIZE];

    known->netdev[0] = '\0';
    snprintf(path, sizeof(path), "ports/%" PRId64 "/gid_attrs/ndevs/0", reader->number);
    if (read_quietly(pass->device, path, known->netdev, sizeof(known->netdev)))
        return;
    if (sysfs_list(pass->device, "device/net", look_at_netdev, &search) == 0) {
        if (search.entries == 1 && !search.numbered && host->port_count == 1)
            strcpy(search.found, search.only);
        strcpy(known->netdev, search.found);
        return;
    }
    read_quietly(pass->device, "parent", known->netdev, sizeof(known->netdev)); /* rxe */
}

/* Without carrier, or without any idea of a speed, the file says -1 or refuses. */
static bool lacks_speed(int net, const char *netdev)
{
    char path[SCAN_PATH_SIZE], raw[SCAN_TEXT_SIZE];
    int64_t speed;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/speed", netdev);
    n = sysfs_read_file(net, path, raw, sizeof(raw));
    return n != -ENOENT && (n < 0 || !sysfs_parse_number(raw, (size_t)n, &speed) || speed == 0);
}

static int64_t read_ifindex(int net, const char *netdev)
{
    char path[SCAN_PATH_SIZE];
    int64_t number;

    snprintf(path, sizeof(path), "%s/ifindex", netdev);
    return read_number_quietly(net, path, &number) && number > 0 && number <= INT32_MAX ? number : ABSENT;
}

/* Where the links of a device and of the netdev of that name lead. */
enum place {
    NOWHERE,         /* the device has no hardware */
    SAME_HARDWARE,   /* or there is no such netdev here that could be another one */
    OTHER_HARDWARE,  /* or another function of it */
    WITHOUT_HARDWARE /* only the device has: a bond, or a pod's veth */
};

static enum place find_place(int device, int net, const char *netdev)
{
    char path[SCAN_PATH_SIZE];
    struct stat ours, its;

    if (fstatat(device, "device", &ours, 0) != 0)
        return NOWHERE;
    snprintf(path, sizeof(path), "%s/device", netdev);
    if (netdev[0] != '\0' && fstatat(net, path, &its, 0) == 0)
        return ours.st_dev == its.st_dev && ours.st_ino == its.st_ino ? SAME_HARDWARE : OTHER_HARDWARE;
    return netdev[0] != '\0' && fstatat(net, netdev, &its, 0) == 0 ? WITHOUT_HARDWARE : SAME_HARDWARE;
}

/* Netlink names the netdev of a port if both are in our network namespace. One that is still the same need not be asked
 * for again. */
static int ask_kernel(const struct scan_port *reader, const struct scan_host *host, const char *old, char *netdev,
                      size_t size)
{
    const struct port *known = &reader->known;

    if (known->ifindex == ABSENT || (known->netdev[0] != '\0' && strcmp(known->netdev, old) != 0) ||
        read_ifindex(host->net, old) != known->ifindex)
        return nldev_find_netdev(host->name, (uint32_t)reader->number, netdev, size);
    strcpy(netdev, old);
    return 1;
}

/* In another network namespace sysfs still tells the name that the netdev has in its own, which may be that of some
 * other one here. The same hardware proves that it is not. Other hardware, or none, does not prove that it is: the
 * netdev may be a bond, or that of the hypervisor above the PCI function; and of siw, or erdma, sysfs names none.
 * Netlink knows. Of a bond it may name a member, which is always in the namespace of its bond. */
static bool is_foreign(const struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host,
                       const char *old)
{
    struct port *known = &reader->known;
    enum place place = find_place(pass->device, host->net, known->netdev);
    bool is_named = known->netdev[0] != '\0';
    char netdev[sizeof(known->netdev)];
    int found;

    if (!host->is_real_sysfs)
        return place == OTHER_HARDWARE;
    if (place == SAME_HARDWARE && (is_named || known->link_layer != LINK_LAYER_ETHERNET))
        return false;
    found = ask_kernel(reader, host, old, netdev, sizeof(netdev));
    if (found > 0 && (place == NOWHERE || !is_named))
        strcpy(known->netdev, netdev);
    return found == 0 || (found < 0 && place != NOWHERE);
}

static void read_numbers(struct scan_port *reader, const struct scan_host *host)
{
    char path[SCAN_PATH_SIZE], text[32];

    reader->known.ifindex = ABSENT;
    reader->netdev_lacks_speed = false;
    if (reader->known.netdev[0] == '\0' || host->net < 0 || reader->netdev_is_foreign)
        return;
    reader->netdev_lacks_speed = lacks_speed(host->net, reader->known.netdev);
    reader->known.ifindex = read_ifindex(host->net, reader->known.netdev);
    snprintf(path, sizeof(path), "%s/mtu", reader->known.netdev);
    if (read_quietly(host->net, path, text, sizeof(reader->netdev_mtu)) && strcmp(text, reader->netdev_mtu) != 0) {
        strcpy(reader->netdev_mtu, text);
        reader->wants_mtu = true;
    }
}

static void forget_files(struct scan_pass *pass, struct scan_port *reader)
{
    for (size_t i = 0; i < SCAN_NETDEV_FILES; i++) {
        scan_file_fini(&reader->netdev_file[i], pass->held);
        scan_file_init(&reader->netdev_file[i]);
        reader->netdev_mark[i][0] = '\0';
    }
    reader->known.carrier_changes = ABSENT;
}

/* A pass over class/net instead of the device: its failures are not the device's. */
static struct scan_pass netdev_pass(const struct scan_pass *pass, const struct scan_host *host)
{
    struct scan_pass other = *pass;

    other.device = host->net;
    other.is_gone = NULL;
    other.asked_gone = true;
    return other;
}

/* Reads one of the files; true if it says something else than last time, or nothing. */
static bool file_moved(struct scan_pass *net, struct scan_port *reader, size_t i, bool *gone)
{
    char path[SCAN_PATH_SIZE], raw[SCAN_TEXT_SIZE], mark[sizeof(reader->netdev_mark[i])] = "";
    ssize_t n;
    bool moved;

    snprintf(path, sizeof(path), "%s/%s", reader->known.netdev, netdev_files[i]);
    n = scan_file_read(net, &reader->netdev_file[i], path, true, raw);
    if (net->stopped)
        return false; /* there was no time for it */
    *gone |= n == -ENODEV || n == -ENOENT;
    moved = n <= 0 || !sysfs_parse_text(raw, (size_t)n, mark, sizeof(mark));
    if (i == CARRIER_CHANGES && (moved || !sysfs_parse_number(raw, (size_t)n, &reader->known.carrier_changes)))
        reader->known.carrier_changes = ABSENT;
    moved |= strcmp(mark, reader->netdev_mark[i]) != 0;
    strcpy(reader->netdev_mark[i], mark);
    return moved;
}

bool scan_netdev_moved(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host)
{
    struct scan_pass net = netdev_pass(pass, host);
    bool moved = false, gone = false;

    if (host->net < 0 || reader->known.netdev[0] == '\0' || reader->netdev_is_foreign) {
        reader->known.carrier_changes = ABSENT;
        return true;
    }
    for (size_t i = 0; i < SCAN_NETDEV_FILES; i++)
        moved |= file_moved(&net, reader, i, &gone);
    pass->stopped = net.stopped;
    if (gone && !pass->stopped)
        scan_netdev_find(pass, reader, host); /* it was renamed or removed */
    return moved;
}

void scan_netdev_find(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host)
{
    char old[ATTRIBUTE_SIZE];

    strcpy(old, reader->known.netdev);
    find_name(pass, reader, host);
    reader->netdev_is_foreign = is_foreign(pass, reader, host, old);
    read_numbers(reader, host);
    if (strcmp(old, reader->known.netdev) != 0)
        forget_files(pass, reader);
}

/* instructions: work to be counted under callgrind, so often as asked. bench/callgrind runs it twice and divides the
 * difference, so that the start does not count.
 *
 *   instructions version                     compiler, machine and libraries: counts of others do not compare
 *   instructions refresh SYSFS-ROOT TIMES    refreshes in the steady state
 *   instructions getnext SYSFS-ROOT TIMES    walks of the whole MIB by GetNext through table, as Net-SNMP calls it;
 *                                            prints how many GetNexts that was
 *
 * Exit status 3: a device was not read in time, and the count is too high. */
#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <gnu/libc-version.h>
#include <stdbool.h>
#include <sys/utsname.h>
#include <time.h>

#include "port/cache.h"
#include "port/ports.h"
#include "reader.h"
#include "snmp/table.h"

enum {
    MOST_HELD = 4096,
    READ_TIMEOUT = 600, /* ms */
    SETTLING_TIME = 6, /* s; after five a device's directories are listed once more */
    EXIT_DISTURBED = 3,
};

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifdef __OPTIMIZE__
#define OPTIMISED true
#else
#define OPTIMISED false
#endif

static int print_version(void)
{
    struct utsname host;

    uname(&host);
    printf("%s, %s, glibc %s, Net-SNMP %s%s\n", COMPILER, host.machine, gnu_get_libc_version(), netsnmp_get_version(),
           OPTIMISED ? "" : ", not optimised");
    return 0;
}

static int refresh(struct cache *cache, long times)
{
    bool is_whole;

    nanosleep(&(struct timespec){.tv_sec = SETTLING_TIME}, NULL);
    is_whole = reader_settle(cache) == 1;
    while (times-- > 0) {
        cache_snapshot(cache);
        is_whole = is_whole && reader_is_whole(cache);
    }
    return is_whole ? 0 : EXIT_DISTURBED;
}

/* What table_register gave to Net-SNMP. */
static netsnmp_mib_handler *find_handler(const struct table_registration *table,
                                         netsnmp_handler_registration **registration)
{
    netsnmp_mib_handler *handler;

    *registration = table->registered;
    for (handler = (*registration)->handler; handler && !handler->myvoid; handler = handler->next)
        ;
    return handler;
}

/* GetNext from the root to the end; how many it took. */
static long walk(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration)
{
    netsnmp_pdu pdu = {.transid = 0};
    netsnmp_agent_session session = {.pdu = &pdu};
    netsnmp_agent_request_info info = {.mode = MODE_GETNEXT, .asp = &session};
    netsnmp_variable_list *varbind = NULL;
    long count = 0;
    bool more = true;

    snmp_varlist_add_variable(&varbind, registration->rootoid, registration->rootoid_len, ASN_NULL, NULL, 0);
    while (more) {
        netsnmp_request_info request = {.requestvb = varbind};

        snmp_set_var_typed_value(varbind, ASN_NULL, NULL, 0);
        handler->access_method(handler, registration, &info, &request);
        pdu.transid++; /* each is a request of its own */
        more = varbind->type != ASN_NULL;
        count++;
    }
    snmp_free_varbind(varbind);
    return count;
}

static int64_t no_uptime(void)
{
    return 0;
}

/* The family of the ports, as it serves: it has looked once, and need not again. */
static struct serve *serve_ports(const char *root, struct family_run *run)
{
    struct serve *serve = serve_new(run, 1, NULL);
    struct look look;
    bool is_late;

    *run = (struct family_run){.family = &port_family};
    run->state = port_family.start(&(struct family_settings){.sysfs_root = root,
                                                             .cache_ttl = INT32_MAX,
                                                             .read_timeout = READ_TIMEOUT,
                                                             .most_held = MOST_HELD,
                                                             .version = "0",
                                                             .uptime = no_uptime,
                                                             .published = -1});
    if (!run->state)
        return NULL;
    port_family.wish(run->state);
    if (!port_family.view(run->state, INT64_MAX / 1000, &look, &is_late))
        return NULL;
    port_family.release(run->state, &look);
    return serve;
}

static int getnext(const char *root, long times)
{
    struct table_registration table;
    struct family_run run = {.family = &port_family};
    struct serve *serve = serve_ports(root, &run);
    netsnmp_handler_registration *registration;
    netsnmp_mib_handler *handler;
    long count = 0;

    setenv("MIBS", "", 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
    init_agent("instructions");
    if (!serve || !table_register(&table, port_family.mib, serve) || !(handler = find_handler(&table, &registration))) {
        fprintf(stderr, "the table is not registered\n");
        return 1;
    }
    while (times-- > 0)
        count += walk(handler, registration);
    printf("%ld\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    bool is_refresh = argc == 4 && strcmp(argv[1], "refresh") == 0;
    struct cache *cache;

    if (argc == 2 && strcmp(argv[1], "version") == 0)
        return print_version();
    if (!is_refresh && (argc != 4 || strcmp(argv[1], "getnext") != 0)) {
        fprintf(stderr, "usage: instructions version | {refresh | getnext} SYSFS-ROOT TIMES\n");
        return 2;
    }
    if (!is_refresh)
        return getnext(argv[2], strtol(argv[3], NULL, 10));
    cache = reader_new(argv[2], MOST_HELD, 0);
    if (reader_settle(cache) > 1)
        return EXIT_DISTURBED;
    return refresh(cache, strtol(argv[3], NULL, 10));
}

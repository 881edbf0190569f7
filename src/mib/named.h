/* named: counters that have no column of their own, each a row with its name as the last part of its index. */
#ifndef RDMA_AGENTX_NAMED_H
#define RDMA_AGENTX_NAMED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COUNTER_NAME_SIZE = 50, /* 49 characters: an index of them still fits the 128 sub-identifiers of an OID */
};

/* RdmaCounterBehaviour of the MIB. */
enum counter_kind { KIND_COUNTER = 1, KIND_GAUGE = 2, KIND_HIGH_WATER = 3, KIND_SETTING = 4 };

struct counter_name {
    char text[COUNTER_NAME_SIZE];
    uint8_t length;
    uint8_t kind; /* enum counter_kind */
};

/* Names in the order SNMP sorts them. They never change while what has them stays, so that all readings of it share
 * them: counter_names_get and _put count the owners, in any thread. */
struct counter_names {
    atomic_uint owners;
    uint32_t count;
    uint32_t not_served; /* names that cannot be an index */
    char rejected[64];   /* one of them, printable */
    struct counter_name name[];
};

/* value[i] belongs to names->name[i]. names is NULL where there are none. */
struct named_counters {
    struct counter_names *names;
    uint64_t *value;
    bool *present;
};

/* A new owner of names (NULL is fine); counter_names_put gives one up and frees the last one's. */
struct counter_names *counter_names_get(struct counter_names *names);
void counter_names_put(struct counter_names *names);

/* Room for the values of names, all absent; becomes an owner. Released by named_counters_fini. */
void named_counters_init(struct named_counters *named, struct counter_names *names);
void named_counters_fini(struct named_counters *named);

/* Makes all values absent; the names stay. */
void named_counters_forget(struct named_counters *named);

#endif

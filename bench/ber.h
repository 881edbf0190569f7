/* ber: the little of SNMPv2c that walker needs: requests written, answers read. RFC 3416; numbers of tags there. */
#ifndef RDMA_AGENTX_BENCH_BER_H
#define RDMA_AGENTX_BENCH_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shape.h"

enum { BER_GET = 0xa0, BER_RESPONSE = 0xa2, BER_GET_BULK = 0xa5 };
enum { BER_NO_SUCH_OBJECT = 0x80, BER_END_OF_MIB_VIEW = 0x82 }; /* tags of what stands for a value */
enum { BER_MESSAGE_MAX = 65536 };

/* Written from its end to its beginning, since every length stands before what it is the length of. */
struct ber_out {
    uint8_t octet[BER_MESSAGE_MAX];
    size_t at; /* where the message begins */
};

struct ber_in {
    const uint8_t *at, *end;
};

struct ber_varbind {
    struct shape_oid name;
    uint8_t tag;
    uint64_t number; /* of an integer, or a sum of the octets of anything else */
};

/* A request for count names; repetitions are those of a BER_GET_BULK. False if it does not fit. */
bool ber_put_request(struct ber_out *out, uint8_t pdu, const char *community, uint32_t id, uint32_t repetitions,
                     const struct shape_oid *names, size_t count);

/* Leaves in at the first varbind of a response. False if it is none to the request with that id, or says error. */
bool ber_take_response(struct ber_in *in, uint32_t id);

/* The next varbind; false at the end and where the message is broken. */
bool ber_take_varbind(struct ber_in *in, struct ber_varbind *varbind);

#endif

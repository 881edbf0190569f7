/* agentx: messages of AgentX (RFC 2741) as octets: a Get or GetNext in, the Response out. The same answers as through
 * Net-SNMP, octet by octet, without Net-SNMP. */
#ifndef RDMA_AGENTX_AGENTX_H
#define RDMA_AGENTX_AGENTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snmp/serve.h"

enum { AGENTX_HEADER_SIZE = 20 };

/* How far a reader of a stream of messages has come. All zero: between two messages. */
struct agentx_frame {
    uint8_t header[AGENTX_HEADER_SIZE];
    size_t header_length; /* octets of the next header that were read */
    uint64_t rest;        /* octets of the message that were not */
};

/* The reader has read these octets more. */
void agentx_follow(struct agentx_frame *frame, const uint8_t *octets, size_t length);

/* True if it is between two messages. */
bool agentx_is_between(const struct agentx_frame *frame);

/* The size of the message that octets, AGENTX_HEADER_SIZE or more, begin with. */
uint64_t agentx_size(const uint8_t *octets);

/* True if a message is a Get or GetNext in the default context of this session. */
bool agentx_is_question(const uint8_t *message, uint32_t session);

/* The response to such a message, whole and of this size; its size, or 0 if not all of the message is about objects of the
 * families, or if the response has no room. */
size_t agentx_answer(struct serve *serve, const uint8_t *message, size_t size, uint8_t *response, size_t room);

#endif

#include "ber.h"

#include <string.h>

enum { INTEGER = 0x02, OCTET_STRING = 0x04, NULL_VALUE = 0x05, OID = 0x06, SEQUENCE = 0x30, VERSION_2C = 1 };
enum { MORE = 0x80, SEVEN_BITS = 0x7f };

/* --- Writing --- */

static bool put8(struct ber_out *out, unsigned octet)
{
    if (out->at == 0)
        return false;
    out->octet[--out->at] = (uint8_t)octet;
    return true;
}

/* The head of what begins at out->at and ends at end. */
static bool put_head(struct ber_out *out, unsigned tag, size_t end)
{
    size_t length = end - out->at;

    if (length < MORE)
        return put8(out, (unsigned)length) && put8(out, tag);
    return put8(out, length & 0xff) && put8(out, (unsigned)(length >> 8)) && put8(out, MORE + 2) && put8(out, tag);
}

static bool put_integer(struct ber_out *out, uint32_t number)
{
    size_t end = out->at;

    do {
        if (!put8(out, number & 0xff))
            return false;
        number >>= 8;
    } while (number > 0);
    return (out->octet[out->at] < MORE || put8(out, 0)) && put_head(out, INTEGER, end);
}

static bool put_sub_identifier(struct ber_out *out, uint32_t id)
{
    bool fits = put8(out, id & SEVEN_BITS);

    while (fits && (id >>= 7) > 0)
        fits = put8(out, MORE | (id & SEVEN_BITS));
    return fits;
}

static bool put_oid(struct ber_out *out, const struct shape_oid *oid)
{
    enum { FIRST = 40 }; /* the first two share a number */
    size_t end = out->at;

    for (size_t i = oid->length; i-- > 2;)
        if (!put_sub_identifier(out, oid->id[i]))
            return false;
    return put_sub_identifier(out, oid->id[0] * FIRST + oid->id[1]) && put_head(out, OID, end);
}

static bool put_question(struct ber_out *out, const struct shape_oid *name)
{
    size_t end = out->at;

    return put8(out, 0) && put8(out, NULL_VALUE) && put_oid(out, name) && put_head(out, SEQUENCE, end);
}

bool ber_put_request(struct ber_out *out, uint8_t pdu, const char *community, uint32_t id, uint32_t repetitions,
                     const struct shape_oid *names, size_t count)
{
    size_t end = out->at = sizeof(out->octet), community_end;

    for (size_t i = count; i-- > 0;)
        if (!put_question(out, &names[i]))
            return false;
    if (!put_head(out, SEQUENCE, end) || !put_integer(out, repetitions) || !put_integer(out, 0) ||
        !put_integer(out, id) || !put_head(out, pdu, end))
        return false;
    community_end = out->at;
    for (size_t i = strlen(community); i-- > 0;)
        if (!put8(out, (unsigned char)community[i]))
            return false;
    return put_head(out, OCTET_STRING, community_end) && put_integer(out, VERSION_2C) && put_head(out, SEQUENCE, end);
}

/* --- Reading --- */

/* Takes a head and leaves in at the contents; their length goes to *length. */
static bool take_head(struct ber_in *in, uint8_t *tag, size_t *length)
{
    size_t octets;

    if (in->end - in->at < 2)
        return false;
    *tag = *in->at++;
    *length = *in->at++;
    if (*length >= MORE) {
        octets = *length & SEVEN_BITS;
        if (octets > 3 || (size_t)(in->end - in->at) < octets)
            return false;
        for (*length = 0; octets > 0; octets--)
            *length = *length << 8 | *in->at++;
    }
    return *length <= (size_t)(in->end - in->at);
}

static bool take(struct ber_in *in, uint8_t wanted, size_t *length)
{
    uint8_t tag;

    return take_head(in, &tag, length) && tag == wanted;
}

static uint64_t take_number(struct ber_in *in, size_t length)
{
    uint64_t number = 0;

    while (length-- > 0)
        number = number << 8 | *in->at++;
    return number;
}

static bool take_integer(struct ber_in *in, uint64_t *number)
{
    size_t length;

    if (!take(in, INTEGER, &length))
        return false;
    *number = take_number(in, length);
    return true;
}

bool ber_take_response(struct ber_in *in, uint32_t id)
{
    uint64_t version, answered, status, at;
    size_t length;

    if (!take(in, SEQUENCE, &length) || !take_integer(in, &version) || !take(in, OCTET_STRING, &length))
        return false;
    in->at += length;
    return take(in, BER_RESPONSE, &length) && take_integer(in, &answered) && answered == id &&
           take_integer(in, &status) && status == 0 && take_integer(in, &at) && take(in, SEQUENCE, &length);
}

static bool take_oid(struct ber_in *in, struct shape_oid *oid)
{
    enum { FIRST = 40 };
    const uint8_t *end;
    size_t length;

    if (!take(in, OID, &length) || length == 0)
        return false;
    end = in->at + length;
    oid->id[0] = *in->at / FIRST;
    oid->id[1] = *in->at++ % FIRST;
    for (oid->length = 2; in->at < end && oid->length < SHAPE_OID_MAX; oid->length++) {
        uint32_t id = 0;

        while (in->at < end && *in->at & MORE)
            id = (id | (*in->at++ & SEVEN_BITS)) << 7;
        if (in->at == end)
            return false;
        oid->id[oid->length] = id | *in->at++;
    }
    return in->at == end;
}

bool ber_take_varbind(struct ber_in *in, struct ber_varbind *varbind)
{
    size_t length;

    if (!take(in, SEQUENCE, &length) || !take_oid(in, &varbind->name) || !take_head(in, &varbind->tag, &length))
        return false;
    varbind->number = take_number(in, length);
    return true;
}

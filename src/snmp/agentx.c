#include "config.h"

#include "snmp/agentx.h"

#include <endian.h>
#include <string.h>

/* RFC 2741, 5.4, 6.1 and 6.2.16 */
enum {
    PROTOCOL = 1,
    GET = 5,
    GET_NEXT = 6,
    RESPONSE = 18,
    NETWORK_BYTE_ORDER = 1 << 4, /* the only flag that is understood here */
    AT_TYPE = 1,
    AT_FLAGS = 2,
    AT_SESSION = 4,
    AT_TRANSACTION = 8,
    AT_PAYLOAD = 16,
    INTEGER = 2,
    OCTET_STRING = 4,
    COUNTER32 = 65,
    GAUGE32 = 66,
    TIME_TICKS = 67,
    COUNTER64 = 70,
    NO_SUCH_OBJECT = 128,
    NO_SUCH_INSTANCE = 129,
    END_OF_MIB_VIEW = 130,
};

enum {
    INTERNET = 4, /* sub-identifiers of 1.3.6.1, which has a short form */
    NAME_MAX_SIZE = 4 + 4 * INDEX_MAX,
    VARBIND_MAX_SIZE = 4 + NAME_MAX_SIZE + 4 + 256, /* texts of the MIB have up to 255 octets */
};

static const uint32_t root[] = {OID_ROOT};

enum { ROOT_LENGTH = sizeof(root) / sizeof(root[0]) };

struct name {
    uint32_t id[INDEX_MAX];
    size_t length;
};

/* swap: the message is not in this machine's order of octets. */
struct reader {
    const uint8_t *at, *end;
    bool swap;
};

struct writer {
    uint8_t *at, *end;
    bool swap;
};

static bool is_swapped(const uint8_t *message)
{
    bool is_big = (message[AT_FLAGS] & NETWORK_BYTE_ORDER) != 0;

    return is_big != (__BYTE_ORDER == __BIG_ENDIAN);
}

static uint32_t get32(const uint8_t *at, bool swap)
{
    uint32_t number;

    memcpy(&number, at, sizeof(number));
    return swap ? __builtin_bswap32(number) : number;
}

/* --- Messages in a stream --- */

uint64_t agentx_size(const uint8_t *octets)
{
    return AGENTX_HEADER_SIZE + (uint64_t)get32(octets + AT_PAYLOAD, is_swapped(octets));
}

void agentx_follow(struct agentx_frame *frame, const uint8_t *octets, size_t length)
{
    while (length > 0) {
        uint64_t missing = frame->rest > 0 ? frame->rest : AGENTX_HEADER_SIZE - frame->header_length;
        size_t n = length < missing ? length : (size_t)missing;

        if (frame->rest > 0) {
            frame->rest -= n;
        } else {
            memcpy(frame->header + frame->header_length, octets, n);
            frame->header_length += n;
        }
        if (frame->header_length == AGENTX_HEADER_SIZE) {
            frame->rest = agentx_size(frame->header) - AGENTX_HEADER_SIZE;
            frame->header_length = 0;
        }
        octets += n;
        length -= n;
    }
}

bool agentx_is_between(const struct agentx_frame *frame)
{
    return frame->rest == 0 && frame->header_length == 0;
}

bool agentx_is_question(const uint8_t *message, uint32_t session)
{
    return message[0] == PROTOCOL && (message[AT_TYPE] == GET || message[AT_TYPE] == GET_NEXT) &&
           (message[AT_FLAGS] & ~NETWORK_BYTE_ORDER) == 0 &&
           get32(message + AT_SESSION, is_swapped(message)) == session;
}

/* --- Reading --- */

/* RFC 2741, 5.1. False if it is cut off or has more sub-identifiers than there may be. */
static bool take_name(struct reader *in, struct name *name, bool *is_inclusive)
{
    static const uint32_t internet[INTERNET] = {1, 3, 6, 1};
    size_t left = (size_t)(in->end - in->at), count, short_form;

    if (left < 4)
        return false;
    count = in->at[0];
    short_form = in->at[1] != 0 ? INTERNET + 1 : 0;
    *is_inclusive = in->at[2] != 0;
    name->length = short_form + count;
    if (name->length > INDEX_MAX || left < 4 + 4 * count)
        return false;
    if (short_form) {
        memcpy(name->id, internet, sizeof(internet));
        name->id[INTERNET] = in->at[1];
    }
    memcpy(name->id + short_form, in->at + 4, 4 * count);
    for (size_t i = 0; in->swap && i < count; i++)
        name->id[short_form + i] = __builtin_bswap32(name->id[short_form + i]);
    in->at += 4 + 4 * count;
    return true;
}

/* The family whose objects the name is about; -1: of none. */
static int family_of(const struct serve *serve, const struct name *name)
{
    if (name->length < ROOT_LENGTH || memcmp(name->id, root, sizeof(root)) != 0)
        return -1;
    return serve_find(serve, name->id + ROOT_LENGTH, name->length - ROOT_LENGTH);
}

/* True if all objects of the module sort before it. */
static bool is_behind(const struct mib *mib, const struct name *name)
{
    for (size_t i = 0; i < ROOT_LENGTH + mib->path_length && i < name->length; i++) {
        uint32_t id = i < ROOT_LENGTH ? root[i] : mib->path[i - ROOT_LENGTH];

        if (name->id[i] != id)
            return name->id[i] > id;
    }
    return false;
}

/* --- Writing --- */

static void put(struct writer *out, const void *octets, size_t length)
{
    memcpy(out->at, octets, length);
    out->at += length;
}

static void put16(struct writer *out, uint16_t number)
{
    number = out->swap ? __builtin_bswap16(number) : number;
    put(out, &number, sizeof(number));
}

static void put32(struct writer *out, uint32_t number)
{
    number = out->swap ? __builtin_bswap32(number) : number;
    put(out, &number, sizeof(number));
}

static void put64(struct writer *out, uint64_t number)
{
    number = out->swap ? __builtin_bswap64(number) : number;
    put(out, &number, sizeof(number));
}

static void put_name(struct writer *out, const struct name *name)
{
    static const uint32_t internet[INTERNET] = {1, 3, 6, 1};
    const uint32_t *id = name->id;
    size_t count = name->length;
    uint8_t prefix = 0;

    if (count > INTERNET && memcmp(id, internet, sizeof(internet)) == 0 && id[INTERNET] > 0 &&
        id[INTERNET] <= UINT8_MAX) {
        prefix = (uint8_t)id[INTERNET];
        id += INTERNET + 1;
        count -= INTERNET + 1;
    }
    put(out, (const uint8_t[]){(uint8_t)count, prefix, 0, 0}, 4);
    if (!out->swap)
        put(out, id, 4 * count);
    else
        for (size_t i = 0; i < count; i++)
            put32(out, id[i]);
}

static void put_text(struct writer *out, const char *text)
{
    static const uint8_t padding[3];
    size_t length = strlen(text);

    put32(out, (uint32_t)length);
    put(out, text, length);
    put(out, padding, -length % 4);
}

static void put_value(struct writer *out, const struct value *value)
{
    switch (value->type) {
    case SMI_INTEGER:
    case SMI_GAUGE:
    case SMI_COUNTER32:
    case SMI_TIMESTAMP:
        put32(out, (uint32_t)value->number);
        break;
    case SMI_COUNTER64:
        put64(out, value->number);
        break;
    case SMI_TEXT:
        put_text(out, value->text);
        break;
    }
}

static void put_varbind(struct writer *out, uint16_t type, const struct name *name, const struct value *value)
{
    put16(out, type);
    put16(out, 0);
    put_name(out, name);
    if (value)
        put_value(out, value);
}

static uint16_t wire_type(enum column_type type)
{
    static const uint8_t types[] = {
        [SMI_INTEGER] = INTEGER,     [SMI_GAUGE] = GAUGE32,        [SMI_COUNTER32] = COUNTER32,
        [SMI_COUNTER64] = COUNTER64, [SMI_TIMESTAMP] = TIME_TICKS, [SMI_TEXT] = OCTET_STRING,
    };

    return types[type];
}

/* --- Answering --- */

/* What is asked, and of which rows. */
struct question {
    const struct look *look;
    struct name name, end;
    bool is_inclusive;
};

static void answer_get_at(const struct question *question, struct writer *out)
{
    const struct name *name = &question->name;
    struct answer answer;
    enum answer_result result = answer_get(question->look, name->id + ROOT_LENGTH, name->length - ROOT_LENGTH, &answer);

    if (result == ANSWER_FOUND)
        put_varbind(out, wire_type(answer.value.type), name, &answer.value);
    else
        put_varbind(out, result == ANSWER_NO_OBJECT ? NO_SUCH_OBJECT : NO_SUCH_INSTANCE, name, NULL);
}

/* The end of the range is behind the MIB: no answer is beyond it. Without one, the name is that of the request:
 * RFC 2741, 7.2.3.2. */
static void answer_next_to(struct question *question, struct writer *out)
{
    struct name *name = &question->name;
    uint32_t *suffix = name->id + ROOT_LENGTH;
    size_t length = name->length - ROOT_LENGTH;
    struct answer answer;

    if (question->is_inclusive && answer_get(question->look, suffix, length, &answer) == ANSWER_FOUND) {
        put_varbind(out, wire_type(answer.value.type), name, &answer.value);
    } else if (answer_next(question->look, suffix, length, &answer)) {
        name->length = ROOT_LENGTH + answer_name(question->look, &answer, suffix);
        put_varbind(out, wire_type(answer.value.type), name, &answer.value);
    } else {
        put_varbind(out, END_OF_MIB_VIEW, name, NULL);
    }
}

/* As in the request but for the type and the length; then no uptime, which is the master's to tell, and no error. */
static void put_header(struct writer *out, const uint8_t *message)
{
    static const uint8_t nothing[8];

    put(out, (const uint8_t[]){PROTOCOL, RESPONSE, message[AT_FLAGS], 0}, 4);
    put(out, message + AT_SESSION, AT_PAYLOAD - AT_SESSION);
    put32(out, 0);
    put(out, nothing, sizeof(nothing));
}

/* Asks the families that the message is about. False if it is about something else, too, or is cut off. */
static bool ask(struct serve *serve, const uint8_t *message, struct reader in)
{
    bool is_next = message[AT_TYPE] == GET_NEXT, ignored;
    struct name name, end;

    serve_begin(serve, get32(message + AT_TRANSACTION, in.swap));
    while (in.at < in.end) {
        int family = take_name(&in, &name, &ignored) && take_name(&in, &end, &ignored) ? family_of(serve, &name) : -1;

        if (family < 0 || (is_next && !is_behind(serve_mib(serve, family), &end)))
            return false;
        serve_ask(serve, family, !is_next);
    }
    return true;
}

/* False if there is no room for all. */
static bool answer_all(struct serve *serve, bool is_next, struct reader in, struct writer *out)
{
    struct question question;
    bool ignored;

    while (in.at < in.end) {
        take_name(&in, &question.name, &question.is_inclusive);
        take_name(&in, &question.end, &ignored);
        question.look = serve_look(serve, family_of(serve, &question.name));
        if (out->end - out->at < VARBIND_MAX_SIZE)
            return false;
        if (is_next)
            answer_next_to(&question, out);
        else
            answer_get_at(&question, out);
    }
    return true;
}

size_t agentx_answer(struct serve *serve, const uint8_t *message, size_t size, uint8_t *response, size_t room)
{
    bool swap = is_swapped(message), is_answered;
    struct reader in = {.at = message + AGENTX_HEADER_SIZE, .end = message + size, .swap = swap};
    struct writer out = {.at = response, .end = response + room, .swap = swap}, header = out;

    if (room < AGENTX_HEADER_SIZE + 8 || !ask(serve, message, in))
        return 0;
    put_header(&out, message);
    serve_wait(serve);
    is_answered = answer_all(serve, message[AT_TYPE] == GET_NEXT, in, &out);
    serve_end(serve);
    if (!is_answered)
        return 0;
    header.at += AT_PAYLOAD;
    put32(&header, (uint32_t)(out.at - response - AGENTX_HEADER_SIZE));
    return (size_t)(out.at - response);
}

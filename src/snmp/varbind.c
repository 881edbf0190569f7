#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "snmp/varbind.h"

static const oid root[] = {OID_ROOT};

bool varbind_suffix(const netsnmp_variable_list *varbind, uint32_t *suffix, size_t *length)
{
    size_t n = varbind->name_length;

    if (n < OID_LENGTH(root) || n > MAX_OID_LEN || memcmp(varbind->name, root, sizeof(root)) != 0)
        return false;
    *length = n - OID_LENGTH(root);
    for (size_t i = 0; i < *length; i++)
        suffix[i] = (uint32_t)varbind->name[OID_LENGTH(root) + i];
    return true;
}

void varbind_put_suffix(netsnmp_variable_list *varbind, const uint32_t *suffix, size_t length)
{
    oid name[MAX_OID_LEN];

    memcpy(name, root, sizeof(root));
    for (size_t i = 0; i < length; i++)
        name[OID_LENGTH(root) + i] = suffix[i];
    snmp_set_var_objid(varbind, name, OID_LENGTH(root) + length);
}

void varbind_put_name(netsnmp_variable_list *varbind, const struct look *look, const struct answer *answer)
{
    uint32_t suffix[INDEX_MAX];
    size_t length = answer_name(look, answer, suffix);

    varbind_put_suffix(varbind, suffix, length);
}

static void put_integer(netsnmp_variable_list *varbind, const struct value *value)
{
    long number = (long)(int64_t)value->number;

    snmp_set_var_typed_value(varbind, ASN_INTEGER, &number, sizeof(number));
}

static void put_unsigned(netsnmp_variable_list *varbind, u_char type, const struct value *value)
{
    u_long number = (u_long)value->number;

    snmp_set_var_typed_value(varbind, type, &number, sizeof(number));
}

static void put_counter64(netsnmp_variable_list *varbind, const struct value *value)
{
    struct counter64 number = {.high = (u_long)(value->number >> 32), .low = (u_long)(value->number & UINT32_MAX)};

    snmp_set_var_typed_value(varbind, ASN_COUNTER64, &number, sizeof(number));
}

void varbind_put_value(netsnmp_variable_list *varbind, const struct answer *answer)
{
    const struct value *value = &answer->value;

    switch (value->type) {
    case SMI_INTEGER:
        put_integer(varbind, value);
        break;
    case SMI_GAUGE:
        put_unsigned(varbind, ASN_GAUGE, value);
        break;
    case SMI_COUNTER32:
        put_unsigned(varbind, ASN_COUNTER, value);
        break;
    case SMI_TIMESTAMP:
        put_unsigned(varbind, ASN_TIMETICKS, value);
        break;
    case SMI_COUNTER64:
        put_counter64(varbind, value);
        break;
    case SMI_TEXT:
        snmp_set_var_typed_value(varbind, ASN_OCTET_STR, value->text, strlen(value->text));
        break;
    }
}

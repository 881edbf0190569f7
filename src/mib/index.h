/* index: the sub-identifiers of a name, compared and never decoded, so that one that is cut, over-long or nonsensical
 * finds its right neighbour. */
#ifndef RDMA_AGENTX_INDEX_H
#define RDMA_AGENTX_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_MAX = 128 }; /* sub-identifiers of an OID, RFC 2578 3.5 */

/* Negative, 0 or positive as a sorts before, like or behind b; a beginning of b sorts before it (RFC 3416 4.2.2). Here and
 * not in a file of its own, as the next but one: a walk spends most of its time in them. */
static inline int index_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;

    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (a_length > b_length) - (a_length < b_length);
}

/* Sorts texts as an index of them sorts, the shorter one first: negative, 0 or positive. */
int index_compare_texts(const char *a, size_t a_length, const char *b, size_t b_length);

/* Writes a text as a part of an index, its length and then its octets (RFC 2578 7.7). Returns how many numbers that
 * are. */
static inline size_t index_put_text(uint32_t *index, const char *text, size_t length)
{
    index[0] = (uint32_t)length;
    for (size_t i = 0; i < length; i++)
        index[i + 1] = (unsigned char)text[i];
    return length + 1;
}

/* True if a text can be an index of 1 to longest printable ASCII characters. */
bool index_is_name(const char *text, size_t longest);

#endif

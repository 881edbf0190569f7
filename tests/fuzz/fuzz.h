/* fuzz: what the fuzzers share: taking values out of an input, and a demand that ends the program when it is not met.
 * Each fuzzer states what must hold whatever the input; that nothing crashes is the sanitizers' to say. */
#ifndef RDMA_AGENTX_FUZZ_H
#define RDMA_AGENTX_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry: one input. */
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

/* What is left of an input. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next octet; 0 at the end. */
uint8_t fuzz_octet(struct fuzz_input *input);

/* The next octets, up to and without the separator; *length of them. NULL at the end. */
const char *fuzz_word(struct fuzz_input *input, char separator, size_t *length);

/* A number in one octet up to 250; 251 to 255 begin one of four octets, so that no 32-bit number is far away. */
uint32_t fuzz_number(struct fuzz_input *input);

/* A terminated copy in memory of exactly that size, so that a read beyond its end is seen; free releases it. */
char *fuzz_copy(const char *text, size_t length);

bool fuzz_is_printable(const char *text);

#define FUZZ_REQUIRE(condition) \
    do { \
        if (!(condition)) \
            fuzz_fail(__FILE__, __LINE__, #condition); \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

#endif

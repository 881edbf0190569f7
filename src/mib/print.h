/* print: every object of a module that would be served, one "name.index = value" a line: for people, and to see what the
 * agent sees without snmpd. */
#ifndef RDMA_AGENTX_PRINT_H
#define RDMA_AGENTX_PRINT_H

#include <stdio.h>

#include "mib/answer.h"

void print_look(FILE *out, const struct look *look);

#endif

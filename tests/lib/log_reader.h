/* log_reader: what the program writes to standard error, a line of its log at a time. */
#ifndef RDMA_AGENTX_LOG_READER_H
#define RDMA_AGENTX_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>

enum { LOG_READER_LINES = 256 }; /* that may wait to be read */

/* Standard error is read here from now on; or it is what it was, and so is the log. To be used as fixtures. */
void log_reader_open(void);
void log_reader_close(void);

/* What one write() put there, terminated; false if there is nothing, and then line is empty. */
bool log_reader_next(char *line, size_t size);

#endif

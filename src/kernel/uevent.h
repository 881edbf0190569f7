/* uevent: what the kernel broadcasts when a device comes or goes. Needs no privileges. */
#ifndef RDMA_AGENTX_UEVENT_H
#define RDMA_AGENTX_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

enum uevent_action { UEVENT_ADD, UEVENT_REMOVE, UEVENT_OTHER };

struct uevent {
    enum uevent_action action;
    char subsystem[32]; /* "infiniband", "infiniband_verbs" */
    char name[64];      /* of the device in it: "rxe0", "uverbs0" */
};

/* A socket that becomes readable with each event; -errno if there is none to be had. */
int uevent_open(void);

/* Receives the next: 1, or 0 if there is none now, or -ENOBUFS: some were lost. Only the kernel is believed. */
int uevent_receive(int socket, struct uevent *event);

/* A message as the kernel sends it: "ACTION@DEVPATH" and KEY=VALUE texts, each with its NUL (lib/kobject_uevent.c).
 * False if it is none. */
bool uevent_parse(const char *message, size_t length, struct uevent *event);

#endif

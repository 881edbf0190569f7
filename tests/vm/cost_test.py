#!/usr/bin/env python3
"""Holds what a refresh costs on a real sysfs, once everything is open, in system calls. The kernel counts them: strace would
make each so slow that devices miss their deadline.

Held are the calls that have to do with files. Those by which threads wait for each other are about three for each device,
whatever it has to read, and rxe has less than any adapter: they are shown.
"""

import collections
import os
import re

import vm
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, wait_for

DEVICES = 16
REFRESHES = 20
CALLS_PER_VALUE = 1.2
TRACING = "/sys/kernel/tracing"
COUNT = re.compile(r"common_pid: +(\d+), id: sys_(\w+) +\[ *\d+\] } hitcount: +(\d+)")
# Elsewhere the processor answers these without the kernel; an emulated one has no clock that could.
NOT_COUNTED = {"clock_gettime", "gettimeofday"}


def start_counting():
    vm.command("mount", "-t", "tracefs", "tracefs", TRACING)
    with open(TRACING + "/events/raw_syscalls/sys_enter/trigger", "w", encoding="ascii") as trigger:
        trigger.write("hist:keys=common_pid,id.syscall:size=8192")


def calls(process):
    """How many system calls the threads of a process have made, by (thread, name)."""
    threads = set(os.listdir("/proc/%d/task" % process))
    with open(TRACING + "/events/raw_syscalls/sys_enter/hist", encoding="ascii") as lines:
        counts = [match.groups() for match in map(COUNT.search, lines) if match]
    return collections.Counter({(thread, name): int(count) for thread, name, count in counts
                                if thread in threads and name not in NOT_COUNTED})


def refreshes(client):
    return int(client.cell("rdmaAgentRefreshes.0").rpartition(" ")[2])


def main(workspace):
    master = workspace.enter(Master(workspace))
    for number in range(DEVICES):
        vm.add_dummy("rxe%d" % number, "dummy%d" % number)
    start_counting()
    agent = workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED))
    serving_whole(master)
    client = master.client()
    wait_for(lambda: '"rxe0"' in client.getnext("rdmaPortActiveMtu").lines[0], "libibverbs has been asked")
    # Devices are listed anew some seconds after they were found.
    wait_for(lambda: vm.seconds_since_start(agent.child.pid) > 10, "the devices have settled")
    refreshes(client)

    first, before = refreshes(client), calls(agent.child.pid)
    while refreshes(client) < first + REFRESHES:
        pass
    made = calls(agent.child.pid) - before
    main_thread = str(agent.child.pid)
    reading = collections.Counter()
    for (thread, name), count in made.items():
        if thread != main_thread:
            reading[name] += count
    values = reading["pread64"]
    waiting = reading.pop("futex", 0)
    total = sum(reading.values())
    files = len(os.listdir("/sys/%s/rxe0/ports/1/hw_counters" % vm.CLASS))
    tap.ok(values >= REFRESHES * DEVICES * files, "each refresh reads every counter of every device", values)
    tap.ok(total <= CALLS_PER_VALUE * values, "a value read costs at most %g system calls" % CALLS_PER_VALUE,
           "%.3f" % (total / values))
    tap.note("%d values, %.3f system calls for each, %.3f with those for waiting" %
             (values, total / values, (total + waiting) / values), dict(reading), "waiting: %d" % waiting)


if __name__ == "__main__":
    vm.run_test(main)

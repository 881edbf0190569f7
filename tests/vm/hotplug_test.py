#!/usr/bin/env python3
"""Holds that RDMA devices come, go and change their names while they are walked: we hold up neither the administrator nor
the kernel, and no walk shows the numbers of another device."""

import collections
import contextlib
import re
import threading
import time

import vm
import tap
from harness import PATIENCE, UNHURRIED, Agent, Master, serving_whole, settles, wait_for

ROUNDS = 5
IF_MIB = ".1.3.6.1.2.1.2"       # is snmpd's own: walking it takes the processor as much
NAMES = {"rxe0", "rxe1", "rxe9"}
GUIDS = {"rxe0": "0000:00ff:fe00:0010", "rxe1": "0000:00ff:fe00:0011", "rxe9": "0000:00ff:fe00:0010"}


class Walker(contextlib.AbstractContextManager):
    """Walks again and again, from a thread."""

    def __init__(self, master, oid):
        self.client, self.oid, self.walks, self.wrong = master.client(timeout=PATIENCE), oid, 0, []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.walk)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.ended.set()
        self.thread.join()

    def walk(self):
        while not self.ended.is_set():
            answer = self.client.bulkwalk(self.oid)
            self.walks += 1
            if answer.status != 0 or answer.error:
                self.wrong.append(answer)
            self.wrong += [line for line in answer.lines if not is_right(line)]


def is_right(line):
    """The node GUID belongs to the name, and no name is unknown."""
    name = re.match(r'\w+\."(\w+)"', line)
    if not name:
        return line.startswith("rdmaAgent")
    guid = re.match(r"rdmaDeviceNodeGuid.*STRING: 0000:(.*)", line)
    return name[1] in NAMES and (not guid or guid[1] in GUIDS[name[1]])


def devices(client):
    return sorted(re.findall('STRING: (.*)', "\n".join(client.walk("rdmaDeviceKernelName").lines)))


def change(rounds, are_open=False):
    """Does all that there is to do with devices. What -> the longest it took, in seconds.

    are_open: the subagent has opened them; while it has, the kernel does not part with their driver.
    """
    times = collections.Counter()

    def measure(what, action, *arguments):
        times[what] = max(times[what], vm.timed(action, *arguments))

    def run(what, *words):
        measure(what, vm.command, *words)

    for _ in range(rounds):
        run("rdma dev set name", "rdma", "dev", "set", "rxe0", "name", "rxe9")
        run("rdma dev set name", "rdma", "dev", "set", "rxe9", "name", "rxe0")
        run("rdma link del", "rdma", "link", "del", "rxe0")
        run("rdma link add", "rdma", "link", "add", "rxe0", "type", "rxe", "netdev", "veth0")
    if are_open:
        run("rdma link del", "rdma", "link", "del", "rxe0")
        run("rdma link del", "rdma", "link", "del", "rxe1")
    measure("modprobe -r rdma_rxe", vm.unload)
    vm.shell("ip link del veth0")
    vm.add_pair()
    run("ip link del", "ip", "link", "del", "veth0")
    vm.add_pair()
    return times


def test_changes(master, alone, are_open):
    with Walker(master, "rdmaMIBObjects") as walker:
        times = change(ROUNDS, are_open)
        if is_late(times, alone):
            tap.note("once more, since the host is busy: %s" % dict(times))
            times = change(ROUNDS, are_open)
        walks = walker.walks
        wait_for(lambda: walker.walks > walks + 1, "there is another walk")
    for what, seconds in times.items():
        tap.ok(what not in is_late(times, alone), "walks hold %s up by less than %g s" % (what, vm.BLOCKED_FOR),
               "%.2f s, without us %.2f s" % (seconds, alone[what]))
        tap.note("%s: at most %.2f s, without us %.2f s" % (what, seconds, alone[what]))
    tap.ok(walker.walks > 2 and not walker.wrong, "each walk ends well and has no numbers of another device",
           walker.walks, *walker.wrong[:10])
    tap.note("walks: %d" % walker.walks)


def is_late(times, alone):
    return [what for what in times if times[what] > alone[what] + vm.BLOCKED_FOR]


def test_unload(client, are_open):
    if are_open:
        vm.shell("""
            rdma link del rxe0
            rdma link del rxe1
            """)
    vm.remove_all()
    wait_for(lambda: devices(client) == [], "no device is served")
    settles(lambda: client.cell("rdmaAgentHealth.0"), "INTEGER: ok(1)", "without their driver there are no devices")
    vm.add_pair()
    wait_for(lambda: devices(client) == ["rxe0", "rxe1"], "both are served")
    settles(lambda: client.cell("rdmaAgentHealth.0"), "INTEGER: ok(1)", "once it is loaded, they are back")


def sleeps_in(agent):
    """The number of the system call in which the main thread is asleep, or "running"."""
    with open("/proc/%d/syscall" % agent.child.pid, encoding="ascii") as call:
        return call.read().split()[0]


def samples(agent, count):
    for _ in range(count):
        time.sleep(0.2)
        yield sleeps_in(agent)


def waits_for_snmpd(agent, idle):
    """It sleeps, and elsewhere than in the main loop."""
    calls = set(samples(agent, 2))
    return len(calls) == 1 and not calls & {idle, "running"}


def test_stopped_snmpd(master, agent, alone):
    agent.wait_log("listening to link events.*device=rxe0")
    idle = collections.Counter(samples(agent, 5)).most_common(1)[0][0]
    master.pause()
    try:
        wait_for(lambda: waits_for_snmpd(agent, idle), "the subagent waits for snmpd")
        seconds = vm.timed(vm.command, "rdma", "link", "del", "rxe0")
        is_waiting = waits_for_snmpd(agent, idle)
    finally:
        master.resume()
    tap.ok(seconds < alone["rdma link del"] + vm.BLOCKED_FOR and is_waiting,
           "while we wait for an snmpd that hangs, rdma link del is held up by less than %g s" % vm.BLOCKED_FOR,
           "%.2f s, without us %.2f s; still waiting: %s" % (seconds, alone["rdma link del"], is_waiting))
    tap.note("rdma link del: %.2f s, without us %.2f s" % (seconds, alone["rdma link del"]))
    vm.command("rdma", "link", "add", "rxe0", "type", "rxe", "netdev", "veth0")
    agent.wait_log("listening to link events.*device=rxe0")
    serving_whole(master)


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_pair()
    with Walker(master, IF_MIB):
        alone = change(ROUNDS)
    for source in ("poll", "verbs"):
        tap.note("--link-events=" + source)
        with Agent(workspace, master, "/sys", "--cache-ttl", "0s", "--notifications", "--link-events", source,
                   *UNHURRIED) as agent:
            serving_whole(master)
            are_open = source == "verbs"
            if are_open:
                vm.await_listening(agent, "rxe0", "rxe1")
                test_stopped_snmpd(master, agent, alone)
            test_changes(master, alone, are_open)
            test_unload(master.client(), are_open)
            tap.ok(agent.is_running() and "level=error" not in agent.log(), "nothing of it is an error", agent.log())


if __name__ == "__main__":
    vm.run_test(main)

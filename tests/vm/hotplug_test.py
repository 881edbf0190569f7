#!/usr/bin/env python3
"""Holds that RDMA devices come, go and change their names while they are walked: we hold up neither the administrator nor
the kernel, and no walk shows the numbers of another device."""

import contextlib
import re
import threading

import vm
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, wait_for

ROUNDS = 5
NAMES = {"rxe0", "rxe1", "rxe9"}
GUIDS = {"rxe0": "0000:00ff:fe00:0010", "rxe1": "0000:00ff:fe00:0011", "rxe9": "0000:00ff:fe00:0010"}


class Walker(contextlib.AbstractContextManager):
    """Walks again and again, from a thread."""

    def __init__(self, client):
        self.client, self.walks, self.wrong, self.slowest = client, 0, [], 0.0
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
            answer = self.client.bulkwalk()
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


def test_changes(master, mode):
    times = {}

    def measure(what, *words):
        times[what] = max(times.get(what, 0), vm.timed(*words))

    with Walker(master.client()) as walker:
        for _ in range(ROUNDS):
            measure("rdma dev set name", "rdma", "dev", "set", "rxe0", "name", "rxe9")
            measure("rdma dev set name", "rdma", "dev", "set", "rxe9", "name", "rxe0")
            measure("rdma link del", "rdma", "link", "del", "rxe0")
            measure("rdma link add", "rdma", "link", "add", "rxe0", "type", "rxe", "netdev", "veth0")
        measure("ip link del", "ip", "link", "del", "veth0")
        vm.add_pair()
        walks = walker.walks
        wait_for(lambda: walker.walks > walks + 1, "there is another walk")
    for what, seconds in times.items():
        tap.ok(seconds < vm.BLOCKED_FOR, "%s takes less than %g s during walks%s" % (what, vm.BLOCKED_FOR, mode),
               "%.2f s" % seconds)
        tap.note("%s: at most %.2f s" % (what, seconds))
    tap.ok(walker.walks > ROUNDS and not walker.wrong,
           "each walk ends well and has no numbers of another device%s" % mode, walker.walks, *walker.wrong[:10])
    tap.note("walks: %d" % walker.walks)


def test_unload(client):
    seconds = vm.timed("modprobe", "-r", "rdma_rxe")
    tap.ok(seconds < vm.BLOCKED_FOR, "the driver can be unloaded at once", "%.2f s" % seconds)
    wait_for(lambda: devices(client) == [], "no device is served")
    tap.equal(client.cell("rdmaAgentHealth.0"), "INTEGER: ok(1)", "without devices all is well")
    vm.shell("ip link del veth0")
    vm.add_pair()
    wait_for(lambda: devices(client) == ["rxe0", "rxe1"], "both are served")
    tap.equal(client.cell("rdmaAgentHealth.0"), "INTEGER: ok(1)", "and with them again, once it is loaded")


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_pair()
    agent = workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED))
    serving_whole(master)
    test_changes(master, "")
    test_unload(master.client())
    tap.ok(agent.is_running() and not re.search("level=(warn|error)", agent.log()), "nothing of it draws a warning",
           agent.log())


if __name__ == "__main__":
    vm.run_test(main)

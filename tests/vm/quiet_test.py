#!/usr/bin/env python3
"""Holds that watching gives the kernel nothing to talk about: it writes a line to its log whenever a port whose network
interface has no speed is asked for anything. And that what is looked at once a minute is."""

import contextlib
import socket
import time

import vm
import snmp
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, wait_for

A_MINUTE = 62           # s; after that everything has been looked at that is without need
SETTLING = 5            # s; for 2 s after its network interface was seen to move, a port is asked once more
MANAGER = 5             # s between the requests of a manager
PAUSE = 0.1             # s between ours
COMPLAINT = "speed is unknown"


def complaints():
    return sum(COMPLAINT in line for line in vm.kernel_log())


def recorded(master, name):
    """The packet of a GET: it can be sent more often than a program can be started."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        snmp.Client(listener.getsockname()[1], master.client_directory, timeout=0.1).get(name)
        return listener.recv(2048)


def poll(master, packet, seconds):
    """Asks for so long, some times a second. How many answers came."""
    answers, end = 0, time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", master.port))
        client.settimeout(5)
        while time.monotonic() < end:
            client.send(packet)
            with contextlib.suppress(TimeoutError):     # a manager asks again
                client.recv(2048)
                answers += 1
            time.sleep(PAUSE)
    return answers


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_dummy("rxe0", "dummy0")
    vm.read(vm.CLASS + "/rxe0/ports/1/state")
    tap.ok(complaints() > 0, "the kernel complains when it is asked for the state of a port without speed")
    agent = workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED))
    serving_whole(master)
    client = master.client()
    wait_for(lambda: client.cell('rdmaPortActiveMtu."rxe0".1') == "Gauge32: 1024", "libibverbs has been asked")

    poll(master, recorded(master, "rdmaAgentRefreshes.0"), SETTLING)
    before, refreshes = complaints(), vm.number(client, "rdmaAgentRefreshes.0")
    answers = poll(master, recorded(master, "rdmaAgentRefreshes.0"), A_MINUTE)
    tap.equal(complaints() - before, 0, "through a minute, and the refreshes of ten, it does not complain once about us")
    tap.ok(vm.number(client, "rdmaAgentRefreshes.0") - refreshes >= answers >= 600 / MANAGER,
           "with a refresh for each request", answers)
    tap.note("refreshes: %d; complaints about the start: %d" % (answers, before))
    tap.equal(client.cell('rdmaPortState."rxe0".1'), "INTEGER: active(4)", "and the state of the port is there")

    vm.shell("ip link set dummy0 mtu 9000")
    wait_for(lambda: client.cell('rdmaPortActiveMtu."rxe0".1') == "Gauge32: 4096", "the row has the new MTU", A_MINUTE)
    tap.equal(vm.devinfo("rxe0")["active_mtu"], 4096, "another MTU alone is noticed within a minute")
    vm.shell("ip link set dummy0 down")
    wait_for(lambda: client.cell('rdmaPortState."rxe0".1') == "INTEGER: down(1)", "the row follows", vm.FOLLOWS_WITHIN)
    tap.ok(agent.is_running(), "and set down, the port is down at once")


if __name__ == "__main__":
    vm.run_test(main)

#!/usr/bin/env python3
"""Holds that rows follow the link of a real kernel at the next request: set down here, set down at the other end of the
cable, and the MTU of the network interface, which is that of the port."""

import vm
import expected_walk
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, settles, wait_for

COLUMNS = ("rdmaPortState", "rdmaPortStateText", "rdmaPortPhysState", "rdmaPortPhysStateText", "rdmaPortLinkSpeed",
           "rdmaPortLinkWidth", "rdmaPortGid", "rdmaPortNetdev", "rdmaPortIfIndex")


def row(client, device):
    """What stands in the row of a port, of COLUMNS."""
    answer = client.get(*('%s."%s".1' % (column, device) for column in COLUMNS))
    return [line for line in answer.lines if " = No Such " not in line]


def wanted_row(device):
    lines = {line.partition(" = ")[0]: line for _, line in expected_walk.walk(vm.Sysfs())}
    names = ('%s."%s".1' % (column, device) for column in COLUMNS)
    return [lines[name] for name in names if name in lines]


def changes(client, device):
    return vm.number(client, 'rdmaPortStateChanges."%s".1' % device)


def become(client, state, sentence):
    """Waits until the kernel says so of rxe0 and rxe1; then the rows must."""
    wait_for(lambda: [vm.state(device) for device in ("rxe0", "rxe1")] == state, "the kernel has %s" % state)
    agrees = True
    try:
        wait_for(lambda: all(row(client, device) == wanted_row(device) for device in ("rxe0", "rxe1")), sentence,
                 vm.FOLLOWS_WITHIN)
    except TimeoutError:
        agrees = False
    tap.ok(agrees, sentence, *(row(client, "rxe0") + row(client, "rxe1")))


def test_states(client):
    up, disabled, polling = "4: ACTIVE 5: LinkUp", "1: DOWN 3: Disabled", "1: DOWN 2: Polling"
    become(client, [up, up], "with the cable in place both rows are what the kernel says")
    before = [changes(client, device) for device in ("rxe0", "rxe1")]

    vm.shell("ip link set veth0 down")
    become(client, [disabled, polling], "set down, a port is disabled and that at the other end of the cable polls")
    tap.equal([client.cell('rdmaPortPreviousState."%s".1' % device) for device in ("rxe0", "rxe1")],
              ["INTEGER: active(4)"] * 2, "what they were before is in their rows")
    tap.ok(all("LinkSpeed" not in line for line in row(client, "rxe0")), "a port that is down has no speed")
    vm.shell("ip link set veth0 up")
    become(client, [up, up], "set up again, both are active")
    vm.shell("ip link set veth1 down")
    become(client, [polling, disabled], "loss of the carrier because of the peer is seen as well")
    vm.shell("ip link set veth1 up")
    become(client, [up, up], "and its return")
    tap.equal([changes(client, device) - was for device, was in zip(("rxe0", "rxe1"), before)], [4, 4],
              "each has changed its state four times")


def test_mtu(client):
    def active(device):
        return vm.number(client, 'rdmaPortActiveMtu."%s".1' % device)

    was = active("rxe0")
    vm.shell("""
        ip link set veth0 mtu 9000
        ip link set veth1 down
        """)
    wait_for(lambda: vm.state("rxe0") != "4: ACTIVE 5: LinkUp", "the link is down")
    wait_for(lambda: client.cell('rdmaPortState."rxe0".1') == "INTEGER: down(1)", "the row follows")
    tap.equal((was, active("rxe0"), active("rxe1")), (1024, vm.devinfo("rxe0")["active_mtu"], 1024),
              "when the state has changed libibverbs is asked again for the MTU, of that port")
    tap.equal(vm.devinfo("rxe0")["active_mtu"], 4096, "which is that of a network interface with 9,000 octets")
    vm.shell("ip link set veth1 up")


def test_rename(client):
    vm.shell("""
        ip link set veth0 down
        ip link set veth0 name cable
        ip link set cable up
        """)
    wait_for(lambda: client.cell('rdmaPortNetdev."rxe0".1') == "STRING: cable", "the row has the new name", vm.FOLLOWS_WITHIN)
    tap.equal(row(client, "rxe0"), wanted_row("rxe0"), "a network interface with another name is found again")


def test_swapped_names(client):
    """libibverbs keeps the names under which it has seen devices first."""
    vm.shell("""
        rdma dev set rxe0 name rxe2
        rdma dev set rxe1 name rxe0
        rdma dev set rxe2 name rxe1
        """)
    def active():
        return [client.cell('rdmaPortActiveMtu."%s".1' % device) for device in ("rxe0", "rxe1")]
    wanted = ["Gauge32: %d" % vm.devinfo(device)["active_mtu"] for device in ("rxe0", "rxe1")]
    tap.equal(wanted, ["Gauge32: 1024", "Gauge32: 4096"], "two devices with each other's names")
    settles(active, wanted, "have their own MTU each")
    vm.shell("""
        rdma dev set rxe0 name rxe2
        rdma dev set rxe1 name rxe0
        rdma dev set rxe2 name rxe1
        """)
    settles(active, wanted[::-1], "and again, with their old names")


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_pair()
    workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED))
    serving_whole(master)
    client = master.client()
    test_states(client)
    test_mtu(client)
    test_rename(client)
    test_swapped_names(client)


if __name__ == "__main__":
    vm.run_test(main)

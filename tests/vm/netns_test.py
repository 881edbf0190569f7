#!/usr/bin/env python3
"""Holds that in another network namespace nothing is shown that belongs to somebody else: neither the ifIndex of a network
interface that has only the name of a port's own, nor, where RDMA devices are assigned to namespaces, another's device."""

import vm
import tap
from harness import UNHURRIED, Agent, Master, serving_whole, wait_for

INSIDE = ["ip", "netns", "exec", "other"]
OPTIONS = ["--cache-ttl", "0s", *UNHURRIED]

# Runs a program that sees rxe as hardware: rxe0 on a netdev that has none, as a bond, and rxe1 on one that has other
# hardware, as that of a hypervisor.
ON_HARDWARE = r"""
    layers=/run/hardware.$$ pci=/sys/devices/pci0000:00
    link() { mkdir -p "$layers/upper/devices/virtual/$2"; ln -s "$pci/$1" "$layers/upper/devices/virtual/$2/device"; }
    mkdir -p "$layers/work"
    link 0000:00:00.0 infiniband/rxe0
    link 0000:00:00.0 infiniband/rxe1
    link 0000:00:01.0 net/veth1
    mount -t overlay -o "lowerdir=/sys,upperdir=$layers/upper,workdir=$layers/work" overlay /sys || exit 1
    exec "$@"
    """
DISGUISED = ["unshare", "--mount", "sh", "-c", ON_HARDWARE, "sh"]


def agent_inside(workspace, master, before=INSIDE):
    agent = Agent(workspace, master, "/sys", *OPTIONS)
    agent.arguments[:0] = before
    return agent


def make_namespace():
    """Both names are there, with other network interfaces, and other numbers of those."""
    vm.shell("""
        ip netns add other
        ip -n other link add index 77 veth0 type dummy
        ip -n other link add index 78 veth1 type dummy
        """)


def test_shared(workspace, master):
    make_namespace()
    client = master.client()
    with agent_inside(workspace, master) as agent:
        serving_whole(master)
        lines = client.walk().lines
        agent.stop()
    tap.ok('rdmaPortState."rxe0".1 = INTEGER: active(4)' in lines,
           "in another network namespace the devices are shown, with their attributes", *lines)
    tap.ok(not any(line.startswith("rdmaCounter") for line in lines),
           "without counters, which the kernel does not show there", *lines)
    tap.equal([line for line in lines if line.startswith("rdmaPortIfIndex")], [],
              "and without the ifIndex of those who only have the names of their network interfaces")
    with Agent(workspace, master, "/sys", *OPTIONS):
        serving_whole(master)
        tap.equal([client.cell('rdmaPortIfIndex."%s".1' % device) for device in ("rxe0", "rxe1")],
                  ["INTEGER: " + vm.read("class/net/%s/ifindex" % netdev) for netdev in ("veth0", "veth1")],
                  "at home their ifIndex is that of their network interfaces")
    vm.shell("ip netns del other")


def test_hardware(workspace, master):
    """Links to hardware that differ prove nothing: the kernel is asked."""
    make_namespace()
    client = master.client()
    home = [vm.read("class/net/%s/ifindex" % netdev) for netdev in ("veth0", "veth1")]
    for where, before, numbers in (("at home", DISGUISED, home),
                                   ("in another network namespace", [*INSIDE, *DISGUISED], [])):
        with agent_inside(workspace, master, before) as agent:
            serving_whole(master)
            lines = client.walk().lines
            agent.stop()
        tap.equal([line for line in lines if line.startswith(("rdmaPortNetdev", "rdmaPortIfIndex"))],
                  ['rdmaPortNetdev."rxe%d".1 = STRING: veth%d' % (i, i) for i in (0, 1)] +
                  ['rdmaPortIfIndex."rxe%d".1 = INTEGER: %s' % (i, number) for i, number in enumerate(numbers)],
                  where + " a port and a network interface that are not on the same hardware are what the kernel says")
    vm.shell("ip netns del other")


def test_exclusive(workspace, master):
    """This kernel cannot move rxe between namespaces; a device that stays at home is nobody else's."""
    # The namespace ends some time after its name: only then may the mode be changed.
    def change_mode():
        try:
            vm.command("rdma", "system", "set", "netns", "exclusive")
        except RuntimeError:
            return False
        return True

    wait_for(change_mode, "the kernel assigns RDMA devices to namespaces exclusively")
    vm.shell("ip netns add other")
    client = master.client()
    with agent_inside(workspace, master):
        serving_whole(master)
        lines = client.walk().lines
        tap.ok(lines and all(line.startswith("rdmaAgent") for line in lines),
               "where devices belong to namespaces, none of another is shown", *lines)
    with Agent(workspace, master, "/sys", *OPTIONS):
        serving_whole(master)
        tap.equal(client.cell('rdmaCounterValue."rxe0".1."sent_pkts"'),
                  "Counter64: " + vm.read(vm.CLASS + "/rxe0/ports/1/hw_counters/sent_pkts"),
                  "at home they are there, with their counters")


def main(workspace):
    master = workspace.enter(Master(workspace))
    vm.add_pair()
    test_shared(workspace, master)
    test_hardware(workspace, master)
    test_exclusive(workspace, master)


if __name__ == "__main__":
    vm.run_test(main)

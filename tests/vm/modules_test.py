#!/usr/bin/env python3
"""Holds that a host without RDMA stays one: no kernel module is loaded by us; and that RDMA is served once it is there."""

import vm
import tap
from harness import UNHURRIED, Agent, Master, serving, wait_for


def main(workspace):
    master = workspace.enter(Master(workspace))
    client = master.client()
    client.walk("system")       # what snmpd itself may load
    before = vm.kernel_modules()
    agent = workspace.enter(Agent(workspace, master, "/sys", "--cache-ttl", "0s", *UNHURRIED))
    serving(master)
    lines = client.walk().lines
    tap.ok(lines and all(line.startswith("rdmaAgent") for line in lines), "on a host without RDMA there are no rows", *lines)
    tap.equal(client.cell("rdmaAgentHealth.0"), "INTEGER: ok(1)", "and all is well")
    tap.equal((vm.kernel_modules(), vm.exists("class/infiniband")), (before, False),
              "start and walk load no kernel module")

    vm.shell("modprobe ib_core")
    client.walk()
    tap.ok(vm.exists("class/infiniband") and "ib_uverbs" not in vm.kernel_modules(),
           "nor where there is the class of RDMA devices and none in it")

    vm.add_pair()
    wait_for(lambda: client.cell('rdmaPortState."rxe0".1') == "INTEGER: active(4)", "rxe0 is served")
    tap.ok(True, "devices are served as soon as their driver is loaded")
    wait_for(lambda: client.cell('rdmaPortActiveMtu."rxe0".1') == "Gauge32: %d" % vm.devinfo("rxe0")["active_mtu"],
             "the MTU of rxe0 is known")
    tap.ok(True, "and libibverbs is asked then")
    tap.equal(agent.stop()[0], 0, "the subagent ends well")


if __name__ == "__main__":
    vm.run_test(main)

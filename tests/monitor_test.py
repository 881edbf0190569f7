#!/usr/bin/env python3
"""snmpd.conf.example: its sinks and its monitor lines, taken from it and tried with a real snmpd."""

import os
import re

import snmp
import tap
import traps
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving_whole, settles
from trees import CLASS, slim, slim_name

STATE, ERRORS = CLASS + slim_name(1) + "/ports/1/state", CLASS + slim_name(2) + "/ports/1/counters/symbol_error"
ROOT = ".1.3.6.1.4.1.8072.9999.9999.4791"
MONITOR_PASSWORD = "a password of snmpd's own"


def example(*patterns):
    """The lines of the example that are commented out and match; with a rhythm that a test can wait for."""
    with open(os.path.join(snmp.SOURCE, "snmpd.conf.example"), encoding="ascii") as file:
        lines = [line[1:].rstrip("\n") for line in file if re.match("#[a-zA-Z]+ ", line)]
    found = [line for line in lines if any(re.match(pattern, line) for pattern in patterns)]
    return [line.replace("-r 60", "-r 1") for line in found]


def for_receiver(line, receiver):
    """A sink of the example, for this receiver and its user."""
    for ours, theirs in (("udp:192.0.2.1:162", receiver.address), ("rdma-nms", snmp.USER),
                         ("authentication passphrase", snmp.AUTHENTICATION), ("encryption passphrase", snmp.PRIVACY)):
        line = line.replace(ours, theirs)
    return line


def built_root():
    """The root of this build: the example has the default one."""
    with open(snmp.mib_file(), encoding="ascii") as file:
        return "netSnmpPlaypen 4791" in file.read()


def main():
    if not built_root():
        raise tap.Skip("the example's OIDs are those of the default root")
    with Workspace() as workspace:
        tree = workspace.enter(Tree(workspace, workspace.write("tree", slim(3) + ERRORS + " = 7\n")))
        receiver = workspace.enter(traps.TrapReceiver(workspace))
        sinks = [for_receiver(line, receiver) for line in example("trapsess")]
        tap.equal(len(sinks), 2, "the example has a sink for traps and one for informs")
        monitors = [*example("iquerySecName", "agentSecName", "rouser", "monitor"), "view rdma included " + ROOT,
                    "createUser rdma-monitor SHA-256 \"%s\"" % MONITOR_PASSWORD]
        master = workspace.enter(Master(workspace, "\n".join(["exactEngineID " + traps.ENGINE_ID, *sinks, *monitors])))
        agent = workspace.enter(Agent(workspace, master, tree.root, *UNHURRIED, "--cache-ttl", "100ms",
                                      "--notifications", "--watch-interval", "100ms"))
        serving_whole(master)
        tree.set(STATE, "1: DOWN")
        fired = receiver.fired("RDMA port not active")
        tap.equal(fired.get("rdmaPortName"), "STRING: %s/1" % slim_name(1),
                  "the monitor of states names the port that is down")
        tap.ok("rdmaPortState" in fired.text, "and the column", fired.text)
        def ways():
            return {trap.security.split(",")[0] for trap in receiver.all() if trap.name == "rdmaPortDown"}
        settles(ways, {"TRAP2", "INFORM"}, "both sinks of the example send our notifications over SNMPv3")
        tree.set(ERRORS, "9")
        fired = receiver.fired("RDMA errors")
        tap.equal(fired.get("rdmaPortName"), "STRING: %s/1" % slim_name(2),
                  "the monitor of errors names the port that has them")
        tap.ok("rdmaPortErrorEvents" in fired.text, "and the column", fired.text)
        tap.ok(agent.is_running(), "snmpd's own requests do the subagent no harm")


with tap.points():
    main()

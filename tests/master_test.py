#!/usr/bin/env python3
"""Holds the session with snmpd: every start order, restarts, kills, hangs, a refused registration, the end.

ROUNDS (default 3) is how often snmpd is restarted and killed, STOPS (default 1) how often it is stopped for STOPPED_FOR
(default 10) seconds. Built with sanitizers, a report of theirs is a failure."""

import os
import re
import signal
import time

import tap
from harness import PATIENCE, SOURCE, Agent, Master, Tree, Workspace, serving, wait_for
from session import BACK_WITHIN, ends_cleanly, seconds_until_served
from trees import scenario

ROUNDS = int(os.environ.get("ROUNDS", 3))
STOPS = int(os.environ.get("STOPS", 1))


def sanitizers():
    """Leaks of Net-SNMP itself would be suppressed by lsan.supp, which has none."""
    return {"LSAN_OPTIONS": "suppressions=%s:print_suppressions=0" % os.path.join(SOURCE, "tests", "lsan.supp"),
            "ASAN_OPTIONS": "detect_leaks=1"}


def start(workspace, tree, *options, **more):
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, *options, environment=sanitizers(), **more))
    serving(master)
    return master, agent


def disturb(master, how):
    """Restarts, kills or stops snmpd; returns when it answers again."""
    if how == "restarted":
        master.restart()
    elif how == "killed with -9":
        master.kill9()
        master.start()
    else:
        master.pause()
        time.sleep(STOPPED_FOR)     # the length of the outage is what is tested
        master.resume()
        wait_for(master.answers, "snmpd answers again")


STOPPED_FOR = float(os.environ.get("STOPPED_FOR", 10))


def test_disturbances(workspace, tree, use="on"):
    master, agent = start(workspace, tree, "--shortcut", use)
    for how, rounds in (("restarted", ROUNDS), ("killed with -9", ROUNDS), ("stopped and continued", STOPS)):
        slowest = 0.0
        for _ in range(rounds):
            disturb(master, how)
            slowest = max(slowest, seconds_until_served(master))
        tap.ok(slowest < BACK_WITHIN, "an snmpd that is %s has the MIB again within 3 s, %d times (short cut %s)"
               % (how, rounds, use), "the slowest took %.2f s" % slowest)
        tap.note("slowest: %.2f s" % slowest)
    ends_cleanly(agent, "after all that the subagent ends with status 0, in time and without a report")


def test_disturbances_without_shortcut(workspace, tree):
    test_disturbances(workspace, tree, "off")


def test_long_stop(workspace, tree):
    """Longer than Net-SNMP's patience: the session is given up and opened anew."""
    master, agent = start(workspace, tree)
    master.pause()
    agent.wait_log("failed to respond to ping", 30)
    master.resume()
    wait_for(master.answers, "snmpd answers again")
    tap.ok(seconds_until_served(master) < BACK_WITHIN, "an snmpd that hung until the session was lost is served again")
    ends_cleanly(agent)


def test_start_order(workspace, tree):
    master = Master(workspace)
    agent = workspace.enter(Agent(workspace, master, tree.root, environment=sanitizers()))
    agent.wait_log("snmpd is not there yet")
    workspace.enter(master)
    tap.ok(seconds_until_served(master) < BACK_WITHIN, "a subagent that was there before snmpd serves within 3 s")
    tap.equal(len(re.findall("snmpd is not there yet", agent.log())), 1, "and has said once that it waits")
    ends_cleanly(agent, "and ends cleanly")


def test_refused_registration(workspace, tree):
    master, first = start(workspace, tree)
    other = workspace.enter(Tree(workspace, scenario("efa"), faults=False))
    second = workspace.enter(Agent(workspace, master, other.root, environment=sanitizers()))
    second.wait_log("snmpd refuses the MIB")
    tap.ok("mlx5_0" in str(master.client().walk("rdmaDeviceKernelName").lines),
           "the first of two subagents goes on serving")
    first.kill9()
    second.wait_log("snmpd has registered the MIB")
    tap.ok("rdmap16s27" in str(master.client().walk("rdmaDeviceKernelName").lines),
           "the second one takes over when the first is gone")
    tap.equal(len(re.findall("snmpd refuses the MIB", second.log())), 1, "and has said once that it was refused")
    ends_cleanly(second, "and ends cleanly")


def test_configuration_file(workspace, tree):
    master = workspace.enter(Master(workspace))
    agent = Agent(workspace, master, tree.root, configuration="agentXSocket %s\n" % master.socket,
                  environment=sanitizers())
    at = agent.arguments.index("-x")
    del agent.arguments[at:at + 2]
    workspace.enter(agent)
    serving(master)
    tap.ok(True, "agentXSocket of rdma-agentx.conf is where snmpd is looked for")
    ends_cleanly(agent)


def test_end_while_master_hangs(workspace, tree):
    master, agent = start(workspace, tree)
    master.pause()
    status, seconds = agent.stop()
    master.resume()
    tap.ok(status == 0 and seconds < 1.0, "SIGTERM ends the subagent within 1 s and with status 0 while snmpd hangs",
           "status %s after %.2f s" % (status, seconds))
    client = master.client(timeout=1)
    wait_for(lambda: client.get("rdmaAgentVersion.0").lines == [] or "No Such Object" in
             str(client.get("rdmaAgentVersion.0").lines), "snmpd has dropped the MIB")
    tap.ok(True, "and snmpd drops the MIB when it runs on")


def test_time_stamps(workspace, tree):
    """They are frozen while snmpd runs, and 0 once it has started anew."""
    master, agent = start(workspace, tree, "--cache-ttl", "0s")
    name = 'rdmaDeviceRegistered."mlx5_0"'
    before = master.client().get(name).lines
    ticks = re.compile(r"\((\d+)\)")
    up_time = lambda: int(ticks.search(master.client().get(".1.3.6.1.2.1.1.3.0").lines[0]).group(1))
    wait_for(lambda: up_time() > 200, "snmpd has run for 2 s; each of these requests may read the devices")
    master.client().get("rdmaAgentRefreshes.0")
    tap.equal(master.client().get(name).lines, before, "a time stamp stays what it was through later readings")
    master.restart()
    serving(master)
    tap.equal(master.client().get(name).lines, ["%s = Timeticks: (0) 0:00:00.00" % name],
              "a time stamp from before a restart of snmpd is 0")
    ends_cleanly(agent)


def test_interrupt(workspace, tree):
    _, agent = start(workspace, tree)
    agent.signal(signal.SIGHUP)
    agent.signal(signal.SIGINT)
    wait_for(lambda: not agent.is_running(), "the subagent ends", PATIENCE)
    tap.equal(agent.child.returncode, 0, "SIGHUP does nothing, SIGINT ends the subagent with status 0")


with tap.points():
    for test in (test_start_order, test_disturbances, test_disturbances_without_shortcut, test_long_stop,
                 test_refused_registration, test_configuration_file, test_end_while_master_hangs, test_time_stamps,
                 test_interrupt):
        with Workspace() as place:
            test(place, place.enter(Tree(place, scenario("cx7-infiniband"), faults=False)))

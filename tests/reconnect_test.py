#!/usr/bin/env python3
"""Holds what can become of the way to snmpd: its socket is deleted or may not be opened, its log is rotated, it goes again
and again; and that nothing is lost on the way, neither memory nor descriptors.

RECONNECTIONS (default 10) is how often snmpd is killed under a subagent that is watched. Built with sanitizers, a report of
theirs is a failure."""

import os
import signal
import time

import tap
from harness import Agent, Master, Tree, Workspace, serving, wait_for
from trees import scenario

RECONNECTIONS = int(os.environ.get("RECONNECTIONS", 10))
BACK_WITHIN = 3.0       # s after snmpd can be reached again
GROWTH = 128            # kB that the memory may grow over all reconnections, after the first few
NOBODY = "nobody"


def resident(pid):
    """kB"""
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def descriptors(pid):
    """Of the process and of each of its threads, which have tables of their own."""
    tasks = "/proc/%d/task" % pid
    return sum(len(os.listdir("%s/%s/fd" % (tasks, task))) for task in os.listdir(tasks))


def is_sanitized(agent):
    with open("/proc/%d/exe" % agent.child.pid, "rb") as program:
        return b"__asan_init" in program.read()


def start(workspace, *options, configuration="", **more):
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = workspace.enter(Master(workspace, configuration))
    agent = workspace.enter(Agent(workspace, master, tree.root, *options, **more))
    serving(master)
    return master, agent


def seconds_until_served(master):
    begin = time.monotonic()
    serving(master)
    return time.monotonic() - begin


def ends_well(agent):
    status, seconds = agent.stop()
    reports = [line for line in agent.log().splitlines() if "Sanitizer" in line or "runtime error:" in line]
    tap.ok(status == 0 and seconds < 1.5 and not reports, "and the subagent ends cleanly",
           "status %s after %.2f s" % (status, seconds), *reports[:5])


def test_socket_deleted(workspace):
    master, agent = start(workspace)
    os.unlink(master.socket.partition(":")[2])
    time.sleep(3)       # a ping, which must not be taken for a loss
    tap.ok(master.serves() and "lost snmpd" not in agent.log(), "the session outlives the deletion of snmpd's socket file")
    agent.stop()
    agent.start()
    agent.wait_log("snmpd is not there yet.*No such file")
    master.restart()
    seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "a subagent that found no file there serves once snmpd has made it again",
           "%.2f s" % seconds)
    ends_well(agent)


def test_socket_refused(workspace):
    """What agentXPerms, or a directory nobody may enter, does to a subagent that is not root."""
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = workspace.enter(Master(workspace))
    if os.geteuid() != 0:
        tap.skip("a socket that may not be opened is waited for", "only root can become another user")
        return
    os.chmod(master.directory, 0o700)
    agent = workspace.enter(Agent(workspace, master, tree.root, "--user", NOBODY))
    agent.wait_log("snmpd is not there yet.*Permission denied")
    tap.ok(True, "a socket that may not be opened is named, with the reason")
    os.chmod(master.directory, 0o755)
    seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "and opened soon after it may be", "%.2f s" % seconds)
    ends_well(agent)


def test_log_rotated(workspace):
    """What logrotate does: snmpd gets a SIGHUP, upon which it opens its log and reads its configuration again."""
    master, agent = start(workspace)
    for _ in range(3):
        master.signal(signal.SIGHUP)
        master.wait_log("Reconfiguring daemon")
        wait_for(master.answers, "snmpd answers")
        seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "an snmpd whose log is rotated goes on serving the MIB", "%.2f s" % seconds)
    ends_well(agent)


def test_long_stop(workspace):
    """snmpd is stopped for as long as a debugger or a live migration takes."""
    master, agent = start(workspace)
    master.pause()
    time.sleep(30)      # the length of the outage is what is tested
    master.resume()
    wait_for(master.answers, "snmpd answers again")
    seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "an snmpd that stood still for 30 s serves the MIB again", "%.2f s" % seconds)
    tap.note("%.2f s" % seconds)
    ends_well(agent)


def test_reconnections(workspace):
    master, agent = start(workspace, configuration="", environment={"ASAN_OPTIONS": "detect_leaks=1"})
    pid, slowest = agent.child.pid, 0.0
    few = max(3, RECONNECTIONS // 10)
    for number in range(RECONNECTIONS):
        if number == few:
            before = resident(pid), descriptors(pid)
        master.kill9()
        master.start()
        slowest = max(slowest, seconds_until_served(master))
    after = resident(pid), descriptors(pid)
    tap.ok(slowest < BACK_WITHIN, "snmpd is killed %d times, and each time served again within 3 s" % RECONNECTIONS,
           "slowest %.2f s" % slowest)
    tap.equal(after[1], before[1], "no descriptor is lost over them")
    sentence = "no memory is lost over them"
    if is_sanitized(agent):
        tap.note("LeakSanitizer looks for that at the end")     # it keeps what was freed for a while
    else:
        tap.ok(after[0] - before[0] <= GROWTH, sentence, "from %d to %d kB" % (before[0], after[0]))
    tap.note("slowest %.2f s; resident memory %d kB, then %d kB" % (slowest, before[0], after[0]))
    ends_well(agent)


with tap.points():
    for test in (test_socket_deleted, test_socket_refused, test_log_rotated, test_long_stop, test_reconnections):
        with Workspace() as place:
            test(place)

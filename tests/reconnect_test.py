#!/usr/bin/env python3
"""Holds what can become of the way to snmpd: its socket is deleted or may not be opened, its log is rotated, it goes again
and again; and that nothing is lost on the way, neither memory nor descriptors.

RECONNECTIONS (default 10) is how often snmpd is killed under a subagent that is watched. Built with sanitizers, a report of
theirs is a failure."""

import os
import signal
import socket
import threading
import time

import ber
import snmp
import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving, wait_for
from session import BACK_WITHIN, ends_cleanly, seconds_until_served
from trees import scenario

RECONNECTIONS = int(os.environ.get("RECONNECTIONS", 10))
GROWTH = 128 * 1024     # octets that the memory may grow over all reconnections, after the first few
NOBODY = "nobody"
REQUESTS, PAUSE = 10000, 0.002      # s between two, so that snmpd restarts three times meanwhile


def start(workspace, *options, configuration="", **more):
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = workspace.enter(Master(workspace, configuration))
    agent = workspace.enter(Agent(workspace, master, tree.root, *options, **more))
    serving(master)
    return master, agent


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
    ends_cleanly(agent)


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
    ends_cleanly(agent)


def test_nobody_accepts(workspace):
    """An snmpd that hangs, with its queue of connections full: one more would wait in it for ever."""
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = Master(workspace)
    path = master.socket.partition(":")[2]
    with socket.socket(socket.AF_UNIX) as deaf, socket.socket(socket.AF_UNIX) as waiting:
        deaf.bind(path)
        deaf.listen(0)
        waiting.connect(path)
        agent = workspace.enter(Agent(workspace, master, tree.root))
        agent.wait_log("snmpd is not there yet.*nothing answers there", 10)
        turns = agent.turns()
        wait_for(lambda: agent.turns() > turns + 5, "the main loop turns", 20)
        tap.ok(True, "a connection that nobody accepts holds up neither the start nor the main loop")
    os.unlink(path)
    workspace.enter(master)
    seconds = seconds_until_served(master)
    tap.ok(seconds < 2 * BACK_WITHIN, "and an snmpd that comes is served within 6 s", "%.2f s" % seconds)
    ends_cleanly(agent)


def test_time_stamps(workspace):
    """What is noted before snmpd is there has no time on its clock."""
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband")))
    master = Master(workspace)
    agent = workspace.enter(Agent(workspace, master, tree.root, "--notifications", "--watch-interval", "100ms"))
    agent.wait_log("device found")
    time.sleep(3)       # by which the subagent's clock is ahead of that of an snmpd that starts now
    workspace.enter(master)
    serving(master)
    names = ['rdmaDeviceRegistered."mlx5_0"', 'rdmaPortCounterDiscontinuityTime."mlx5_0".1']
    tap.equal(list(master.client().cells(*names).values()), ["Timeticks: (0) 0:00:00.00"] * 2,
              "a time stamp from before the first connection is 0")
    ends_cleanly(agent)


def test_log_rotated(workspace):
    """What logrotate does: snmpd gets a SIGHUP, upon which it opens its log and reads its configuration again."""
    master, agent = start(workspace)
    for _ in range(3):
        master.signal(signal.SIGHUP)
        master.wait_log("Reconfiguring daemon")
        wait_for(master.answers, "snmpd answers")
        seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "an snmpd whose log is rotated goes on serving the MIB", "%.2f s" % seconds)
    ends_cleanly(agent)


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
    ends_cleanly(agent)


def test_reconnections(workspace):
    master, agent = start(workspace, environment={"ASAN_OPTIONS": "detect_leaks=1"})
    slowest, few = 0.0, max(1, RECONNECTIONS // 10)
    for number in range(RECONNECTIONS):
        if number == few:
            before = agent.memory(), agent.descriptors()
        master.kill9()
        master.start()
        slowest = max(slowest, seconds_until_served(master))
    after = agent.memory(), agent.descriptors()
    tap.ok(slowest < BACK_WITHIN, "snmpd is killed %d times, and each time served again within 3 s" % RECONNECTIONS,
           "slowest %.2f s" % slowest)
    tap.equal(after[1], before[1], "no descriptor is lost over them")
    if after[0]:
        tap.ok(after[0] - before[0] <= GROWTH, "and no memory", "from %d to %d octets" % (before[0], after[0]))
    tap.note("slowest %.2f s; resident memory and descriptors %s, then %s" % (slowest, before, after))
    ends_cleanly(agent)


class Asker(threading.Thread):
    """Asks for one cell again and again, whatever becomes of snmpd; what came of it."""

    def __init__(self, master, wanted, count):
        super().__init__()
        self.port, self.wanted, self.count = master.port, wanted, count
        self.right = self.missing = self.unanswered = 0
        self.wrong = []

    def run(self):
        with ber.Client(self.port, timeout=0.5) as client:
            while self.right < self.count and not self.wrong:
                time.sleep(PAUSE)
                self.note(client.ask(ber.GET, [self.wanted[0]]))

    def note(self, answer):
        """While snmpd has not heard of the MIB yet there is no such object, and no such instance while the device is late,
        as it may be on a busy machine; an snmpd that loses us has a general error."""
        if answer is None:
            self.unanswered += 1
        elif answer.error == ber.NO_ERROR and answer.varbinds == [self.wanted]:
            self.right += 1
        elif answer.error == ber.GEN_ERR or answer.varbinds[0][1] in (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE):
            self.missing += 1
        else:
            self.wrong.append(answer)


def test_requests(workspace):
    """Ten thousand requests while snmpd starts anew every five seconds."""
    master, agent = start(workspace, *UNHURRIED)
    oid = snmp.translate("RDMA-PORT-MIB::rdmaPortXmitData", master.client_directory) + (6, *b"mlx5_0", 1)
    asker, restarts = Asker(master, (oid, ber.COUNTER64, 230442669431839), REQUESTS), 0
    asker.start()
    while asker.is_alive():
        asker.join(5)
        master.restart()
        restarts += 1
    tap.ok(not asker.wrong and asker.right == REQUESTS and restarts >= 3,
           "%d requests are answered right while snmpd is restarted every 5 s, and none wrong" % REQUESTS,
           "%d restarts" % restarts, *asker.wrong)
    tap.note("%d restarts, %d answers without the MIB, %d without an answer" %
             (restarts, asker.missing, asker.unanswered))
    ends_cleanly(agent)


with tap.points():
    for test in (test_socket_deleted, test_socket_refused, test_nobody_accepts, test_time_stamps,
                 test_log_rotated, test_long_stop, test_reconnections,
                 test_requests):
        with Workspace() as place:
            test(place)

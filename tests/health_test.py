#!/usr/bin/env python3
"""Holds that rdmaAgentHealth, the status that the service manager is told and the log tell one story, and that the log
has one line when a thing breaks, one when it is whole again and none in between, however often somebody asks."""

import os
import shlex
import shutil
import socket
import threading
import time

import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving, serving_whole, wait_for
from trees import CLASS, fleet, scenario

HEALTH = "rdmaAgentHealth.0"
OK, DEGRADED, FAILED = "INTEGER: ok(1)", "INTEGER: degraded(2)", "INTEGER: failed(3)"
IN_BETWEEN = 2      # s in which nothing may be logged
HEALED = 30         # s in which it is; the log waits for 10 s without the trouble
LONELY = 64321      # a user who has no other processes


class Manager:
    """What a service manager hears."""

    def __init__(self, workspace):
        self.path = workspace.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.lines, self.times = [], []
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()
        workspace.callback(self.close)

    def listen(self):
        while True:
            message = self.socket.recv(4096).decode()
            if not message:
                return
            self.lines += message.splitlines()
            self.times += [(time.monotonic(), text) for text in message.splitlines()]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.path)
        self.thread.join()
        self.socket.close()

    def status(self):
        """The last one; None before the first."""
        told = [text for text in self.lines if text.startswith("STATUS=")]
        return told[-1][len("STATUS="):] if told else None

    def wait_status(self, wanted):
        try:
            wait_for(lambda: self.status() == wanted, "the status becomes %r" % wanted)
        except TimeoutError:
            tap.note("what the service manager was told:", *self.lines[-20:])
            raise


class Poller:
    """A manager that asks for the health as fast as it can."""

    def __init__(self, workspace, client):
        self.client, self.asked, self.going = client, 0, True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        workspace.callback(self.stop)

    def run(self):
        while self.going:
            self.client.get(HEALTH)
            self.asked += 1

    def stop(self):
        self.going = False
        self.thread.join()


def start(workspace, tree_file):
    manager = Manager(workspace)
    tree = workspace.enter(Tree(workspace, tree_file))
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--cache-ttl", "50ms", *UNHURRIED,
                                  environment={"NOTIFY_SOCKET": manager.path}))
    serving_whole(master)
    return manager, tree, master, agent


def wait_health(client, wanted):
    wait_for(lambda: client.cell(HEALTH) == wanted, "%s is %s" % (HEALTH, wanted))


def line(message, device=None):
    """What a line of the log has in it: of a device that a test breaks, whatever a busy machine does to the others."""
    return 'msg="%s"%s' % (message, " device=" + device if device else "")


def count(agent, *lines):
    """How often each line was logged."""
    log = agent.log()
    return {text: log.count(text) for text in lines}


def once(*lines):
    return dict.fromkeys(lines, 1)


def wait_once(agent, lines):
    for text in lines:
        wait_for(lambda: count(agent, text) == once(text), "the log has one " + text, HEALED)


# --- Devices ---

BREAKS = (line("device stalled: a read does not return", "mlx5_3"), line("cannot open the device", "mlx5_5"),
          line("device not read in time", "mlx5_4"),
          line("device partial: not all of its files give a value", "mlx5_6"), line("health is degraded"))
HEALS = (line("device recovered", "mlx5_3"), line("can open the device again", "mlx5_5"),
         line("device read in time again", "mlx5_4"), line("device whole again", "mlx5_6"), line("health is ok"))


def break_devices(tree):
    tree.hang(CLASS + "mlx5_3")
    tree.delay(CLASS + "mlx5_4", 40)
    tree.fail_open(CLASS + "mlx5_5", "EACCES")
    tree.readd(CLASS + "mlx5_5")
    tree.fail(CLASS + "mlx5_6/ports/1/counters/symbol_error", "EIO")


def heal_devices(tree):
    tree.release(CLASS + "mlx5_3")
    tree.delay(CLASS + "mlx5_4", 0)
    tree.fail_open(CLASS + "mlx5_5", 0)
    tree.fail(CLASS + "mlx5_6/ports/1/counters/symbol_error", 0)


def test_devices(workspace):
    manager, tree, master, agent = start(workspace, workspace.write("fleet.tree", fleet(8)))
    client = master.client()
    manager.wait_status("serving 8 devices, 8 ports")
    tap.ok(client.cell(HEALTH) == OK and "READY=1" in manager.lines, "all being well, health and status say so",
           client.cell(HEALTH), *manager.lines)
    poller = Poller(workspace, master.client())
    break_devices(tree)
    story = ("1 of 8 devices stalled: mlx5_3; 2 of 8 devices not read in full: mlx5_4, mlx5_5; "
             "1 of 8 devices partial: mlx5_6")
    manager.wait_status(story)
    tap.equal(client.cell(HEALTH), DEGRADED, "when devices break, the health is degraded, and the status says which")
    wait_once(agent, BREAKS)
    asked = poller.asked
    time.sleep(IN_BETWEEN)      # the time in which nothing must be said
    tap.equal(count(agent, *BREAKS), once(*BREAKS),
              "after one line for each, and one for the health, there is no other")
    tap.note("requests meanwhile: %d" % (poller.asked - asked))
    heal_devices(tree)
    wait_health(client, OK)
    manager.wait_status("serving 8 devices, 8 ports")
    wait_once(agent, HEALS)
    tap.equal(count(agent, *BREAKS, *HEALS), once(*BREAKS, *HEALS),
              "when they are whole again, one line for each says so")


def test_flapping(workspace):
    """A device that is whole at one look and not at the next."""
    manager, tree, master, agent = start(workspace, workspace.write("fleet.tree", fleet(2)))
    client, path = master.client(), CLASS + "mlx5_1/ports/1/counters/"
    statuses = len(manager.times)
    begin = time.monotonic()
    for step in range(12):
        tree.fail(path + "symbol_error", "EIO" if step % 2 == 0 else 0)
        wanted = "INTEGER: partial(2)" if step % 2 == 0 else "INTEGER: ok(1)"
        wait_for(lambda: client.cell('rdmaPortStatus."mlx5_1".1') == wanted, "the port is %s" % wanted)
    seconds = time.monotonic() - begin
    broke = line("device partial: not all of its files give a value", "mlx5_1")
    healed = line("device whole again", "mlx5_1")
    tap.equal(count(agent, broke, healed), {broke: 1, healed: 0},
              "what comes and goes at every look is logged once")
    told = [text for _, text in manager.times[statuses:] if text.startswith("STATUS=")]
    tap.ok(len(told) <= seconds + 2, "and told to the service manager once a second at most",
           "%d in %.1f s" % (len(told), seconds))


def test_listing(workspace):
    manager, tree, master, agent = start(workspace, workspace.write("fleet.tree", fleet(2)))
    client = master.client()
    Poller(workspace, master.client())
    breaks = line("cannot list the RDMA devices"), line("health is failed")
    heals = line("can list the RDMA devices again"), line("health is ok")
    tree.fail_open("class/infiniband", "EACCES")
    wait_health(client, FAILED)
    manager.wait_status("cannot list the RDMA devices")
    time.sleep(IN_BETWEEN)      # the time in which nothing must be said
    tap.equal(count(agent, *breaks, *heals), {**once(*breaks), **dict.fromkeys(heals, 0)},
              "a class directory that cannot be listed is failed in health, status and one line of the log each")
    tree.fail_open("class/infiniband", 0)
    wait_health(client, OK)
    manager.wait_status("serving 2 devices, 2 ports")
    wait_once(agent, heals)
    tap.equal(count(agent, *breaks, *heals), once(*breaks, *heals), "and so is its return")


def test_lacking(workspace):
    sentence = "devices without a thread are degraded in health, status and one line of the log"
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        tap.skip(sentence, "only root can become a user with few processes")
        return
    manager = Manager(workspace)
    tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet(3))))
    master = workspace.enter(Master(workspace))
    agent = Agent(workspace, master, tree.root, "--cache-ttl", "50ms", *UNHURRIED,
                  environment={"NOTIFY_SOCKET": manager.path})
    agent.run_as(*shlex.split("prlimit --nproc=5 setpriv --reuid={0} --regid={0} --clear-groups".format(LONELY)))
    workspace.enter(agent)
    serving(master)
    client = master.client()
    Poller(workspace, master.client())
    manager.wait_status("1 of 3 devices not read in full: mlx5_2")
    lines = line("cannot start a thread for each device"), line("health is degraded")
    heals = line("each device has a thread again"), line("health is ok")
    time.sleep(IN_BETWEEN)      # the time in which nothing must be said
    tap.ok(client.cell(HEALTH) == DEGRADED and count(agent, *lines) == once(*lines), sentence, agent.log())
    tree.remove(CLASS + "mlx5_2")
    wait_health(client, OK)
    manager.wait_status("serving 2 devices, 2 ports")
    wait_once(agent, heals)
    tap.equal(count(agent, *lines, *heals), once(*lines, *heals), "and so is the end of that")


# --- snmpd ---

AWAY = "snmpd is away: looking for it"
REFUSED = "snmpd refuses the MIB: another subagent serves it; trying again"


def test_snmpd(workspace):
    manager = Manager(workspace)
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = Master(workspace)
    agent = workspace.enter(Agent(workspace, master, tree.root, environment={"NOTIFY_SOCKET": manager.path}))
    manager.wait_status(AWAY)
    tap.ok(manager.lines[0] == "READY=1",
           "without an snmpd it is ready all the same, and the status says what is lacking", *manager.lines)
    workspace.enter(master)
    serving(master)
    manager.wait_status("serving 1 device, 1 port")
    master.kill9()
    manager.wait_status(AWAY)
    agent.wait_log("lost snmpd")
    time.sleep(2 * IN_BETWEEN)  # the time in which nothing must be said
    master.start()
    serving(master)
    manager.wait_status("serving 1 device, 1 port")
    wanted = {line("snmpd is not there yet; looking for it"): 1, line("lost snmpd; looking for it"): 1,
              line("connected to snmpd"): 2}
    tap.equal(count(agent, *wanted), wanted, "each loss of snmpd is a status and a line, and each return is")

    other = Manager(workspace)
    second = workspace.enter(Agent(workspace, master, tree.root, environment={"NOTIFY_SOCKET": other.path}))
    other.wait_status(REFUSED)
    time.sleep(IN_BETWEEN)      # the time in which nothing must be said
    agent.stop()
    other.wait_status("serving 1 device, 1 port")
    wanted = once(line("snmpd refuses the MIB: another subagent serves it, or did until now; trying again"),
                  line("snmpd has registered the MIB"))
    tap.equal(count(second, *wanted), wanted,
              "a registration that is refused is a status and a line, and its success is")
    tap.equal(manager.lines[-2:], ["STOPPING=1", "STATUS=ending"], "the end is told")


def test_watchdog(workspace):
    """A tenth of the time that the unit gives, to be waited for."""
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = workspace.enter(Master(workspace))
    manager = Manager(workspace)
    agent = workspace.enter(Agent(workspace, master, tree.root,
                                  environment={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1500000"}))
    serving(master)
    fed = lambda: [moment for moment, text in manager.times if text == "WATCHDOG=1"]
    begin = len(fed())
    wait_for(lambda: len(fed()) >= begin + 6, "the watchdog is fed")
    gaps = [after - before for before, after in zip(fed()[begin:], fed()[begin + 1:])]
    tap.ok(max(gaps) < 1.5 and min(gaps) > 0.4,
           "the watchdog is fed at a third of its time, in time and not much more often", gaps)
    agent.pause()
    time.sleep(1)               # what it said before that has arrived
    fed_before = len(fed())
    time.sleep(1.2)             # the time in which it must not be fed
    tap.equal(len(fed()), fed_before, "and not by a process that does not run")
    agent.resume()
    wait_for(lambda: len(fed()) > fed_before, "it is fed again")


with tap.points():
    for test in (test_devices, test_flapping, test_listing, test_lacking, test_snmpd, test_watchdog):
        with Workspace() as place:
            test(place)

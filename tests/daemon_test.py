#!/usr/bin/env python3
"""Holds the process itself: its descriptors, its user, what it writes, how it is started and how it looks for snmpd."""

import contextlib
import ctypes
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import tap
from harness import Agent, Master, Tree, Workspace, die_with_parent, in_build, need_program, serving, wait_for
from session import BACK_WITHIN, seconds_until_served
from trees import scenario

# Leaks are master_test's subject. Here LeakSanitizer would stumble over strace, and over the 110 octets that Net-SNMP
# loses with each connection that is closed before it is a session (snmpUnixDomain.c, in a function that has no name in a
# stripped library and so cannot be suppressed by it).
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"

REFUSED_FOR = 12    # s
QUIET_FOR = 6       # s
OPENS = re.compile(r"^(openat2?|open)\(.*\b(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b")
MAKES = re.compile(r"^(creat|mkdir|mkdirat|mknod|mknodat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|"
                   r"unlinkat|rmdir|truncate|chmod|fchmodat|chown|lchown|fchownat)\(")


def adopt_orphans():
    """A program that goes into the background becomes a child of this one, which can then wait for it."""
    ctypes.CDLL(None).prctl(36, 1)      # PR_SET_CHILD_SUBREAPER


def complaints(agent):
    return [line for line in agent.log().splitlines() if re.search("level=(warn|error)", line)]


def is_served(master, seconds=20):
    """True if snmpd answers for the subagent in time."""
    try:
        serving(master, seconds)
    except TimeoutError:
        return False
    return True


# --- Descriptors, background, user ---

def test_closed_streams(workspace, tree):
    master = workspace.enter(Master(workspace))
    for which, redirections in (("standard output and error", ">&- 2>&-"), ("standard input and error", "<&- 2>&-"),
                                ("standard input, output and error", "<&- >&- 2>&-")):
        agent = Agent(workspace, master, tree.root, "--log-level", "debug", "--cache-ttl", "0s")
        agent.arguments[:0] = ["sh", "-c", 'exec "$@" ' + redirections, "sh"]
        with agent:
            served = is_served(master)
            if served:
                master.restart()    # there is much to log
                served = is_served(master)
            answers = [master.client().get("rdmaAgentDevices.0").lines for _ in range(3)] if served else []
            tap.equal(answers, [["rdmaAgentDevices.0 = Gauge32: 1"]] * 3, "with %s closed it keeps serving" % which)
            tap.equal(agent.stop()[0] if agent.is_running() else "not running", 0, "and SIGTERM ends it with status 0")


def processes_with(word):
    """The ids of those that have a word in their command line."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
            if word in file.read().split("\0"):
                found.append(int(path.split("/")[2]))
    return found


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def ended(pid):
    """How an adopted process ended; None while it runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return "status %d" % os.waitstatus_to_exitcode(status) if done else None


def test_background(workspace, tree):
    master = workspace.enter(Master(workspace))
    agent = Agent(workspace, master, tree.root)
    agent.arguments.remove("-f")
    with open(agent.log_file, "ab") as log:
        done = subprocess.run(agent.arguments, env={**os.environ, **agent.environment}, stdin=subprocess.DEVNULL,
                              stdout=log, stderr=log, timeout=20, check=False)
    tap.equal(done.returncode, 0, "without -f the command ends with status 0")
    pids = processes_with(master.socket)    # nobody else knows this socket by its name
    for pid in pids:
        workspace.callback(kill, pid)
    tap.ok(len(pids) == 1, "and leaves one process", pids, agent.log())
    tap.ok(is_served(master), "which serves")
    if len(pids) != 1:
        return
    streams = {os.readlink("/proc/%d/fd/%d" % (pids[0], fd)) for fd in (0, 1, 2)}
    tap.ok(os.getsid(pids[0]) != os.getsid(0) and streams == {"/dev/null"},
           "in a session of its own and with none of the caller's streams", streams)
    begin = time.monotonic()
    os.kill(pids[0], signal.SIGTERM)
    status = wait_for(lambda: ended(pids[0]), "the process ends")
    seconds = time.monotonic() - begin
    tap.ok(status == "status 0" and seconds < 1.5, "and which SIGTERM ends with status 0", status,
           "after %.2f s" % seconds)


def test_user(workspace, tree):
    sentence = "--user nobody serves as nobody, in the groups of nobody only"
    if os.geteuid() != 0:
        tap.skip(sentence, "only root can become another user")
        return
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        tap.skip(sentence, "there is no user nobody")
        return
    master = workspace.enter(Master(workspace))
    agent = Agent(workspace, master, tree.root, "--user", "nobody")
    workspace.callback(agent.end)

    def as_root_in_groups():
        die_with_parent()
        os.setgroups([0, 4, 27])    # such as no nobody is in

    agent.spawn(agent.arguments, agent.environment, stdin=subprocess.DEVNULL, preexec_fn=as_root_in_groups)
    served = is_served(master)
    wrong = []
    for task in glob.glob("/proc/%d/task/*/status" % agent.child.pid):
        with open(task, encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
        ids = {name: {int(word) for word in fields[name].split()} for name in ("Uid", "Gid", "Groups")}
        if ids["Uid"] != {nobody.pw_uid} or ids["Gid"] != {nobody.pw_gid} or \
                not ids["Groups"] <= set(os.getgrouplist("nobody", nobody.pw_gid)) or int(fields["CapEff"], 16) != 0:
            wrong.append(ids)
    tap.ok(served and agent.is_running() and not wrong, sentence, *wrong, agent.log())
    tap.equal(agent.stop()[0], 0, "and ends with status 0")


# --- What is written ---

def can_trace():
    with contextlib.suppress(OSError):
        return subprocess.run(["strace", "-D", "-o", "/dev/null", "true"], capture_output=True, timeout=20).returncode == 0
    return False


def traced(prefix):
    """The system calls of all threads; None while there is one."""
    calls = []
    for path in glob.glob(prefix + ".*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            thread = file.read().splitlines()
        if not thread or not thread[-1].startswith("+++ "):
            return None
        calls += thread
    return calls


def changes(calls):
    """Those that have changed a file or could have."""
    return [call for call in calls if (OPENS.match(call) or MAKES.match(call)) and not re.search(r"\) += -1 E", call)
            and '"/dev/null"' not in call]


def test_nothing_is_written(workspace, tree):
    sentence = "from its start over a walk to SIGTERM it makes, changes and removes no file and no directory"
    in_runtime = "and with a runtime directory none outside it"
    if not shutil.which("strace") or not can_trace():
        tap.skip(sentence, "there is no strace, or it may not trace")
        return
    master = workspace.enter(Master(workspace))
    for runtime in (None, workspace.make_directory("runtime")):
        agent = Agent(workspace, master, tree.root)
        prefix = workspace.path("trace")
        del agent.environment["SNMP_PERSISTENT_DIR"]
        agent.arguments[:0] = ["env", "-u", "HOME", "-u", "SNMP_PERSISTENT_DIR", "-u", "RUNTIME_DIRECTORY",
                               *(["RUNTIME_DIRECTORY=" + runtime] if runtime else []),
                               "strace", "-D", "-ff", "-e", "trace=%file", "-o", prefix]
        with agent:
            serving(master)
            walked = master.client().bulkwalk().lines
            status = agent.stop()[0]
        calls = wait_for(lambda: traced(prefix), "strace has written all")
        opened = [call for call in calls if "class/infiniband" in call and call.startswith("open")]
        changed = [call for call in changes(calls) if not runtime or '("%s/' % runtime not in call]
        tap.ok(len(walked) > 100 and status == 0 and opened and not changed, in_runtime if runtime else sentence,
               "%d lines, status %s, %d calls" % (len(walked), status, len(calls)), *changed[:10])
        wait_for(lambda: not master.serves(), "snmpd drops the MIB")


# --- Looking for snmpd ---

class ClosesAtOnce:
    """Something at the socket of an snmpd that accepts connections and closes them."""

    def __init__(self, master):
        self.times = []
        self.path = master.socket.partition(":")[2]
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen(100)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.times.append(time.monotonic())
            connection.close()

    def close(self):
        """Makes room for an snmpd."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)    # wakes accept
        self.listener.close()
        self.thread.join()


def test_closed_at_once(workspace, tree):
    master = Master(workspace)
    other = ClosesAtOnce(master)
    workspace.callback(other.close)
    agent = workspace.enter(Agent(workspace, master, tree.root))
    wait_for(lambda: other.times, "the subagent tries to connect")
    time.sleep(REFUSED_FOR)     # the time in which tries must not multiply
    count = len(other.times)
    tap.ok(3 <= count <= 2 * REFUSED_FOR / 2 + 4,
           "something that closes every connection at once is asked no more often than every second or so", count)
    tap.note("%d connections in %d s" % (count, REFUSED_FOR))
    tap.ok(len(complaints(agent)) <= 3, "and is complained of in three lines at most", *complaints(agent)[:8])
    other.close()
    workspace.enter(master)
    seconds = seconds_until_served(master)
    tap.ok(seconds < BACK_WITHIN, "an snmpd that takes its place is served within 3 s", "%.2f s" % seconds)
    before = len(complaints(agent))
    time.sleep(QUIET_FOR)       # the time in which nothing must be said
    tap.equal(complaints(agent)[before:], [], "and nothing is complained of any more")
    tap.equal(agent.stop()[0], 0, "SIGTERM ends it with status 0")


def test_ping_interval(workspace, tree):
    configuration = "agentXPingInterval 1\n"
    master = Master(workspace)
    other = ClosesAtOnce(master)
    workspace.callback(other.close)
    agent = workspace.enter(Agent(workspace, master, tree.root, configuration=configuration))
    wait_for(lambda: len(other.times) >= 6, "the subagent tries to connect 6 times")
    seconds = other.times[5] - other.times[2]
    tap.ok(2 < seconds < 4.5, "agentXPingInterval 1 has snmpd looked for every second", "3 intervals: %.2f s" % seconds)
    other.close()
    workspace.enter(master)
    serving(master)
    slowest = 0.0
    for _ in range(2):
        master.restart()
        slowest = max(slowest, seconds_until_served(master))
    tap.ok(slowest < 2.2, "so it is back in less than 2.2 s after a restart", "%.2f s" % slowest)
    tap.equal(agent.stop()[0], 0, "SIGTERM ends it with status 0")


# --- Environment and command line ---

def test_environment(workspace, tree):
    master = workspace.enter(Master(workspace))
    for options, wanted, sentence in (([], 5000, "RDMA_AGENTX_CACHE_TTL is how old an answer may be"),
                                      (["--cache-ttl", "700ms"], 700, "unless --cache-ttl says otherwise")):
        with Agent(workspace, master, tree.root, *options, environment={"RDMA_AGENTX_CACHE_TTL": "5s"}):
            serving(master)
            tap.equal(master.client().get("rdmaAgentCacheMaxAge.0").lines,
                      ["rdmaAgentCacheMaxAge.0 = Gauge32: %d" % wanted], sentence)
        wait_for(lambda: not master.serves(), "snmpd drops the MIB")
    done = subprocess.run([need_program("RDMA_AGENTX", *in_build("rdma-agentx")), "-f", "-x", master.socket,
                           "--sysfs-root", tree.root], env={**os.environ, "RDMA_AGENTX_CACHETTL": "5s"},
                          capture_output=True, text=True, timeout=20, check=False)
    tap.ok(done.returncode == 2 and "RDMA_AGENTX_CACHETTL" in done.stderr and len(done.stderr.splitlines()) == 1,
           "a variable that is no setting ends the start with status 2 and is named", done.returncode, done.stderr)


adopt_orphans()
with tap.points():
    for test in (test_closed_streams, test_background, test_user, test_nothing_is_written, test_closed_at_once,
                 test_ping_interval, test_environment):
        with Workspace() as place:
            test(place, place.enter(Tree(place, scenario("cx7-infiniband"), faults=False)))

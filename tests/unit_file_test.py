#!/usr/bin/env python3
"""Holds the systemd unit: that systemd takes it, how little it exposes, and that the daemon does all its work under
exactly the filters it sets: hangs, restarts of snmpd, the end."""

import glob
import os
import re
import shutil
import subprocess
import sys

import sandbox
import tap
from harness import SOURCE, Agent, Master, Tree, Workspace, in_build, need_program, serving, wait_for
from trees import CLASS, data_of, fleet

# strace would have LeakSanitizer stumble; the shadow memory of a sanitizer is what MemoryDenyWriteExecute= is not for.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"

MOST_EXPOSED = 1.5
UNIT = in_build("rdma-agentx.service")[0]
TEMPLATE = os.path.join(SOURCE, "build", "rdma-agentx.service.in")
SYSUSERS = os.path.join(SOURCE, "build", "rdma-agentx.sysusers")
NOBODY = 65534


def directives():
    """(line, whether a comment stands before it or the lines right before it) of the unit's settings."""
    explained = False
    with open(TEMPLATE, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("# "):
                explained = True
            elif not line or line.startswith("["):
                explained = False
            elif not line.startswith("#"):
                yield line, explained


def runnable(workspace):
    """A copy of the unit that names this build, which need not be installed."""
    with open(UNIT, encoding="utf-8") as file:
        unit = file.read()
    program = need_program("RDMA_AGENTX", *in_build("rdma-agentx"))
    unit = re.sub("^ExecStart=[^ ]*", "ExecStart=" + program, unit, flags=re.M)
    unit = re.sub("^Documentation=man:.*\n", "", unit, flags=re.M)    # it would look for the page
    path = os.path.join(workspace.make_directory("unit"), "rdma-agentx.service")
    with open(path, "w", encoding="utf-8") as file:
        file.write(unit)
    return path


# --- The file ---

def test_text():
    bare = [line for line, explained in directives() if not explained and line.split("=")[0] not in
            ("Description", "Documentation", "WantedBy")]
    tap.equal(bare, [], "each setting stands below a comment that gives its reason")
    unit = sandbox.settings(UNIT)
    tap.ok(unit["ExecStart"][0].startswith("/") and "@" not in unit["ExecStart"][0],
           "the unit that is installed names the program with its path", unit["ExecStart"])
    with open(SYSUSERS, encoding="utf-8") as file:
        user = re.findall(r'^u +(\S+) ', file.read(), re.M)
    with open(os.path.join(SOURCE, "snmpd.conf.example"), encoding="utf-8") as file:
        group = re.search(r"^agentXPerms 0660 0755 -1 (\S+)$", file.read(), re.M).group(1)
    tap.equal([user, [group]], [unit["User"], unit["Group"]],
              "its user is the one of the sysusers file, and its group the one that snmpd.conf.example lets in")
    tap.ok(int(unit["LimitNOFILE"][0]) >= 2 * 4096, "it may open as many files as the daemon can hold open")


def test_analysis(workspace):
    sentences = ("systemd-analyze verify has nothing to say about it", "systemd-analyze security rates it 1.5 at most")
    if not shutil.which("systemd-analyze"):
        for sentence in sentences:
            tap.skip(sentence, "no systemd-analyze")
        return
    path = runnable(workspace)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "rdma-agentx" in line]
    tap.ok(done.returncode == 0 and not said, sentences[0], *said)
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", path], capture_output=True,
                          text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    level = re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)
    if not level:
        why = (done.stderr.splitlines() or [""])[0]
        tap.skip(sentences[1], "this systemd-analyze cannot look at a unit offline: " + why)
        return
    tap.ok(float(level.group(1)) <= MOST_EXPOSED, sentences[1],
           *(line for line in done.stdout.splitlines() if not line.startswith("\N{CHECK MARK}")))
    tap.note("exposure level: " + level.group(1))


# --- The daemon as the unit runs it ---

def wrapped(agent, trace):
    """Has the subagent run as the unit does: no privileges, under its filters; strace looks on from outside them."""
    command = []
    if shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True,
                                                 check=False).returncode == 0:
        command += ["strace", "-D", "-ff", "-o", trace]
    user = [str(NOBODY)] if os.geteuid() == 0 else []
    agent.run_as(*command, sys.executable, os.path.join(SOURCE, "tests", "sandbox.py"), UNIT, *user)
    return agent


def capabilities(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    return {name: int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}, \
        fields["Seccomp"], set(fields["Uid"].split())


def daemon_of(agent):
    """The id of the subagent itself, which the programs before it become."""
    with open("/proc/%d/comm" % agent.child.pid, encoding="ascii") as file:
        return agent.child.pid if file.read().strip() == "rdma-agentx" else None


def refused(prefix):
    """What the kernel has refused the daemon, from where it is started."""
    calls = []
    for path in glob.glob(prefix + ".*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        started = text.rfind("execve(")
        calls += [line for line in text[max(started, 0):].splitlines() if re.search(r"= -1 (EPERM|EAFNOSUPPORT)", line)]
    return calls


def test_sandbox(workspace):
    sentence = "under the filters of the unit it serves"
    try:
        sandbox.need()
    except LookupError as missing:
        tap.skip(sentence, str(missing))
        return
    tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet(4))))
    master = workspace.enter(Master(workspace))
    trace = os.path.join(workspace.make_directory("trace"), "calls")
    os.chmod(os.path.dirname(trace), 0o777)
    agent = wrapped(Agent(workspace, master, tree.root, "--cache-ttl", "100ms", "--read-timeout", "600ms"), trace)
    workspace.enter(agent)
    serving(master)
    client = master.client()
    walked = client.bulkwalk("rdmaPortXmitData").lines
    tap.equal(walked, ['rdmaPortXmitData."mlx5_%d".1 = Counter64: %d' % (n, data_of(n)) for n in range(4)], sentence)
    pid = wait_for(lambda: daemon_of(agent), "the subagent runs")
    if os.geteuid() == 0:
        caps, seccomp, ids = capabilities(pid)
        tap.ok(not any(caps.values()) and seccomp == "2" and ids == {str(NOBODY)},
               "as an unprivileged user without any capability, and with a filter", caps, seccomp, ids)
    tree.hang(CLASS + "mlx5_2")
    wait_for(lambda: client.cell('rdmaDeviceStatus."mlx5_2"') == "INTEGER: stalled(4)", "the device is stalled")
    tap.equal(client.cell('rdmaPortXmitData."mlx5_3".1'), "Counter64: %d" % data_of(3),
              "a device that hangs costs the others nothing")
    tree.release(CLASS + "mlx5_2")
    wait_for(lambda: client.cell('rdmaPortXmitData."mlx5_2".1') == "Counter64: %d" % data_of(2), "it is back")
    tree.remove(CLASS + "mlx5_0")
    wait_for(lambda: client.cell('rdmaPortXmitData."mlx5_0".1') == "noSuchInstance", "a device is removed")
    master.restart()
    serving(master)
    tap.equal(client.cell('rdmaPortXmitData."mlx5_1".1'), "Counter64: %d" % data_of(1),
              "a restart of snmpd is survived")
    tap.ok("descriptors of their own" not in agent.log(), "threads have descriptors of their own")
    tap.equal(agent.stop()[0], 0, "SIGTERM ends it with status 0")
    if not glob.glob(trace + ".*"):
        tap.skip("and it was refused no system call", "no strace, or it may not trace")
        return
    tap.equal(refused(trace), [], "and it was refused no system call")


with tap.points():
    test_text()
    for test in (test_analysis, test_sandbox):
        with Workspace() as place:
            test(place)

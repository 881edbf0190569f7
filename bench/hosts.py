"""What the benchmarks run: snmpd and the programs below it on one CPU, and the client on another where there is one."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "tests"))

# pylint: disable=wrong-import-position
import snmp
from harness import Agent, Master, Process, in_build, need_program, wait_for

SERVER_CPU, CLIENT_CPU = (sorted(os.sched_getaffinity(0)) * 2)[-1], min(os.sched_getaffinity(0))

# Arcs behind the root: the counter tables of RDMA-PORT-MIB and what follows them.
COUNTERS, HW_COUNTERS, BEHIND = "1.4", "1.5", "1.6"


SYSFS = "/sys"


def has_devices(sysfs):
    path = os.path.join(sysfs, "class", "infiniband")
    return os.path.isdir(path) and bool(os.listdir(path))


@contextlib.contextmanager
def on_cpu(cpu):
    """What is started inside runs on this CPU only, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def program(name):
    return need_program("BENCH_" + name.upper(), os.path.join(snmp.BUILD, "bench", name))


def mib_root():
    """Of this build, without a leading dot."""
    agent = need_program("RDMA_AGENTX", *in_build("rdma-agentx"))
    version = subprocess.run([agent, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"MIB root ([0-9.]+)", version).group(1)


def root_beside(distance):
    """A root of its own for a program that is compared."""
    arcs = mib_root().split(".")
    return ".".join([*arcs[:-1], str(int(arcs[-1]) + distance)])


class Host(contextlib.ExitStack):
    """An snmpd, and the programs that were started below it. rows: of the table that pass_persist serves."""

    def __init__(self, workspace, pass_rows=0):
        super().__init__()
        self.workspace = workspace
        self.pass_root = root_beside(3)
        configuration = "view all included .1\n"
        if pass_rows:
            configuration += "pass_persist .%s %s %s %d\n" % (
                self.pass_root, program("pass_persist"), self.pass_root, pass_rows)
        self.master = Master(workspace, configuration)

    def __enter__(self):
        super().__enter__()
        with on_cpu(SERVER_CPU):
            self.enter_context(self.master)
        return self

    @property
    def socket_path(self):
        return self.master.socket.partition(":")[2]

    def start(self, process):
        with on_cpu(SERVER_CPU):
            return self.enter_context(process)

    def agent(self, tree, *options):
        """rdma-agentx, when it has read every device of the tree."""
        agent = self.start(Agent(self.workspace, self.master, tree, "--read-timeout", "600ms", *options))
        self.wait_for_devices(agent)
        return agent

    def floor(self, rows):
        floor = self.start(Plain(self.workspace, "floor", self.socket_path, root_beside(1), str(rows)))
        self.wait(floor, root_beside(1), "1.5.1.1.6.109.108.120.53.95.48.1")
        return floor

    def wait(self, process, root, instance):
        """When an instance had a value for the first time, on the monotonic clock."""
        try:
            return float(run_walker(self.master, "-w", root, instance, BEHIND))
        except subprocess.TimeoutExpired:
            raise RuntimeError("%s serves nothing; its log:\n%s" % (process.name, process.log())) from None

    def wait_for_devices(self, agent):
        """Until all that there are have been read."""
        client = self.master.client(numeric=True, timeout=5)
        self.wait(agent, mib_root(), "1.1.1.0")
        wait_for(lambda: client.get("%s.1.1.2.0" % mib_root()).lines[0].endswith("INTEGER: 1"), "all devices are read")

    def walk(self, process, root, *options, first=COUNTERS, end=BEHIND, walks=1):
        """A walk of everything from first up to end; the walker's measurements of each."""
        lines = run_walker(self.master, "-n", str(walks), "-m", str(self.master.child.pid), "-a",
                           str(process.child.pid if process else 0), *options, root, first, end)
        return [json.loads(line) for line in lines.splitlines()]

    def bulkwalk(self, root, subtrees=(COUNTERS, HW_COUNTERS)):
        """Seconds that Net-SNMP's own program takes for the same."""
        start = time.monotonic()
        for subtree in subtrees:
            with on_cpu(CLIENT_CPU):
                subprocess.run(["snmpbulkwalk", "-v2c", "-c", snmp.COMMUNITY, "-Cr25", "-On", "-m", "",
                                self.master.client().peer, "%s.%s" % (root, subtree)],
                               env=snmp.environment(self.master.client_directory), stdout=subprocess.DEVNULL,
                               check=True)
        return time.monotonic() - start


class Trace(Process):
    """strace of all threads of a process. Call it when nothing happens."""

    def __init__(self, workspace, process):
        super().__init__(workspace, "strace")
        self.output = workspace.path("trace")
        self.process = process

    def start(self):
        self.spawn([need_program("STRACE", "strace"), "-f", "-qq", "-y", "-s", "0", "-o", self.output, "-p",
                    str(self.process.child.pid)])
        tasks = "/proc/%d/task" % self.process.child.pid
        wait_for(lambda: all(tracer(os.path.join(tasks, task)) == self.child.pid for task in os.listdir(tasks)),
                 "strace has all threads")

    def calls(self):
        """(thread, line) of each call; lines that say how one goes on that was shown have None for the thread."""
        with open(self.output, encoding="utf-8", errors="replace") as file:
            for line in file:
                if " +++ " not in line and " --- " not in line:
                    thread, _, call = line.partition(" ")
                    yield None if " resumed>" in call else int(thread), call.lstrip()


def tracer(task):
    with open(os.path.join(task, "status"), encoding="ascii") as status:
        return int(re.search(r"^TracerPid:\s*(\d+)", status.read(), re.M).group(1))


class Plain(Process):
    """A program of bench."""

    def __init__(self, workspace, name, *arguments):
        super().__init__(workspace, name)
        self.arguments = [program(name), *arguments]

    def start(self):
        self.spawn(self.arguments, stdin=subprocess.DEVNULL)


def run_walker(master, *arguments):
    with on_cpu(CLIENT_CPU):
        done = subprocess.run([program("walker"), "-p", str(master.port), "-c", snmp.COMMUNITY, *arguments],
                              stdout=subprocess.PIPE, text=True, timeout=snmp.LONGEST_RUN, check=True)
    return done.stdout


def cpu_seconds(process):
    """CPU that a process has taken, all of its threads together."""
    return time.clock_gettime(~process.child.pid << 3 | 2)      # CPUCLOCK_SCHED, as clock_getcpuclockid makes it

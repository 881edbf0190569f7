"""What the subagent costs when nobody asks: wake-ups, memory, descriptors; and how soon it answers the first time."""

import contextlib
import os
import re
import resource
import time

import tap
import trees
from hosts import SYSFS, Host, Plain, Trace, has_devices, mib_root
from harness import Agent, Workspace, wait_for
from table import Line

DEVICES = 64
COUNTERS = range(50)
QUIET = 60                      # s
FIRST_PINGS = 3                 # wake-ups after which all code has run that runs while idle, and has its pages
KERNEL_ROUNDS = 3
MOST_HELD = 4096                # section "descriptors" of main.c
HELD_COST = 4.75                # kB of kernel memory for one descriptor on sysfs
FEW_DESCRIPTORS = 64            # too few to hold one: SPARE_DESCRIPTORS in main.c

IDLE = [
    Line("idle for a minute, accesses to sysfs", "", "accesses", bound=0),
    Line("idle for a minute, wake-ups a second of all threads", "", "wakeups", bound=2),
    Line("idle for a minute, growth of RSS", "kB", "growth", bound=0),
    Line("RSS at 64 devices, less 4 MB", "MB", "rss", "rss empty", "empty subagent", 1.1),
    Line("RSS at 64 devices", "MB", "rss whole"),
]

START = [
    Line("start to the first answer, 64 devices", "ms", "start", bound=150),
]

KERNEL = [
    Line("kernel memory for held descriptors, most that are held", "MB", "kernel", "cap", "4,096 of 4.75 kB", 1),
]


def status(process, field):
    """A number of /proc/PID/status."""
    with open("/proc/%d/status" % process.child.pid, encoding="ascii") as file:
        return int(re.search(r"^%s:\s*(\d+)" % field, file.read(), re.M).group(1))


def wakeups(process):
    """How often any thread has been put to sleep or off its CPU until now."""
    directory, total = "/proc/%d/task" % process.child.pid, 0
    for task in os.listdir(directory):
        with open(os.path.join(directory, task, "status"), encoding="ascii") as file:
            total += sum(map(int, re.findall(r"^(?:non)?voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M)))
    return total


def accesses(trace, tree):
    """How many calls of a trace name the tree, or read at an offset, as only counters are."""
    return sum(tree in call or call.startswith("pread64(") for _, call in trace.calls())


def measure_idle(workspace, tally, _options):
    """a minute without a request"""
    tree = trees.make(workspace.path("tree"), DEVICES, COUNTERS)
    # strace wakes what it looks at, so that two are looked at.
    watched, traced, bare = (workspace.enter(Host(workspace)) for _ in range(3))
    agents = [host.agent(tree) for host in (watched, traced)]
    empty = bare.start(Plain(workspace, "empty", bare.master.socket))
    for host, agent in zip((watched, traced), agents):
        host.walk(agent, mib_root())
    wait_for(lambda: status(empty, "VmRSS") == status(empty, "VmHWM"), "the empty subagent has started")
    walked = wakeups(agents[0])
    wait_for(lambda: wakeups(agents[0]) >= walked + FIRST_PINGS, "the first pings")
    try:
        trace = workspace.enter(Trace(workspace, agents[1]))
    except tap.Skip as reason:
        trace = None
        tally.lack(str(reason), "accesses")
    wakeups_before, rss_before, start = wakeups(agents[0]), status(agents[0], "VmRSS"), time.monotonic()
    time.sleep(QUIET)
    tally.add("wakeups", (wakeups(agents[0]) - wakeups_before) / (time.monotonic() - start))
    tally.add("growth", max(0, status(agents[0], "VmRSS") - rss_before))
    tally.add("rss whole", status(agents[0], "VmRSS") / 1024)
    tally.add("rss", status(agents[0], "VmRSS") / 1024 - 4)
    tally.add("rss empty", status(empty, "VmRSS") / 1024)
    if trace:
        trace.end()
        tally.add("accesses", accesses(trace, tree))


def measure_start(workspace, tally, options):
    """starts"""
    tree = trees.make(workspace.path("tree"), DEVICES, COUNTERS)
    with Host(workspace) as host:
        for _ in range(options.rounds):
            agent = Agent(workspace, host.master, tree)
            start = time.monotonic()
            host.start(agent)
            # The last column of the last table that has rows: the whole tree has been read.
            answered = host.wait(agent, mib_root(), "1.4.1.1.7.109.108.120.53.95.54.51.1")
            tally.add("start", 1e3 * (answered - start))
            agent.end()


# --- Kernel memory, as a cgroup counts it ---

@contextlib.contextmanager
def cgroup(above):
    """A cgroup of our own below another, and its file with the memory it uses; tap.Skip where it has none."""
    path = os.path.join(above, "rdma-agentx-bench-%d" % os.getpid())
    try:
        os.mkdir(path)
    except OSError as error:
        raise tap.Skip("no cgroup can be made in %s: %s" % (above, error.strerror)) from None
    try:
        files = [os.path.join(path, name) for name in ("memory.kmem.usage_in_bytes", "memory.current")]
        usage = [file for file in files if os.path.exists(file)]
        if not usage:
            raise tap.Skip("%s has no memory controller" % above)
        yield path, usage[0]
    finally:
        wait_for(lambda: remove(path), "the cgroup is empty")


def remove(path):
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


def kernel_memory(above, tree, most_descriptors):
    """Octets in a cgroup of its own when every device has been read, and how many descriptors are held."""
    with cgroup(above) as (group, file), Workspace() as workspace, Host(workspace) as host:
        agent = InCgroup(workspace, host.master, tree, group, most_descriptors)
        host.start(agent)
        host.wait_for_devices(agent)
        held = sum(len(os.listdir("/proc/%d/task/%s/fd" % (agent.child.pid, task)))
                   for task in os.listdir("/proc/%d/task" % agent.child.pid))
        with open(file, encoding="ascii") as usage:
            return int(usage.read()), held


class InCgroup(Agent):
    """rdma-agentx in a cgroup, with so many descriptors at most."""

    def __init__(self, workspace, master, tree, group, most_descriptors):
        super().__init__(workspace, master, tree)
        self.group, self.most_descriptors = group, most_descriptors

    def start(self):
        self.spawn(self.arguments, self.environment, preexec_fn=self.enter)

    def enter(self):
        if self.most_descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.most_descriptors, self.most_descriptors))
        with open(os.path.join(self.group, "cgroup.procs"), "w", encoding="ascii") as procs:
            procs.write("0")


def measure_kernel(workspace, tally, options):
    """kernel memory"""
    tally.add("cap", MOST_HELD * HELD_COST / 1024)
    if not options.cgroup:
        tally.lack("no --cgroup to make one in", "kernel")
        return
    tree = SYSFS if has_devices(SYSFS) else trees.make(workspace.path("tree"), DEVICES, COUNTERS)
    try:
        for _ in range(min(options.rounds, KERNEL_ROUNDS)):
            with_held, held = kernel_memory(options.cgroup, tree, None)
            without, few = kernel_memory(options.cgroup, tree, FEW_DESCRIPTORS)
            tally.add("kernel", (with_held - without) / (held - few) * MOST_HELD / 2**20)
    except tap.Skip as reason:
        tally.lack(str(reason), "kernel")


SUITES = [(IDLE, measure_idle), (START, measure_start), (KERNEL, measure_kernel)]

"""What a refresh costs, beside a bare loop of pread and parse and beside node_exporter, and how many system calls."""

import glob
import json
import os
import re
import resource
import subprocess
import time
import urllib.request

import snmp
import tap
import trees
from hosts import SERVER_CPU, SYSFS, Host, Trace, cpu_seconds, has_devices, mib_root, on_cpu, program
from harness import Process, free_udp_port, need_program, wait_for
from table import Line

DEVICES, MANY = 64, 1024
FILES = range(50)
FEW_FILES = range(16)           # so that 1,024 devices need no more descriptors than most hosts allow
MOST_HELD = 4096                # MOST_HELD_DESCRIPTORS in main.c
ALL = MANY * (len(FEW_FILES) + 2)    # and the states of the ports
SPARE = 1088                        # SPARE_DESCRIPTORS of reader.c
REFRESHES, MANY_REFRESHES = 50, 5   # in a round
SCRAPES = 5
TRACED = 20
SETTLING = 6                        # s; after five a device's directories are listed once more

# Where scripts/prometheus-programs may have unpacked node_exporter.
PROGRAMS = [os.environ.get("PROMETHEUS_PROGRAMS", ""), os.path.join(snmp.BUILD, "prometheus-programs"),
            os.path.join(snmp.SOURCE, "_build", "prometheus-programs")]

REFRESH = [
    Line("refresh of 64 x 50, CPU for one", "µs", "refresh", "refresh bare", "bare loop", 1.5),
    Line("refresh of 64 x 50, CPU for one", "µs", "refresh", "exporter", "node_exporter", 0.2),
    Line("refresh of 64 x 50, wall of all", "ms", "refresh wall"),
    Line("refresh of 64 x 50 on all CPUs, CPU for one", "µs", "spread", "refresh", "on one CPU"),
    Line("refresh of 64 x 50 on all CPUs, wall of all", "ms", "spread wall", "refresh wall", "on one CPU"),
    Line("refresh of 1,024 x 50, 4,096 held: times the bare loop", "", "many times", "refresh times", "64 x 50", 1.25),
    Line("refresh of 1,024 x 16, all held: times the bare loop", "", "many held times", "few held times", "64 x 16",
         1.25),
    Line("refresh of 1,024 x 50, 4,096 held, CPU for one", "µs", "many", "refresh", "64 x 50"),
    Line("bare loop of 1,024 x 50, 4,096 held, CPU for one", "µs", "many bare", "refresh bare", "64 x 50"),
    Line("refresh of 1,024 x 50, 4,096 held, wall of all", "ms", "many wall"),
]

SYSTEM_CALLS = [
    Line("system calls of a refresh for a value, 64 x 50", "", "calls", bound=1.2),
    Line("system calls of a refresh for a value, /sys", "", "real calls", bound=1.2),
]


def refreshes(tree, rounds, held):
    """Measurements by bench/reading."""
    done = subprocess.run([program("reading"), tree, str(rounds), str(held)], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Exporter(Process):
    """node_exporter with only the collector for InfiniBand."""

    def __init__(self, workspace, tree):
        super().__init__(workspace, "node_exporter")
        unpacked = [path for directory in PROGRAMS
                    for path in sorted(glob.glob(directory + "/node-*/usr/bin/prometheus-node-exporter"))]
        self.program = need_program("NODE_EXPORTER", *unpacked, "prometheus-node-exporter")
        self.port = free_udp_port()
        self.tree = tree

    def start(self):
        self.spawn([self.program, "--collector.disable-defaults", "--collector.infiniband", "--path.sysfs", self.tree,
                    "--web.disable-exporter-metrics", "--web.listen-address=127.0.0.1:%d" % self.port])
        wait_for(self.answers, "node_exporter answers")

    def answers(self):
        try:
            return bool(self.scrape())
        except OSError:
            return False

    def scrape(self):
        """How many values it read."""
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.port, timeout=10) as answer:
            return len(re.findall(rb"^node_infiniband_\w+_total\{", answer.read(), re.M))


def measure_exporter(tally, exporter):
    before, values = cpu_seconds(exporter), 0
    for _ in range(SCRAPES):
        values += exporter.scrape()
    tally.add("exporter", 1e6 * (cpu_seconds(exporter) - before) / values)


def add_refreshes(tally, name, tree, files, held, count):
    """The best of a run: CPU of refresh and bare loop for one of the files, and how they compare."""
    measured = refreshes(tree, count, held)
    least = {key: min(figure[key] for figure in measured) for key in measured[0]}
    tally.add(name, 1e6 * least["cpu"] / files)
    tally.add(name + " bare", 1e6 * least["bare"] / files)
    tally.add(name + " times", least["cpu"] / least["bare"])
    tally.add(name + " wall", 1e3 * least["wall"])


def measure_refresh(workspace, tally, options):
    """refreshes of 64 and of 1,024 devices"""
    small, large = (trees.make(workspace.path("tree"), devices, FILES) for devices in (DEVICES, MANY))
    small16, large16 = (trees.make(workspace.path("tree"), devices, FEW_FILES) for devices in (DEVICES, MANY))
    try:
        exporter = workspace.enter(Exporter(workspace, small))
    except tap.Skip as reason:
        exporter = None
        tally.lack(str(reason), "exporter")
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if descriptors < ALL + SPARE:
        tally.lack("%d descriptors are allowed here" % descriptors, "many held times", "few held times")
    for _ in range(options.rounds):
        with on_cpu(SERVER_CPU):
            add_refreshes(tally, "refresh", small, DEVICES * len(FILES), MOST_HELD, REFRESHES)
            add_refreshes(tally, "many", large, MANY * len(FILES), MOST_HELD, MANY_REFRESHES)
            if descriptors >= ALL + SPARE:
                add_refreshes(tally, "few held", small16, DEVICES * len(FEW_FILES), ALL, REFRESHES)
                add_refreshes(tally, "many held", large16, MANY * len(FEW_FILES), ALL, MANY_REFRESHES)
        add_refreshes(tally, "spread", small, DEVICES * len(FILES), MOST_HELD, REFRESHES)
        if exporter:
            measure_exporter(tally, exporter)


def calls_for_a_value(workspace, tree):
    """Of refreshes, each for a GET; the main thread's, which are those of the session, only as far as it waits for one."""
    with Host(workspace) as host:
        agent = host.agent(tree, "--cache-ttl", "0s")
        client = host.master.client(numeric=True, timeout=10)
        time.sleep(SETTLING)
        client.get("%s.1.1.1.0" % mib_root())
        with Trace(workspace, agent) as trace:
            for _ in range(TRACED):
                client.get("%s.1.1.1.0" % mib_root())
            trace.end()
            calls = list(trace.calls())
    begun = [(thread, call) for thread, call in calls if thread]
    made = sum(thread != agent.child.pid or call.startswith("futex(") for thread, call in begun)
    values = sum(call.startswith("pread64(") for _, call in begun)
    failed = sum("pread64" in call and " = -1 " in call for _, call in calls)
    if values < 0.9 * TRACED * len(glob.glob(tree + "/class/infiniband/*/ports/*/*counters/*")):    # some may refuse
        raise tap.Skip("strace makes it too slow to read every device in time")
    return made / (values - failed)


def measure_system_calls(workspace, tally, _options):
    """system calls of a refresh"""
    for name, tree in (("calls", trees.make(workspace.path("tree"), DEVICES, FILES)), ("real calls", SYSFS)):
        try:
            if not has_devices(tree):
                raise tap.Skip("no RDMA device here")
            tally.add(name, calls_for_a_value(workspace, tree))
        except tap.Skip as reason:
            tally.lack(str(reason), name)


SUITES = [(REFRESH, measure_refresh), (SYSTEM_CALLS, measure_system_calls)]

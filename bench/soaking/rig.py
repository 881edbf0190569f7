"""snmpd, the subagent and its fleet, all of which may be made to fail; every change is told to the truth."""

import contextlib
import glob
import os
import re
import socket
import subprocess
import sys
import threading
import time

import fleet
from harness import SOURCE, Agent, Master, Tree, wait_for
from truth import Loss, Truth
from wire import Wire

REPORTS = re.compile("ERROR: (Address|Leak)Sanitizer|runtime error:|UndefinedBehaviorSanitizer|Assertion")
# Net-SNMP loses 110 octets with each connection that is closed before it is a session (snmpUnixDomain.c).
LEAK = re.compile(r"(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:\n((?:\s+#.*\n)+)")
LOST_BY_NETSNMP = 110


def first_of_all(pid):
    """Has a process run whenever it can."""
    os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


class MachineWatch:
    """Tells the truth when this machine did not let processes run that had to."""

    def __init__(self, truth, processes, realtime):
        self.truth = truth
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watch.py")
        pids = [str(process.child.pid) for process in processes]
        self.process = subprocess.Popen([sys.executable, program, *pids], stdout=subprocess.PIPE, text=True)
        if realtime:
            first_of_all(self.process.pid)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for line in self.process.stdout:
            self.truth.machine.append(tuple(map(float, line.split())))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


class PreferredMaster(Master):
    """An snmpd that runs whenever it can."""

    def spawn(self, *arguments, **options):
        super().spawn(*arguments, **options)
        first_of_all(self.child.pid)


class Rig:
    """All of it. The lock is held by whoever changes the tree; only the main thread restarts snmpd. With defaults the
    subagent has its own settings, of which cache_ttl is one then. With realtime snmpd, the subagent and the file
    system go before all other work of the machine."""

    def __init__(self, workspace, devices=12, cache_ttl=0.3, options=(), defaults=False, realtime=False):
        self.workspace, self.options = workspace, options
        self.devices = [fleet.Device(number) for number in range(1, devices + 1)]
        self.lock = threading.RLock()
        self.judging = True         # false: what is answered is not the subagent's
        self.frozen = set()         # (device, port, file) whose text is not to change
        self.objects = fleet.Objects(workspace.directory)
        self.truth = Truth(self.devices, self.objects, cache_ttl)
        self.tree = workspace.enter(Tree(workspace, workspace.write("fleet.tree", fleet.tree_text(self.devices))))
        sink = workspace.enter(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))    # of notifications
        sink.bind(("127.0.0.1", 0))
        self.master = workspace.enter((PreferredMaster if realtime else Master)(
            workspace, "agentXRetries 0\nmaxGetbulkResponses 2000\ntrap2sink 127.0.0.1:%d" % sink.getsockname()[1]))
        leaks = "suppressions=%s:print_suppressions=0" % os.path.join(SOURCE, "tests", "lsan.supp")
        # Freed memory is kept by AddressSanitizer for a while, which must not look like growth.
        ttl = [] if defaults else ["--cache-ttl", "%dms" % (1000 * cache_ttl)]
        self.agent = Agent(
            workspace, self.master, self.tree.root, *ttl, *options,
            environment={"LSAN_OPTIONS": leaks, "ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=8",
                         "UBSAN_OPTIONS": "print_stacktrace=1"})
        if realtime:
            first_of_all(self.tree.child.pid)
            self.agent.arguments[:0] = ["chrt", "-r", "1"]
        workspace.enter(self.agent)
        self.control = self.wire(1)
        workspace.callback(self.control.close)
        watch = MachineWatch(self.truth, [self.agent, self.tree], realtime)
        workspace.callback(watch.close)
        wait_for(self.is_whole, "all devices are served whole")

    def wire(self, timeout=3):
        return Wire(self.master.port, timeout=timeout)

    # --- Changes of the tree ---

    @contextlib.contextmanager
    def change(self):
        """with change() as done: ...; done() tells when the change began and that it is over now."""
        with self.lock:
            begun = time.monotonic()
            yield lambda: (begun, time.monotonic())

    def tree_command(self, *words):
        with self.lock:
            self.tree.command(*words)

    def bump(self, device, port, file, by=1):
        """A new version of a file, if it can have one now."""
        with self.change() as done:
            if device.name is None or (device, port, file) in self.frozen:
                return
            device.versions[port, file] = device.versions.get((port, file), 0) + by
            text = device.text(port, file)
            self.tree.set(device.path(port, file), text)
            if device.is_ethernet and file in ("state", "phys_state"):
                device.carrier_changes += 1     # or nobody would look at the state
                self.tree.set("class/net/eth%d%d/carrier_changes" % (device.number, port), device.carrier_changes)
            self.note(device, port, file, done())

    def note(self, device, port, file, times, readable=None):
        """Tells the truth what can be read of a file."""
        if readable is None:
            readable = self.truth.files[device, port, file].steps[-1][2] is not None
        self.truth.files[device, port, file].add(*times, device.text(port, file) if readable else None)

    def block(self, device, files, times, hang=False):
        """Files cannot be read. Of an Ethernet port the state is not, while its network interface stands still: it may
        be shown as long as it is what it was."""
        for port, file in files:
            if hang or not (device.is_ethernet and file in ("state", "phys_state")):
                self.note(device, port, file, times, readable=False)

    def unblock(self, device, files, times):
        for port, file in files:
            self.note(device, port, file, times, readable=True)

    def set_name(self, device, name, times):
        device.name, device.kept_name = name, name or device.kept_name
        self.truth.names[device].add(*times, name)

    def remove(self, device):
        with self.change() as done:
            self.tree.remove(fleet.CLASS + device.name)
            self.set_name(device, None, done())

    def add(self, device, name, link_first=False, before_link=None):
        """Puts a device that was removed back, under a name; the kernel's order is files first."""
        with self.change() as done:
            device.name = name
            steps = list(device.lines())
            steps.insert(1 if link_first else len(steps), device.link())
            for number, step in enumerate(steps):
                if before_link and " -> " in step:
                    before_link()
                self.tree.command("set", step)
                if link_first and number:
                    time.sleep(0.002)
            self.set_name(device, name, done())

    def readd(self, device):
        self.tree_command("readd", fleet.CLASS + device.name)

    def rename(self, device, name):
        with self.change() as done:
            self.tree.rename(fleet.CLASS + device.name, fleet.CLASS + name)
            self.set_name(device, name, done())

    # --- Questions ---

    def look(self, device):
        """What a device lacks at this moment: None if it is whole."""
        name = device.name
        if name is None:
            return None
        cells = self.truth.oids(device, name)
        index = (len(name), *name.encode())
        wanted = [oid for oid, _ in cells] + [self.objects.oid["rdmaDeviceStatus"] + index]
        wanted += [self.objects.oid["rdmaPortStatus"] + index + (port,) for port in device.ports]
        answer = self.control.get(wanted)
        if answer.cells is None or answer.error:
            return "no answer"
        got = {oid: value for oid, _, value in answer.cells}
        lacks = [cell for oid, cell in cells if got.get(oid) is None]
        return lacks or (None if all(got.get(oid) == 1 for oid in wanted[len(cells):]) else "status")

    def is_whole(self, devices=None):
        return not any(self.look(device) for device in devices or self.devices)

    # --- The subagent's process ---

    def memory(self):
        """Resident kB."""
        return self.memory_of(self.agent)

    @staticmethod
    def memory_of(process):
        with open("/proc/%d/status" % process.child.pid, encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def descriptors(self):
        """Of all threads: each has a table of its own. Main thread's, all threads', and how many threads."""
        counts = {}
        for task in glob.glob("/proc/%d/task/*" % self.agent.child.pid):
            with contextlib.suppress(OSError):
                counts[os.path.basename(task)] = len(os.listdir(task + "/fd"))
        return counts.get(str(self.agent.child.pid), 0), sum(counts.values()), len(counts)

    def reports(self):
        """What sanitizers said, but for what Net-SNMP is known to lose; and how often it did."""
        log, known = self.agent.log(), 0
        others = [line for line in log.splitlines() if REPORTS.search(line) and "LeakSanitizer" not in line]
        for _, octets, objects, stack in LEAK.findall(log):
            if int(octets) == LOST_BY_NETSNMP * int(objects) and "libnetsnmp" in stack:
                known += int(objects)
            else:
                others.append("leak of %s octets: %s" % (octets, stack.strip().splitlines()[0]))
        if "LeakSanitizer has" in log:
            others.append("LeakSanitizer could not work")
        return others, known


def lost_for_a_while(rig):
    """A time, open until its end is set, in which snmpd need not answer for the subagent."""
    loss = Loss(time.monotonic())
    rig.truth.away.append(loss)
    return loss

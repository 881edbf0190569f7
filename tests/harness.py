"""A private snmpd, the subagent and a sysfs for it: what the tests against real programs are made of.

    with tap.points(), Workspace() as workspace:
        tree = workspace.enter(Tree(workspace, "testdata/efa/sysfs.tree"))
        master = workspace.enter(Master(workspace))
        agent = workspace.enter(Agent(workspace, master, tree.root))
        serving(master)
        tap.equal(master.client().get("rdmaAgentHealth.0").lines, ["rdmaAgentHealth.0 = INTEGER: ok(1)"], "all is well")

Everything lives below one temporary directory and on 127.0.0.1, works as root or not, and ends with
the test, even one that is killed. Nothing sleeps: what takes its time is waited for, within bounds.
tap.Skip is raised where a program is missing.
"""

import contextlib
import ctypes
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import snmp
import tap
from snmp import BUILD, SOURCE

PATIENCE = float(os.environ.get("PATIENCE", 20))    # s; what takes longer does not happen
LOOK_EVERY = float(os.environ.get("LOOK_EVERY", 0.02))      # s

# Options of a subagent for tests that are not about time: under a sanitizer, with treefs and on a busy machine,
# a device of 700 files takes longer to read than a stalled one on a host.
UNHURRIED = ["--read-timeout", "600ms"]


def wait_for(condition, what, seconds=PATIENCE, every=LOOK_EVERY):
    """The first true value of condition(); TimeoutError, which says what was waited for, if there is none."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError("not within %g s: %s" % (seconds, what))
        time.sleep(every)


def settles(get, wanted, sentence, seconds=PATIENCE):
    """A test point: get() is what is wanted, at once or soon, as on a busy machine, where a device may be late."""
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: get() == wanted, sentence, seconds)
    return tap.equal(get(), wanted, sentence)


def find_program(variable, *places):
    """The program that an environment variable names, or else the first that exists; None if none does."""
    for place in (os.environ.get(variable), *places):
        path = place and shutil.which(place)
        if path:
            return os.path.abspath(path)
    return None


def need_program(variable, *places):
    path = find_program(variable, *places)
    if not path:
        raise tap.Skip("no %s: set %s to its path" % (os.path.basename(places[0]), variable))
    return path


def in_build(name):
    """Where a program of this build may be."""
    return [os.path.join(BUILD, directory, name) for directory in ("", "tests", "tests/fuzz")]


class Workspace(contextlib.ExitStack):
    """A temporary directory, and what was entered in it; both are gone in the end."""

    def __enter__(self):
        super().__enter__()
        self.directory = tempfile.mkdtemp(prefix="rdma-agentx-")
        os.chmod(self.directory, 0o755)     # root may let the subagent run as another user
        self.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self._names = 0
        return self

    enter = contextlib.ExitStack.enter_context

    def path(self, name):
        """A new path in the directory; a number makes it unique."""
        self._names += 1
        return os.path.join(self.directory, "%s%d" % (name, self._names))

    def make_directory(self, name):
        path = self.path(name)
        os.mkdir(path)
        return path

    def write(self, name, text):
        """A new file; its path."""
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def die_with_parent():
    """A process of a killed test must not stay."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


class Process:
    """A program in the foreground, whose standard error goes to a file."""

    def __init__(self, workspace, name):
        self.workspace, self.name = workspace, name
        self.log_file = workspace.write(name + ".log", "")
        self.child = None
        self._log_position = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.end()

    def spawn(self, arguments, environment=None, **options):
        """Call it in the main thread: the program would also die with another."""
        options.setdefault("preexec_fn", die_with_parent)
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen(arguments, env={**os.environ, **(environment or {})}, stderr=log, **options)

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=PATIENCE):
        """SIGTERM. The exit status and how many seconds it took; TimeoutError if it does not end."""
        start = time.monotonic()
        self.child.terminate()
        try:
            status = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError("%s still runs %g s after SIGTERM" % (self.name, seconds)) from None
        return status, time.monotonic() - start

    def kill9(self):
        self.child.kill()
        self.child.wait(PATIENCE)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def end(self):
        """Ends it in any case."""
        if not self.is_running():
            return
        self.resume()
        try:
            self.stop(5)
        except TimeoutError:
            self.kill9()

    def memory(self):
        """Resident octets; None where a sanitizer's are among them, which keeps for a while what was freed."""
        with open("/proc/%d/status" % self.child.pid, encoding="ascii") as status:
            kilobytes = {name: int(size) for name, size in re.findall(r"^(Vm\w+):\s+(\d+) kB$", status.read(), re.M)}
        return None if kilobytes["VmSize"] > 1 << 30 else kilobytes["VmRSS"] * 1024

    def turns(self):
        """How often the main thread has gone to sleep of its own accord."""
        with open("/proc/%d/task/%d/status" % (self.child.pid, self.child.pid), encoding="ascii") as status:
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M).group(1))

    def descriptors(self):
        """How many are open, in all threads, which may have tables of their own."""
        tasks = "/proc/%d/task" % self.child.pid
        return sum(len(os.listdir("%s/%s/fd" % (tasks, task))) for task in os.listdir(tasks))

    def log(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, regex, seconds=PATIENCE):
        """Follows the log to the next line with a match of regex, behind the last such line; the match."""
        def search():
            match = re.compile(regex, re.M).search(self.log(), self._log_position)
            if match:
                self._log_position = match.end()
            elif not self.is_running():
                raise RuntimeError("%s has ended; its log:\n%s" % (self.name, self.log()))
            return match
        return wait_for(search, "%s logs %r; its log:\n%s" % (self.name, regex, self.log()[-2000:]), seconds)


class Master(Process):
    """An snmpd on a free UDP port of 127.0.0.1, with an AgentX socket of its own.

    Communities and user are those of snmp.py. configuration: further lines of snmpd.conf.
    """

    def __init__(self, workspace, configuration=""):
        super().__init__(workspace, "snmpd")
        self.program = need_program("SNMPD", "snmpd", "/usr/sbin/snmpd")
        if not shutil.which("snmpget"):
            raise tap.Skip("no snmpget: the programs of Net-SNMP are not installed")
        self.directory = workspace.make_directory("master")
        self.socket = "unix:" + os.path.join(self.directory, "agentx")
        self.client_directory = workspace.make_directory("client")
        self.port = None
        self.agents = []        # that were started with this snmpd
        with open(os.path.join(self.directory, "snmpd.conf"), "w", encoding="ascii") as file:
            file.write("""
rocommunity {snmp.COMMUNITY}
rwcommunity {snmp.WRITE_COMMUNITY}
createUser {snmp.USER} SHA-256 "{snmp.AUTHENTICATION}" AES "{snmp.PRIVACY}"
rwuser {snmp.USER} priv
master agentx
agentXSocket {socket}
agentXPerms 0777 0755
dontLogTCPWrappersConnects yes
{configuration}
""".format(snmp=snmp, socket=self.socket, configuration=configuration))

    def start(self):
        """Starts it and waits until it answers."""
        for port in [self.port] if self.port else [free_udp_port() for _ in range(5)]:
            self.port = port
            self.spawn([self.program, "-f", "-Le", "-C", "-c", os.path.join(self.directory, "snmpd.conf"),
                        "udp:127.0.0.1:%d" % port],
                       {"MIBS": "", "SNMPCONFPATH": self.directory,
                        "SNMP_PERSISTENT_DIR": os.path.join(self.directory, "persistent")},
                       stdin=subprocess.DEVNULL)
            wait_for(lambda: self.answers() or not self.is_running(), "snmpd answers; its log:\n" + self.log())
            if self.is_running():
                return
        raise RuntimeError("snmpd does not start; its log:\n" + self.log())

    def restart(self):
        self.stop()
        self.start()

    def client(self, version="2c", **options):
        """A snmp.Client of this snmpd."""
        return snmp.Client(self.port, self.client_directory, version, **options)

    def answers(self):
        """True if it answers at all."""
        client = self.client(numeric=True, timeout=0.5)
        return client.get(".1.3.6.1.2.1.1.3.0").status == 0     # sysUpTime.0

    def serves(self):
        """True if it answers for the subagent."""
        lines = self.client(timeout=1).get("rdmaAgentVersion.0").lines
        return bool(lines) and " = STRING: " in lines[0]


    def still_awaits(self):
        """RuntimeError, with its log, if no subagent runs that could be waited for."""
        if self.agents and not any(agent.is_running() for agent in self.agents):
            raise RuntimeError("rdma-agentx has ended; its log:\n" + self.agents[-1].log())


def serving(master, seconds=PATIENCE):
    """Waits until snmpd answers for the subagent."""
    wait_for(lambda: master.serves() or master.still_awaits(), "snmpd serves RDMA-PORT-MIB", seconds)


def serving_whole(master, seconds=PATIENCE):
    """Waits until the subagent is served and has read every device in time: on a busy machine the first try may not."""
    line = "rdmaAgentHealth.0 = INTEGER: ok(1)"
    wait_for(lambda: master.client(timeout=1).get("rdmaAgentHealth.0").lines == [line] or master.still_awaits(),
             "RDMA-PORT-MIB is served, and every device was read whole", seconds)


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Agent(Process):
    """The subagent, in the foreground. AGENT_WRAPPER may be a command to run it with, like valgrind.

    configuration: lines of rdma-agentx.conf, where settings of Net-SNMP itself stand.
    """

    def __init__(self, workspace, master, sysfs_root, *options, configuration="", environment=None):
        super().__init__(workspace, "rdma-agentx")
        program = need_program("RDMA_AGENTX", *in_build("rdma-agentx"))
        self.directory = workspace.make_directory("agent")
        with open(os.path.join(self.directory, "rdma-agentx.conf"), "w", encoding="ascii") as file:
            file.write(configuration)
        self.others = getattr(master, "agents", [])     # a test may play the master
        self.arguments = [*shlex.split(os.environ.get("AGENT_WRAPPER", "")), program, "-f", "-x", master.socket,
                          "--sysfs-root", sysfs_root, *options]
        self.environment = {"SNMPCONFPATH": self.directory, "SNMP_PERSISTENT_DIR": self.directory}
        self.environment.update(environment or {})

    def start(self):
        self.spawn(self.arguments, self.environment, stdin=subprocess.DEVNULL)
        if self not in self.others:
            self.others.append(self)

    def run_as(self, *wrapper):
        """Has it run by a command that makes it another user, who need not be able to enter the build directory."""
        at = self.arguments.index("-f") - 1
        program = shutil.copy(self.arguments[at], self.workspace.make_directory("program"))
        os.chmod(self.directory, 0o777)
        self.arguments[:at + 1] = [*wrapper, program]


class Tree(Process):
    """A .tree file as a sysfs, in the directory root.

    Served by treefs, which can make things go wrong; where there is no FUSE and the test does not
    need faults, and where it is about numbers and wants it plain, unpacked into files. The methods
    are the commands of treefs_control.h.
    """

    def __init__(self, workspace, tree_file, faults=True, plain=False):
        super().__init__(workspace, "treefs")
        self.tree_file, self.faults, self.plain = tree_file, faults, plain
        self.root = workspace.make_directory("sysfs")

    def start(self):
        program = find_program("TREEFS", *in_build("treefs"))
        missing = ("no faults in plain files" if self.plain else "no treefs: set TREEFS to its path" if not program else
                   "no /dev/fuse" if not os.access("/dev/fuse", os.R_OK | os.W_OK) else self.mount(program))
        if missing and self.faults and not self.plain:
            raise tap.Skip(missing)
        if missing:
            subprocess.run([need_program("UNTREE", *in_build("untree")), self.tree_file, self.root], check=True)

    def mount(self, program):
        """Why it cannot be mounted here; None if it is."""
        # It ends, and unmounts, when its standard input does: it need not be killed with the test.
        self.spawn([program, self.tree_file, self.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=None)
        if self.read_answer() == "ok serving":
            return None
        self.child.wait(PATIENCE)
        if "fuse" not in self.log():
            raise RuntimeError(self.log())
        return self.log().splitlines()[0]

    def read_answer(self):
        if not select.select([self.child.stdout], [], [], PATIENCE)[0]:
            raise TimeoutError("treefs does not answer")
        return self.child.stdout.readline().decode("utf-8", "surrogateescape").rstrip("\n")

    def command(self, *words):
        """Sends a command; what follows "ok" in the answer."""
        line = " ".join(map(str, words))
        self.child.stdin.write(line.encode("utf-8", "surrogateescape") + b"\n")
        self.child.stdin.flush()
        answer = self.read_answer()
        if answer != "ok" and not answer.startswith("ok "):
            raise RuntimeError("treefs: %s: %s" % (line, answer or self.log()))
        return answer[3:]

    def end(self):
        if not self.is_running():
            return
        self.child.stdin.close()
        try:
            status = self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill9()
            status = "hung"
        finally:
            self.child.stdout.close()
        if status != 0:
            unmount = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
            subprocess.run([*unmount, self.root], stderr=subprocess.DEVNULL, check=False)
            raise RuntimeError("treefs: %s\n%s" % (status, self.log()))

    def set(self, path, text):
        """Gives a file a text and a newline, or exactly the bytes of a text in UTF-8 with set_bytes."""
        self.command("set", path, "=", text)

    def set_bytes(self, path, text):
        self.command("set", path, "=", json.dumps(text))

    def refuse(self, path, error):
        self.command("set", path, "!", error)

    def link(self, path, target):
        self.command("set", path, "->", target)

    def delay(self, path, milliseconds):
        self.command("delay", path, milliseconds)

    def hang(self, path):
        self.command("hang", path)

    def release(self, path, error=""):
        self.command("release", *filter(None, (path, error)))

    def fail(self, path, error):
        self.command("fail", path, error)

    def fail_open(self, path, error):
        self.command("fail-open", path, error)

    def remove(self, path):
        self.command("remove", path)

    def rename(self, path, new_path):
        self.command("rename", path, new_path)

    def readd(self, path):
        self.command("readd", path)

    def count(self, path):
        """(opens, reads) of the files at and below path."""
        opens, reads = self.command("count", path).split()
        return int(opens), int(reads)

    def reset_counts(self):
        self.command("reset-counts")

    def start_log(self):
        self.command("log", "on")

    def paths_read(self):
        """Every path read since start_log, in order; without links in it."""
        return json.loads(self.command("list"))

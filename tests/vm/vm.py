"""Test programs that run in a virtual machine, and what they share there: devices, traffic, the kernel's own words.

    def main(workspace):
        vm.add_pair()
        tap.equal(vm.read("class/infiniband/rxe0/ports/1/state"), "4: ACTIVE", "a port with a peer is active")

    if __name__ == "__main__":
        vm.run_test(main)

Run on a host, such a program boots a machine in which it runs again, as root. A new machine for each program: what one
does to the kernel is no other's concern.
"""

import contextlib
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import tap                                                                          # noqa: E402
from harness import BUILD, PATIENCE, Process, Workspace, wait_for                   # noqa: E402

CLASS = "class/infiniband"
INSIDE = "VM_INSIDE"      # set in the machine
BLOCKED_FOR = 1.0   # s that nobody may be held up by us
FOLLOWS_WITHIN = 5    # s that a row may take; without need, a port is looked at once a minute


def run_test(test):
    """Runs test(workspace) in a virtual machine; points are printed here."""
    if os.environ.get(INSIDE):
        with tap.points(), Workspace() as workspace:
            test(workspace)
        return
    cache = os.environ.get("VM_CACHE") or os.path.join(BUILD, "vm")
    prepared = subprocess.run([os.path.join(HERE, "prepare"), cache], stdout=subprocess.PIPE, text=True)
    if prepared.returncode == 77:
        print("1..0 # SKIP %s" % prepared.stdout.strip())
        return
    if prepared.returncode != 0:
        sys.exit("prepare failed: " + prepared.stdout)
    os.environ.update({INSIDE: "yes", "VM_CACHE": cache, "builddir": BUILD,
                       "PATIENCE": str(3 * PATIENCE), "LOOK_EVERY": "0.2"})     # the processor is emulated
    sys.stdout.flush()
    os.execv(os.path.join(HERE, "boot"), ["boot", "exec '%s' '%s'" % (sys.executable, os.path.abspath(sys.argv[0]))])


# --- Commands ---

def command(*words):
    """What a program prints; RuntimeError with its complaint if it fails."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s%s" % (" ".join(words), done.stdout, done.stderr))
    return done.stdout


def seconds_since_start(process):
    """For how long a process has run."""
    with open("/proc/%d/stat" % process, encoding="ascii") as stat:
        started = int(stat.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def timed(action, *arguments):
    """How many seconds it takes to do something."""
    begin = time.monotonic()
    action(*arguments)
    return time.monotonic() - begin


def shell(commands):
    """Runs several commands, one a line."""
    for line in filter(None, map(str.strip, commands.splitlines())):
        command(*line.split())


# --- Devices ---

def add_pair():
    """rxe0 and rxe1, each on one end of a veth, veth0 and veth1: a cable with a port at each end."""
    shell("""
        modprobe rdma_rxe
        ip link add veth0 address 02:00:00:00:00:10 type veth peer name veth1 address 02:00:00:00:00:11
        ip address add 198.51.100.1/24 dev veth0
        ip address add 198.51.100.2/24 dev veth1
        ip link set veth0 up
        ip link set veth1 up
        rdma link add rxe0 type rxe netdev veth0
        rdma link add rxe1 type rxe netdev veth1
        """)
    wait_for(lambda: is_active("rxe0") and is_active("rxe1"), "rxe0 and rxe1 are active")


def add_dummy(device, netdev):
    """A device on a netdev that has no speed."""
    shell("""
        modprobe rdma_rxe
        modprobe dummy numdummies=0
        ip link add %s type dummy
        ip link set %s up
        rdma link add %s type rxe netdev %s
        """ % (netdev, netdev, device, netdev))


def state(device):
    """State and physical state of a port, as "4: ACTIVE 5: LinkUp"."""
    return " ".join(read("%s/%s/ports/1/%s" % (CLASS, device, file)) for file in ("state", "phys_state"))


def is_active(device):
    return state(device) == "4: ACTIVE 5: LinkUp"


def devinfo(device):
    """The numbers that ibv_devinfo shows of a device with one port: vendor_id, vendor_part_id, active_mtu ..."""
    return {name: int(number, 0) for name, number in
            re.findall(r"(\w+):\s+(0x[0-9a-f]+|\d+)\b(?!:)", command("ibv_devinfo", "-d", device))}


class Pingpong(contextlib.AbstractContextManager):
    """Traffic between the two devices of a pair, for as long as the context lasts."""

    def __init__(self, workspace):
        # It sleeps until something arrives, and lets everybody else go first.
        words = ["nice", "ibv_rc_pingpong", "-e", "-g", "0", "-n", "100000000", "-s", "512"]
        self.server, self.client = Process(workspace, "pingpong"), Process(workspace, "pingpong")
        self.words = {self.server: [*words, "-d", "rxe0"], self.client: [*words, "-d", "rxe1", "127.0.0.1"]}

    def __enter__(self):
        self.start(self.server)
        wait_for(lambda: ":18515 " in command("ss", "-tln"), "ibv_rc_pingpong listens")
        self.start(self.client)
        before = packets()
        wait_for(lambda: packets() > before, "packets are sent; " + self.client.log())
        return self

    def start(self, side):
        side.spawn(self.words[side], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def __exit__(self, *exception):
        self.client.end()
        self.server.end()


def packets():
    return int(read(CLASS + "/rxe0/ports/1/hw_counters/sent_pkts"))


def unload():
    """Removes rdma_rxe and its devices. The kernel refuses while a device is open, as it is for a moment whenever someone
    asks for its MTU; what is refused for that reason is tried again, for a while."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return command("modprobe", "-r", "rdma_rxe")
        except RuntimeError as refusal:
            is_open = "in use" in str(refusal) or "temporarily unavailable" in str(refusal)
            if not is_open or time.monotonic() > deadline:
                raise
            tap.note("refused: %s" % str(refusal).strip())


def remove_all():
    """No RDMA device and no veth is left."""
    unload()
    command("ip", "link", "del", "veth0")


def await_listening(agent, *devices):
    """Waits until the subagent has opened these for their events."""
    def heard():
        return [line for line in agent.log().splitlines() if "listening to link events" in line]
    wait_for(lambda: all(any("device=" + device in line for line in heard()) for device in devices),
             "%s are listened to" % ", ".join(devices))


# --- What the kernel says ---

def read(path):
    """The text of a file of /sys."""
    with open("/sys/" + path, encoding="ascii") as file:
        return file.read().rstrip("\n")


def exists(path):
    return os.path.exists("/sys/" + path)


class Sysfs:
    """The real /sys as a tree of expected_walk: errors are the kernel's own."""

    @staticmethod
    def read(path):
        with open("/sys/" + path, "rb") as file:
            return file.read()

    @staticmethod
    def is_directory(path):
        return os.path.isdir("/sys/" + path)

    @staticmethod
    def names(path):
        return sorted(os.listdir("/sys/" + path)) if os.path.isdir("/sys/" + path) else []

    @staticmethod
    def link(path):
        return os.readlink("/sys/" + path) if os.path.islink("/sys/" + path) else ""


def number(client, name):
    """The number of a cell that has one."""
    return int(client.cell(name).rpartition(" ")[2])


def kernel_log():
    """The lines of dmesg, without their times."""
    return [re.sub(r"^\[ *[0-9.]+\] ", "", line) for line in command("dmesg").splitlines()]


def kernel_modules():
    """The names of the loaded modules."""
    with open("/proc/modules", encoding="ascii") as modules:
        return [line.split()[0] for line in modules]

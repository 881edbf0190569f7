#!/usr/bin/env python3
"""Holds what happens when there is more than fits: more devices than a refresh has time for, slow ports, few descriptors,
half of the devices hung, a firmware reset, directories that come late, long lists of names."""

import ctypes
import errno
import platform
import re
import resource
import struct
import subprocess
import time

import tap
from harness import Agent, Master, Tree, Workspace, in_build, need_program, serving, wait_for
from snmp import values
from trees import CLASS, recorded, scenario, slim, slim_name

MANY = "maxGetbulkResponses 2000"   # snmpd's own limit is 100
AGE = 0.5           # s that a reading is used, for tests which look at more of one than a GET has room for
TTL = ["--cache-ttl", "%dms" % (1000 * AGE)]
FEW = 256           # descriptors
DATA, HW, STATE, STATUS = "rdmaPortXmitData", "rdmaHwRxWriteRequests", "rdmaPortState", "rdmaPortStatus"


def start(workspace, tree_file, *options):
    tree = workspace.enter(Tree(workspace, tree_file))
    master = workspace.enter(Master(workspace, MANY))
    agent = workspace.enter(Agent(workspace, master, tree.root, *options))
    serving(master)
    return tree, master.client(), agent


def whole(client, rows):
    """True if the last reading lacks nothing in so many ports."""
    statuses = values(client.bulkwalk(STATUS, repetitions=rows).lines)
    return len(statuses) == rows and set(statuses.values()) == {"INTEGER: ok(1)"}


class Look:
    """What one reading had of columns: column -> {index: value}, and what the agent said of itself."""

    def __init__(self, client, rows, *columns):
        time.sleep(AGE)     # older than the cache may be
        answer = client.bulkget("rdmaAgentHealth", "rdmaAgentRefreshes", "rdmaAgentScrapeErrors", *columns,
                                non_repeaters=3, repetitions=rows)
        got = values(answer.lines)
        self.seconds = answer.seconds
        self.health = got.get("rdmaAgentHealth.0")
        self.refreshes, self.errors = (int(got[name].split()[1]) for name in
                                       ("rdmaAgentRefreshes.0", "rdmaAgentScrapeErrors.0"))
        self.columns = {column: {name.partition(".")[2]: value for name, value in got.items()
                                 if name.partition(".")[0] == column} for column in columns}


def refused(looks):
    return [name for look in looks for name, value in look.columns[STATUS].items() if "refused" in value]


def change(tree, port):
    """Gives the files of a port, which is a path, the values NEW."""
    tree.set(port + "counters/port_xmit_data", 1001)
    tree.set(port + "hw_counters/rx_write_requests", 1002)
    tree.set(port + "state", "3: ARMED")


NEW = {DATA: "Counter64: 1001", HW: "Counter64: 1002", STATE: "INTEGER: armed(3)"}


def unseen(looks, column, indexes):
    """Those of the indexes that never had the new value."""
    return [index for index in indexes if not any(look.columns[column].get(index) == NEW[column] for look in looks)]


# --- More than a refresh has time for ---

def test_many_slow_devices(workspace):
    devices, refreshes = 128, 8
    tree, client, _ = start(workspace, workspace.write("tree", slim(devices)), *TTL)
    wait_for(lambda: whole(client, devices), "all devices are read")
    for number in range(devices):
        port = "%s%s/ports/1/" % (CLASS, slim_name(number))
        tree.delay(port + "hw_counters/rx_write_requests", 80)
        change(tree, port)
    before = Look(client, devices, STATUS)
    looks = [Look(client, devices, HW, STATE, STATUS) for _ in range(refreshes)]
    read = [len(look.columns[HW]) for look in looks]
    tap.note("devices read by each refresh: %s" % read)
    for column in (HW, STATE):
        never = unseen(looks, column, ['"%s".1' % slim_name(number) for number in range(devices)])
        tap.ok(not never, "of 128 devices that take 80 ms each, 8 refreshes see every %s" % column,
               "%d never" % len(never), *never[:5])
    tap.equal(refused(looks), [], "no port that was not asked is said to refuse")
    tap.equal({look.health for look in looks if len(look.columns[HW]) < devices}, {"INTEGER: degraded(2)"},
              "while devices remain unread the agent is degraded")
    tap.ok(looks[-1].errors > before.errors, "and counts them as errors", before.errors, looks[-1].errors)
    slowest = max(look.seconds for look in looks)
    tap.ok(slowest < 1.5, "nobody waits for them", "slowest %.2f s" % slowest)


def test_many_slow_ports(workspace):
    ports, refreshes = 16, 12
    tree, client, _ = start(workspace, workspace.write("tree", slim(1, ports)), *TTL)
    wait_for(lambda: whole(client, ports), "all ports are read")
    for number in range(1, ports + 1):
        port = "%s%s/ports/%d/" % (CLASS, slim_name(0), number)
        tree.delay(port + "counters", 60)
        tree.delay(port + "hw_counters", 60)
        change(tree, port)
    looks = [Look(client, ports, DATA, HW, STATE, STATUS) for _ in range(refreshes)]
    tap.note("counters of so many ports in each refresh: %s" % [len(look.columns[DATA]) for look in looks])
    for column in (DATA, HW, STATE):
        never = unseen(looks, column, ['"%s".%d' % (slim_name(0), number) for number in range(1, ports + 1)])
        tap.ok(not never, "of 16 ports with counters that take 60 ms each, 12 refreshes see every %s" % column, *never)
    tap.equal(refused(looks), [], "no port whose turn did not come is said to refuse")


def test_many_hung(workspace):
    devices, hung = 64, 32
    tree, client, _ = start(workspace, workspace.write("tree", slim(devices)), "--cache-ttl", "0s")
    wait_for(lambda: whole(client, devices), "all devices are read")
    for number in range(hung):      # those that come first by name
        tree.hang(CLASS + slim_name(number))
    slowest = client.cells("rdmaAgentHealth.0").seconds
    wrong = []
    for step in range(3):
        for number in range(hung, devices):
            tree.set("%s%s/ports/1/counters/port_xmit_data" % (CLASS, slim_name(number)), 1000 * number + step)
        names = ['%s."%s".1' % (column, slim_name(number)) for number in range(hung, devices)
                 for column in (DATA, STATE, STATUS)]
        wanted = [value for number in range(hung, devices) for value in
                  ("Counter64: %d" % (1000 * number + step), "INTEGER: active(4)", "INTEGER: ok(1)")]
        got = client.cells(*names)
        slowest = max(slowest, got.seconds)
        wrong.append([name for name, value in zip(names, wanted) if got.get(name) != value])
    tap.ok(not any(wrong), "32 of 64 devices hang, and from the second answer on the others are fresh and whole",
           *("%d cells are not, %s" % (len(names), names[:3]) for names in wrong))
    tap.ok(slowest < 1, "every answer comes within 1 s", "slowest %.2f s" % slowest)
    tap.note("slowest answer: %.0f ms" % (1000 * slowest))
    for number in range(hung):
        tree.release(CLASS + slim_name(number))


# --- Few descriptors ---

def forty_by_forty(workspace):
    """The root of plain files: a device of 40 ports with 40 counters each, of which port_xmit_data is the port's number."""
    tree, counters = recorded("mlx5_0(?!/ports)"), recorded("/counters/") + recorded("/hw_counters/")
    for port in range(1, 41):
        lines = recorded("ports/1/(?!.*counters)") + counters[:40]
        tree += [line.replace("ports/1/", "ports/%d/" % port) for line in lines]
        tree.append("%smlx5_0/ports/%d/counters/port_xmit_data = %d\n" % (CLASS, port, port))
    return plain_files(workspace, tree)


def forty_devices(workspace):
    """Likewise, of 40 devices with a port of 40 counters each: every device has directories of its own held open."""
    tree, counters = ["class/net/lo/ifindex = 1\n"], recorded("/counters/") + recorded("/hw_counters/")
    for device in range(1, 41):
        name = "mlx5_%02d" % device
        lines = recorded("mlx5_0(?!/ports)") + recorded("ports/1/(?!.*counters)") + counters[:40]
        tree += [line.replace("mlx5_0", name) for line in lines]
        tree.append("%s%s/ports/1/counters/port_xmit_data = %d\n" % (CLASS, name, device))
    return plain_files(workspace, tree)


def plain_files(workspace, tree):
    root = workspace.make_directory("files")
    subprocess.run([need_program("UNTREE", *in_build("untree")), workspace.write("tree", "".join(tree)), root],
                   check=True)
    return root


def serves_forty(client):
    """All of the 40 ports, whether they are of one device or of 40."""
    got = values(client.bulkwalk(DATA, repetitions=40).lines)
    return sorted(got.values()) == sorted("Counter64: %d" % port for port in range(1, 41)) and len(got) == 40 and \
        len(values(client.bulkwalk(STATE, repetitions=40).lines)) == 40 and whole(client, 40)


def forbid_unshare():
    """For this process, as a container's seccomp filter does: its threads then share one table of descriptors."""
    number = {"x86_64": 272, "aarch64": 97, "riscv64": 97}[platform.machine()]
    code = struct.pack("=HBBIHBBIHBBIHBBI",
                       0x20, 0, 0, 0,                               # load the number of the system call
                       0x15, 0, 1, number,                          # if it is not unshare, skip one
                       0x06, 0, 0, 0x00050000 | errno.EPERM,        # SECCOMP_RET_ERRNO
                       0x06, 0, 0, 0x7fff0000)                      # SECCOMP_RET_ALLOW
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HP", 4, ctypes.addressof(buffer)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    unused = ctypes.c_ulong(0)
    if prctl(38, ctypes.c_ulong(1), unused, unused, unused) != 0 or \
            prctl(22, ctypes.c_ulong(2), program, unused, unused) != 0:      # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "prctl")


def with_descriptors(agent, shell):
    agent.arguments[:0] = ["sh", "-c", shell + '; exec "$@"', "sh"]
    return agent


def stays_whole(master, client):
    """Two readings, and one by an agent that had to find snmpd again."""
    try:
        wait_for(lambda: serves_forty(client), "all of 40 ports are served", 8)
        time.sleep(AGE)     # older than the cache may be
        again = serves_forty(client)
        master.restart()
        serving(master, 8)
        wait_for(lambda: serves_forty(client), "all of 40 ports are served", 8)
        return again
    except TimeoutError as error:
        tap.note(error)
        return False


def test_descriptors(workspace):
    root = forty_by_forty(workspace)
    master = workspace.enter(Master(workspace, MANY))
    client = master.client()
    sentence = "with a soft limit of 256 descriptors it serves 40 ports of 40 counters whole, before and after a restart"
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4096:
        tap.skip(sentence, "the hard limit is below 4096")
    else:
        agent = with_descriptors(Agent(workspace, master, root, *TTL), "ulimit -Sn %d" % FEW)
        with agent:
            serving(master)
            tap.ok(stays_whole(master, client), sentence, agent.log()[-1000:])
            with open("/proc/%d/limits" % agent.child.pid, encoding="ascii") as limits:
                soft = int(re.search(r"Max open files +(\d+)", limits.read()).group(1))
            tap.ok(soft > FEW, "since it raises its limit", soft)
    agent = with_descriptors(Agent(workspace, master, root, *TTL), "ulimit -n %d" % FEW)
    with agent:
        serving(master)
        tap.ok(stays_whole(master, client), "with 256 as the hard limit it serves them whole as well",
               agent.log()[-1000:])


def test_descriptors_shared(workspace):
    """Where the threads have no tables of their own, their files must leave room for directories and the socket."""
    for make, sentence in ((forty_by_forty, "so it does where its threads may not have descriptors of their own"),
                           (forty_devices, "as well if each port is one of another device")):
        with Workspace() as place:
            serves_with_shared_descriptors(place, make(place), sentence)


def serves_with_shared_descriptors(workspace, root, sentence):
    master = workspace.enter(Master(workspace, MANY))
    agent = with_descriptors(Agent(workspace, master, root, *TTL), "ulimit -n %d" % FEW)
    workspace.callback(agent.end)
    try:
        agent.spawn(agent.arguments, agent.environment, stdin=subprocess.DEVNULL, preexec_fn=forbid_unshare)
    except (subprocess.SubprocessError, KeyError) as error:
        tap.skip(sentence, "no seccomp filter here: %s" % error)
        return
    serving(master)
    tap.ok(stays_whole(master, master.client()), sentence, agent.log()[-1000:])


# --- What is wrong now may be well soon ---

def test_firmware_reset(workspace):
    tree, client, _ = start(workspace, scenario("cx7-infiniband"), "--cache-ttl", "0s")
    names = ['%s."mlx5_0".1' % column for column in (
        STATE, "rdmaPortPhysState", DATA, HW, "rdmaPortLinkSpeed", STATUS)] + ['rdmaDeviceStatus."mlx5_0"']
    healthy = client.cells(*names)
    tap.ok("noSuchInstance" not in healthy.values(), "a port is whole", healthy)
    tree.fail(CLASS + "mlx5_0", "EINVAL")
    for _ in range(6):      # three refusals running are what is believed
        during = client.cells(*names)
    tap.equal(list(during.values())[:5], ["noSuchInstance"] * 5, "during a firmware reset it has no values")
    tree.fail(CLASS + "mlx5_0", 0)
    begin = time.monotonic()
    try:
        wait_for(lambda: client.cells(*names) == healthy, "all is back", 3)
    except TimeoutError:
        pass
    now = client.cells(*names)
    tap.equal(["%s = %s" % item for item in now.items()], ["%s = %s" % item for item in healthy.items()],
              "when the reset is over its states, counters and speed are back within 3 s")
    tap.note("looked for %.2f s" % (time.monotonic() - begin))


def test_late_directory(workspace):
    """A driver may still be at work when a device is found: it is listed again 5 s later."""
    with open(scenario("cx7-infiniband"), encoding="utf-8") as file:
        lines = file.readlines()
    late = [line.rstrip("\n") for line in lines if "/counters/" in line]
    tree_file = workspace.write("tree", "".join(line for line in lines if "/counters/" not in line))
    tree, client, _ = start(workspace, tree_file, "--cache-ttl", "0s")
    name = '%s."mlx5_0".1' % DATA
    first = client.cell(name)
    for line in late:
        tree.command("set", line)
    served_within(client, name, 15)
    tap.ok(first == "noSuchInstance" and client.cell(name) == "Counter64: 230442669431839",
           "counters that come after the device are served within 15 s", first, client.cell(name))


def served_within(client, name, seconds):
    """Polls until a cell has a value; false if it has none in time."""
    try:
        return wait_for(lambda: "Counter64" in str(client.cell(name)), name + " has a value", seconds)
    except TimeoutError:
        return False


class Unreadable:
    """A device whose counters cannot be listed when it is found."""

    def __init__(self, workspace):
        self.name = '%s."mlx5_0".1' % DATA
        self.tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband")))
        self.tree.fail_open(CLASS + "mlx5_0/ports/1/counters", "EACCES")
        master = workspace.enter(Master(workspace))
        workspace.enter(Agent(workspace, master, self.tree.root, "--cache-ttl", "0s"))
        serving(master)
        self.client = master.client()
        self.first = self.client.cell(self.name)
        self.begin = time.monotonic()

    def make_well(self):
        self.tree.fail_open(CLASS + "mlx5_0/ports/1/counters", 0)


def test_listing_fails_once(workspace):
    device = Unreadable(workspace)
    device.make_well()
    tap.ok(device.first == "noSuchInstance" and served_within(device.client, device.name, 15),
           "counters that could not be listed when the device was found are served within 15 s", device.first)


def test_listing_fails_until_registered(workspace):
    device = Unreadable(workspace)
    device.make_well()
    device.tree.readd(CLASS + "mlx5_0")
    tap.ok(device.first == "noSuchInstance" and served_within(device.client, device.name, 2),
           "and at once when the device is registered again", device.first)


class FailsForLong:
    """The listing 5 s after the device was found fails, too. Meanwhile there is time for the other tests."""

    def __init__(self, workspace):
        self.device = Unreadable(workspace)

    def fail_again(self):
        wait_for(lambda: self.device.client.cell(self.device.name) and time.monotonic() > self.device.begin + 7,
                 "the device is listed again")
        self.device.make_well()

    def test(self):
        left = self.device.begin + 75 - time.monotonic()
        tap.ok(self.device.first == "noSuchInstance" and served_within(self.device.client, self.device.name, left),
               "counters that could not be listed twice are served after a minute", self.device.first)


# --- Lists of names ---

def printed_devices(workspace, *options):
    """The devices that --print has."""
    root = workspace.make_directory("files")
    subprocess.run([need_program("UNTREE", *in_build("untree")), workspace.write("tree", slim(4)), root], check=True)
    done = subprocess.run([need_program("RDMA_AGENTX", *in_build("rdma-agentx")), "--print", "--sysfs-root", root,
                           *options], capture_output=True, text=True, timeout=20)
    tap.note(done.stderr)
    return re.findall(r'^rdmaDeviceKernelName\."(.*)" = ', done.stdout, re.M)


def test_lists(workspace):
    tap.equal(printed_devices(workspace, "--exclude-devices", "mlx5_001, mlx5_002"), ["mlx5_000", "mlx5_003"],
              "a blank behind a comma belongs to no name")
    tap.equal(printed_devices(workspace, "--include-devices", " mlx5_001 ,mlx5_003 "), ["mlx5_001", "mlx5_003"],
              "nor does one anywhere around a name")
    absent = ["absent_%03d" % number for number in range(60)]
    tap.equal(printed_devices(workspace, "--exclude-devices", ",".join(absent + ["mlx5_000", "mlx5_003"])),
              ["mlx5_001", "mlx5_002"], "a list of 600 characters is read to its end")
    tap.equal(printed_devices(workspace, "--include-devices", ",".join(absent + ["mlx5_00[12]"])),
              ["mlx5_001", "mlx5_002"], "patterns at its end are patterns")


with tap.points(), Workspace() as long_place:
    long_test = FailsForLong(long_place)
    long_test.fail_again()
    for test in (test_many_slow_devices, test_many_slow_ports, test_many_hung, test_descriptors, test_descriptors_shared,
                 test_firmware_reset, test_late_directory, test_listing_fails_once, test_listing_fails_until_registered,
                 test_lists):
        with Workspace() as place:
            test(place)
    long_test.test()

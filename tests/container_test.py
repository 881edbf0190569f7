#!/usr/bin/env python3
"""Holds build/Containerfile without an engine: its steps run in chroots that debootstrap makes, and what they make is
then run as an engine would, beside an snmpd outside. Needs root; what the first steps make is kept beside the bare
systems of chroot.py for the next time.

Of the Containerfile's language it knows what that file uses."""

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess

import chroot
import tap
from chroot import ENVIRONMENT, OWN_NAMESPACES, copy_tree
from harness import SOURCE, Master, Process, Tree, Workspace, serving, wait_for
from trees import scenario

CACHE = os.path.join(chroot.CACHE, "container")
RELEASE = "bookworm"
LONGEST_STEP = 600  # s


# --- The Containerfile ---

def instructions(path):
    """(instruction, rest) of each, with lines that go on put together."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", file.read(), flags=re.M))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


class Stage:
    """One FROM and what follows."""

    layers = set()      # that were of use

    def __init__(self, name):
        chroot.base(RELEASE)
        self.root, self.directory, self.user = os.path.join(CACHE, "stage-" + name), "/", "0:0"
        self.entry, self.health, self.environment = [], [], {}
        self.layer = "base"         # what root is a copy of; None once it holds anything of the source tree
        self.is_there = False       # root is that copy

    def begin(self):
        """Makes root what the instructions until now have made."""
        if not self.is_there:
            shutil.rmtree(self.root, ignore_errors=True)
            copy_tree(chroot.base(RELEASE) if self.layer == "base" else os.path.join(CACHE, self.layer), self.root)
            self.is_there = True

    def run(self, command):
        """As engines do, steps that depend on nothing but those before them are run once and kept."""
        if self.layer:
            self.layer, before = "layer-" + hashlib.sha256((self.layer + command).encode()).hexdigest()[:16], self.layer
            kept = os.path.join(CACHE, self.layer)
            self.layers.add(self.layer)
            if os.path.exists(kept):
                self.is_there = False
                return
            self.layer, after = before, self.layer
            self.begin()
            self.execute(command)
            self.layer = after
            copy_tree(self.root, kept + ".new")
            os.rename(kept + ".new", kept)
        else:
            self.execute(command)

    def execute(self, command):
        status, said = chroot.run(self.root, "cd %s && %s" % (self.directory, command), LONGEST_STEP, self.environment)
        if status != 0:
            raise RuntimeError("RUN %s: status %s\n%s" % (command, status, said[-3000:]))

    def copy(self, words, stages):
        self.begin()
        self.layer = None
        source = SOURCE
        if words[0].startswith("--from="):
            source = stages[words.pop(0)[len("--from="):]].root
        *froms, to = words
        target = os.path.join(self.root, os.path.join(self.directory, to).lstrip("/"))
        for name in froms:
            path = os.path.join(source, name.lstrip("/"))
            if os.path.isdir(path):
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy(path, target)


def build():
    """Runs the Containerfile; its last stage."""
    stages, stage = {}, None
    for instruction, rest in instructions(os.path.join(SOURCE, "build", "Containerfile")):
        words = shlex.split(rest)
        if instruction == "FROM":
            if words[0] != "debian:%s-slim" % RELEASE:
                raise RuntimeError("FROM %s: this test only has debian:%s-slim" % (words[0], RELEASE))
            name = words[2] if len(words) > 1 else "last"
            stages[name] = stage = Stage(name)
        elif instruction == "RUN":
            stage.run(rest)
        elif instruction == "COPY":
            stage.copy(words, stages)
        elif instruction == "WORKDIR":
            stage.directory = rest
            stage.begin()
            os.makedirs(stage.root + rest, exist_ok=True)
            stage.layer = None
        elif instruction == "USER":
            stage.user = rest
        elif instruction == "ENV":
            stage.environment.update(word.split("=", 1) for word in words)
        elif instruction == "ENTRYPOINT":
            stage.entry = json.loads(rest)
        elif instruction == "HEALTHCHECK":
            stage.health = json.loads(rest.partition("CMD ")[2])
        else:
            raise RuntimeError("this test does not know %s" % instruction)
    for name in os.listdir(CACHE):
        if name.startswith("layer-") and name not in Stage.layers:
            shutil.rmtree(os.path.join(CACHE, name))
    return stage


# --- The container ---

# Everything read-only, as with --read-only; the sysfs of the test in the place of the host's; process ids of its own.
CONTAINER = """
root=$1; sysfs=$2; agentx=$3; shift 3
mount --bind "$root" "$root" && cd "$root"
mount -t proc proc proc
mount --bind "$sysfs" sys && mount -o remount,bind,ro sys
mkdir -p var/agentx && mount --bind "$agentx" var/agentx
mount -t tmpfs none dev && touch dev/null && mount --bind /dev/null dev/null
mount -o remount,bind,ro .
exec chroot . "$@"
"""


class Container(Process):
    def __init__(self, workspace, stage, sysfs, master):
        super().__init__(workspace, "rdma-agentx")
        self.stage, self.sysfs, self.master = stage, sysfs, master

    def start(self):
        uid, gid = self.stage.user.split(":")
        self.spawn([*OWN_NAMESPACES, "sh", "-ec", CONTAINER, "sh", self.stage.root, self.sysfs, self.master.directory,
                    "setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups",
                    "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *self.stage.entry],
                   {**ENVIRONMENT, **self.stage.environment, "RDMA_AGENTX_AGENTX_SOCKET": "unix:/var/agentx/agentx"},
                   stdin=subprocess.DEVNULL)

    def daemon(self):
        """The id that process 1 of the container has outside; None before it is the daemon."""
        with contextlib.suppress(OSError, IndexError):
            with open("/proc/%d/task/%d/children" % (self.child.pid, self.child.pid), encoding="ascii") as file:
                pid = int(file.read().split()[0])
            with open("/proc/%d/comm" % pid, encoding="ascii") as file:
                return pid if file.read().strip() == "rdma-agentx" else None
        return None

    def check(self, *options):
        """The image's health check, as an engine runs it: (status, what it says)."""
        uid, gid = self.stage.user.split(":")
        done = subprocess.run(["nsenter", "--target", str(self.daemon()), "--mount", "--pid", "--root", "--wd=/",
                               "setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups",
                               *self.stage.health, *options],
                              env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout.strip()


def test_container(workspace, stage):
    user = stage.user.split(":")
    tap.ok(len(user) == 2 and "0" not in user and user[0].isdigit(),
           "the image runs as a user that is not root, by number", stage.user)
    tree = workspace.enter(Tree(workspace, scenario("cx7-infiniband"), faults=False))
    master = Master(workspace)
    container = workspace.enter(Container(workspace, stage, tree.root, master))
    pid = wait_for(container.daemon, "the daemon runs; its log:\n" + container.log())
    status, said = container.check()
    tap.equal((status, said), (1, "snmpd is away"), "without an snmpd the health check fails, and says why")
    tap.equal(container.check("--live"), (0, "well"), "but the daemon lives")
    workspace.enter(master)
    serving(master)
    with open(os.path.join(SOURCE, "testdata", "cx7-infiniband", "sysfs.tree"), encoding="utf-8") as file:
        packets = re.search(r"^class/infiniband/mlx5_0/ports/1/counters/port_xmit_packets = (\d+)$", file.read(), re.M)
    wanted = 'rdmaPortXmitPackets."mlx5_0".1 = Counter64: ' + packets.group(1)
    tap.equal(master.client().walk("rdmaPortXmitPackets").lines, [wanted],
              "an snmpd outside serves what the container reads")
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    capabilities = [int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
    tap.ok(not any(capabilities) and set(fields["Uid"].split()) == {user[0]}, "it is that user, without any capability",
           fields["Uid"], capabilities)
    tap.equal(container.check(), (0, "well"), "connected, it is healthy")
    os.kill(pid, 19)    # SIGSTOP
    tap.equal(container.check(), (1, "the main loop does not turn"), "a daemon whose loop does not turn is not")
    os.kill(pid, 18)    # SIGCONT
    log = container.log()
    complaints = [text for text in log.splitlines() if re.search("level=(error|warn)", text)]
    tap.ok(len(complaints) == 1 and "snmpd is not there yet" in complaints[0],
           "its log, on standard error, complains of nothing but that snmpd was not there", log)
    os.kill(pid, 15)    # SIGTERM, as an engine stops it
    tap.equal(container.child.wait(20), 0, "SIGTERM ends it with status 0")


with tap.points():
    chroot.need()
    for program in ("nsenter", "setpriv"):
        if not shutil.which(program):
            raise tap.Skip("no " + program)
    os.makedirs(CACHE, exist_ok=True)
    last = build()
    tap.ok(os.access(last.root + "/usr/sbin/rdma-agentx", os.X_OK), "each step of the Containerfile succeeds")
    tap.ok(not os.path.exists(last.root + "/usr/bin/gcc"), "the image has no compiler")
    with Workspace() as place:
        test_container(place, last)

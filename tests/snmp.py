"""SNMP requests by Net-SNMP's own programs, and what they print."""

import collections
import concurrent.futures
import os
import re
import subprocess
import time

SOURCE = os.path.abspath(os.environ.get("srcdir") or os.path.join(os.path.dirname(__file__), os.pardir))
BUILD = os.path.abspath(os.environ.get("builddir") or os.curdir)
SYSTEM_MIBS = "/usr/share/snmp/mibs"    # NET-SNMP-MIB; also SNMPv2-*, where they are installed

LONGEST_RUN = 60    # s

COMMUNITY, WRITE_COMMUNITY = "public", "private"
USER, AUTHENTICATION, PRIVACY = "tester", "a long enough password", "another long password"

# Scalars whose value depends on the time or on the program (ANY in expected_objects.py), with their numbers.
VOLATILE = {"rdmaAgentVersion": 1, "rdmaAgentSnapshotAge": 8, "rdmaAgentRefreshes": 9, "rdmaAgentScrapeErrors": 10,
            "rdmaAgentRefreshLast": 12, "rdmaAgentRefreshP50": 13, "rdmaAgentRefreshP95": 14, "rdmaAgentRefreshP99": 15,
            "rdmaAgentRefreshMax": 16, "rdmaAgentRefreshTime": 17}

MISSING = {"No Such Object available on this agent at this OID": "noSuchObject",
           "No Such Instance currently exists at this OID": "noSuchInstance",
           "No more variables left in this MIB View (It is past the end of the MIB tree)": "endOfMibView"}

# lines: as printed. status: of the program, 0 if the answer came and has no error-status.
# error: what went to standard error. seconds: how long it took, the start of the program included.
Answer = collections.namedtuple("Answer", "lines status error seconds")


class Values(collections.OrderedDict):
    """Name -> "TYPE: value", in the order of the answer; noSuchObject, noSuchInstance, endOfMibView for none.

    seconds: how long the answer took.
    """

    seconds = 0.0


def values(lines):
    """The values of an answer."""
    result = Values()
    for line in lines:
        name, _, value = line.partition(" = ")
        result[name] = MISSING.get(value, value)
    return result


def mib_file(module="RDMA-PORT-MIB"):
    """The MIB of this build, which may have another root than the one in the source tree."""
    built = os.path.join(BUILD, module + ".txt")
    return built if os.path.exists(built) else os.path.join(SOURCE, "mibs", module + ".txt")


def mib_modules():
    """All of them, what others import first: read from files, a module cannot import from one that comes later."""
    first = ["RDMA-PORT-MIB", "RDMA-AGENT-MIB"]
    found = [name.removesuffix(".txt") for name in os.listdir(os.path.join(SOURCE, "mibs")) if name.endswith(".txt")]
    return first + sorted(set(found) - set(first))


MIBS = ["-M", os.path.join(SOURCE, "testdata", "smi") + ":" + SYSTEM_MIBS, "-m", ":".join(map(mib_file, mib_modules()))]


def environment(directory):
    """For a program that is to find nothing of Net-SNMP but in directory."""
    return {**os.environ, "SNMPCONFPATH": directory, "SNMP_PERSISTENT_DIR": directory, "LC_ALL": "C.UTF-8"}


class Client:
    """Asks the agent on a UDP port of 127.0.0.1.

    version is "1", "2c" or "3" (authPriv). The programs neither read nor write anything outside directory but MIBs.
    Names are printed as -OsU does, numeric OIDs and values as -On -Oe does if numeric is set.
    """

    def __init__(self, port, directory, version="2c", community=COMMUNITY, numeric=False, timeout=2, retries=0):
        self.peer = "udp:127.0.0.1:%d" % port
        self.port, self.directory, self.numeric = port, directory, numeric
        self.options = ["-v" + version, "-t%g" % timeout, "-r%d" % retries]
        if version == "3":
            self.options += ["-l", "authPriv", "-u", USER, "-a", "SHA-256", "-A", AUTHENTICATION]
            self.options += ["-x", "AES", "-X", PRIVACY]
        else:
            self.options += ["-c", community]
        if numeric:
            self.options += ["-One", "-m", ""]
        else:
            self.options += ["-OsU", *MIBS]

    def run(self, program, *arguments, options=()):
        """Runs one of the programs. TimeoutExpired if it does not end."""
        start = time.monotonic()
        done = subprocess.run([program, *self.options, *options, self.peer, *map(str, arguments)],
                              env=environment(self.directory), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LONGEST_RUN)
        seconds = time.monotonic() - start
        lines, error = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Answer(unwrap(lines.splitlines()), done.returncode, error.strip(), seconds)

    def get(self, *oids):
        return self.run("snmpget", *oids)

    def cells(self, *oids):
        """The Values of a GET."""
        answer = self.get(*oids)
        got = values(answer.lines)
        got.seconds = answer.seconds
        return got

    def cell(self, name):
        """The value of a GET of one name, in full; None if no answer came."""
        return self.cells(name).get(name)

    def getnext(self, *oids):
        return self.run("snmpgetnext", *oids)

    def bulkget(self, *oids, repetitions=10, non_repeaters=0):
        return self.run("snmpbulkget", *oids, options=["-Cr%d" % repetitions, "-Cn%d" % non_repeaters])

    def walk(self, oid="rdmaMIBObjects"):
        return self.run("snmpwalk", oid)

    def bulkwalk(self, oid="rdmaMIBObjects", repetitions=25):
        return self.run("snmpbulkwalk", oid, options=["-Cr%d" % repetitions])

    def set(self, *assignments):
        """Each assignment is (oid, type letter, value)."""
        return self.run("snmpset", *(word for assignment in assignments for word in assignment))


def unwrap(lines):
    """Each varbind in one line: Net-SNMP prints long Hex-STRINGs in several."""
    unwrapped = []
    for line in lines:
        if " = " in line or not unwrapped:
            unwrapped.append(line)
        else:
            unwrapped[-1] += line
    return unwrapped


def parallel(function, items, workers):
    """function(item) of every item, so many at a time; the results in the order of the items."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def translate(name, directory):
    """The numeric OID of a name, as a tuple."""
    done = subprocess.run(["snmptranslate", *MIBS, "-On", name], env=environment(directory), capture_output=True,
                          text=True, timeout=LONGEST_RUN, check=True)
    return parse_oid(done.stdout.strip())


def parse_oid(text):
    return tuple(int(part) for part in text.strip(".").split("."))


def print_oid(oid):
    return "".join(".%d" % part for part in oid)


def normalise(lines):
    """The lines of a walk with "*" for every value that depends on the time or on the program."""
    return [normalise_line(line) for line in lines]


def normalise_line(line):
    name, _, value = line.partition(" = ")
    if name.partition(".")[0] in VOLATILE:
        return "%s = %s: *" % (name, value.partition(":")[0])
    return "%s = %s" % (name, re.sub(r"^Timeticks: \(\d+\) .*", "Timeticks: *", value))

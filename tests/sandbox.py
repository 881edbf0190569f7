"""Runs a program under the seccomp filters that systemd would make of a unit file, where there is no systemd to do it.

    python3 tests/sandbox.py rdma-agentx.service [UID] /usr/sbin/rdma-agentx --foreground

With UID, which only root can give, it is that user's and has no capability. What the filters refuse fails, with the errors it would fail with there. systemd-analyze knows what the groups of
SystemCallFilter= hold, libseccomp makes filters. Where one of the two is missing, LookupError says which.
"""

import ctypes
import errno
import os
import shutil
import socket
import subprocess
import sys

ALLOW, REFUSE = 0x7fff0000, 0x00050000      # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(0)
EQUAL, MASKED = 4, 7                        # enum scmp_compare
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)   # CLONE_NEW*
PROT_WRITE, PROT_EXEC = 2, 4
PR_CAPBSET_DROP = 24
FAMILIES = 64                               # more than there are


def settings(unit_file):
    """Key -> list of values of a unit file; an empty value has begun the list anew."""
    found = {}
    with open(unit_file, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or "=" not in line:
                continue
            key, value = line.strip().split("=", 1)
            found.setdefault(key, []).append(value)
            if not value:
                found[key] = [""]
    return found


def calls_of(name):
    """The system calls of a group, or the one of this name."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True,
                          check=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(calls_of(word) for word in words if word and not word.startswith("#")))


def allowed_calls(unit):
    calls = set()
    for value in unit["SystemCallFilter"]:
        listed = set().union(*(calls_of(name) for name in value.lstrip("~").split()))
        calls = calls - listed if value.startswith("~") else calls | listed
    return calls | calls_of("@default")


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One seccomp filter. Of several, what any of them refuses is refused."""

    def __init__(self, library, default):
        self.seccomp = library
        self.context = library.seccomp_init(default)

    def rule(self, action, name, *comparisons):
        number = self.seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return      # not of this architecture
        compared = (Comparison * len(comparisons))(*(Comparison(*comparison) for comparison in comparisons))
        status = self.seccomp.seccomp_rule_add_array(self.context, action, number, len(comparisons), compared)
        if status not in (0, -errno.EACCES):    # EACCES: is the default
            raise OSError(-status, "seccomp rule of " + name)

    def load(self):
        status = self.seccomp.seccomp_load(self.context)
        if status != 0:
            raise OSError(-status, "seccomp_load")


def restrict_namespaces(library):
    """As systemd does, clone3, whose flags no filter sees, is said not to exist."""
    rules = Filter(library, ALLOW)
    rules.rule(REFUSE | errno.ENOSYS, "clone3")
    for flag in NAMESPACES:
        for name in ("unshare", "clone"):
            rules.rule(REFUSE | errno.EPERM, name, (0, MASKED, flag, flag))
        rules.rule(REFUSE | errno.EPERM, "setns", (1, MASKED, flag, flag))
    rules.rule(REFUSE | errno.EPERM, "setns", (1, EQUAL, 0, 0))
    return rules


def restrict_families(library, names):
    rules = Filter(library, ALLOW)
    known = {int(getattr(socket, name)) for name in names.split()}
    for family in set(range(FAMILIES)) - known:
        rules.rule(REFUSE | errno.EAFNOSUPPORT, "socket", (0, EQUAL, family, 0))
    return rules


def deny_write_execute(library):
    rules = Filter(library, ALLOW)
    rules.rule(REFUSE | errno.EPERM, "mmap", (2, MASKED, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC))
    for name in ("mprotect", "pkey_mprotect"):
        rules.rule(REFUSE | errno.EPERM, name, (2, MASKED, PROT_EXEC, PROT_EXEC))
    return rules


def need():
    """libseccomp; LookupError if something is missing."""
    if not shutil.which("systemd-analyze"):
        raise LookupError("no systemd-analyze")
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        raise LookupError("no libseccomp") from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(Comparison)]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    return library


def filters(unit_file):
    """What a process has to load to be under the filters of the unit, as what it becomes then is."""
    library, unit = need(), settings(unit_file)
    listed = Filter(library, REFUSE | errno.EPERM)
    for name in allowed_calls(unit):
        listed.rule(ALLOW, name)
    made = []
    if unit.get("RestrictNamespaces") == ["yes"]:
        made.append(restrict_namespaces(library))
    if unit.get("MemoryDenyWriteExecute") == ["yes"]:
        made.append(deny_write_execute(library))
    return [*made, restrict_families(library, " ".join(unit["RestrictAddressFamilies"])), listed]    # which ends loading


def drop_privileges(uid):
    """This process is of another user and group from now on, without any capability, and can get none."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def main(unit_file, *command):
    allowed = filters(unit_file)
    if command[0].isdigit():
        uid, *command = command
        drop_privileges(int(uid))
    for one in allowed:
        one.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])

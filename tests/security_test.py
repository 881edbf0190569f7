#!/usr/bin/env python3
"""Holds what an attacker would look for: how the program is built, what it could call, and texts from hardware that
want to be more than texts."""

import json
import os
import re
import shutil
import subprocess

import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, in_build, need_program, serving
from trees import CLASS, recorded

# Would run a shell or another program, make a file with a name that can be guessed, or write past an end.
FORBIDDEN = """system popen execl execlp execle execv execve execvp execvpe fexecve posix_spawn posix_spawnp fork vfork
               dlopen tmpfile tmpnam tempnam mktemp mkstemp mkstemps mkdtemp gets sprintf vsprintf strcat scanf sscanf
               fscanf chmod fchmod chown mkdir mknod rename link symlink unlink rmdir creat fopen freopen""".split()
BROKEN = 'a\x01b\x1b[31m "quoted" back\\slash\ttab %s%n level=error\nmsg=forged Gr\u00fc\u00dfe \u202e'
LOGFMT = re.compile(r'^time=\S+ level=(error|warn|info|debug) msg=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")'
                    r'(?: [a-z]+=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*"))*$')


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout


# --- The program ---

def test_built(program):
    if not shutil.which("readelf") or not shutil.which("nm"):
        tap.skip("the program is hardened", "no readelf or no nm")
        return
    with open(os.path.join(os.environ.get("builddir", "."), "Makefile"), encoding="utf-8") as file:
        makefile = file.read()
    if re.search("^RDMA_CFLAGS = .*-fsanitize", makefile, re.M):
        tap.skip("the program is hardened", "this build has sanitizers")
        return
    imported = {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--undefined-only", program).splitlines()}
    bare = {re.sub(r"^__(isoc99_)?|_chk$", "", name) for name in imported}
    tap.equal(sorted(bare & set(FORBIDDEN)), [],
              "it cannot start a program, nor make, change or remove a file, nor write to where no length is given")
    headers = run("readelf", "-hldW", program)
    stack = re.search(r"GNU_STACK .* (\S+) +0x", headers)
    tap.ok(stack and stack.group(1) == "RW", "its stack is not executable", stack)
    tap.ok(not re.search("R(UN)?PATH", headers), "its libraries are looked for where the system has them")
    if not re.search("^CFLAGS = .*-O[123s]", makefile, re.M):
        tap.skip("it is built with the flags that distributions use", "this build is not optimised")
        return
    tap.ok(re.search(r"Type: +DYN", headers) and re.search("FLAGS_1.* PIE", headers),
           "it can be loaded at any address (PIE)", headers)
    tap.ok("GNU_RELRO" in headers and "BIND_NOW" in headers,
           "its tables are read-only once it runs (full RELRO)", headers)
    tap.ok("__stack_chk_fail" in imported, "its stack is protected")
    checked = sorted(name for name in imported if name.endswith("_chk"))
    tap.ok(len(checked) >= 3, "calls with lengths are checked (_FORTIFY_SOURCE)", checked)


# --- Texts from hardware ---

def hostile_tree(workspace):
    lines = [line for line in recorded() if not re.search("node_desc|fw_ver|hca_type|board_id|hw_rev", line)]
    quoted = json.dumps(BROKEN)
    device = CLASS + "mlx5_0/"
    lines += ["%s%s = %s\n" % (device, name, quoted) for name in ("fw_ver", "hca_type", "board_id", "hw_rev")]
    lines.append('%snode_desc = "%s"\n' % (device, "%n" * 32))      # 64 octets without an end
    lines += ["%sports/1/hw_counters/%s = 7\n" % (device, name) for name in
              ("%n%s%x", 'quote"d', "back\\slash", "level=error", "K\u00f6ln", "x" * 60, "new\u2028line",
               "$(id)", "`id`;id")]
    for name in ("K\u00f6ln", 'mlx5"=\\%n', "y" * 63, "z" * 64, "$(id)", "\u202e_0"):
        lines += ["%s%s/node_type = 1: CA\n" % (CLASS, name), "%s%s/ports/1/state = 4: ACTIVE\n" % (CLASS, name)]
    return workspace.write("hostile.tree", "".join(lines))


def test_texts(workspace):
    tree = workspace.enter(Tree(workspace, hostile_tree(workspace)))
    # What a .tree file cannot name, the kernel's own renaming could not either: a line break in a name.
    master = workspace.enter(Master(workspace))
    agent = workspace.enter(Agent(workspace, master, tree.root, "--log-level", "debug", *UNHURRIED))
    serving(master)
    lines = master.client().bulkwalk().lines
    broken = [line for line in lines if not re.match(r"^rdma[A-Z][A-Za-z0-9]*\S* = ", line) and " = " not in line]
    odd = [line for line in lines if not line.isascii() or not line.isprintable()]
    tap.ok(len(lines) > 200 and not broken and not odd, "a walk has one printable line for each value",
           *broken[:5], *odd[:5], len(lines))
    text = dict(line.split(" = ", 1) for line in lines)
    tap.equal(text['rdmaDeviceNodeDescription."mlx5_0"'], "STRING: " + "%n" * 32,
              "64 octets without an end are 64 octets")
    tap.ok("msg=forged" in text['rdmaDeviceFirmware."mlx5_0"'] and "\n" not in text['rdmaDeviceFirmware."mlx5_0"'],
           "a text of several lines is one", text['rdmaDeviceFirmware."mlx5_0"'])
    served = sorted(line.split('"')[1] for line in lines
                    if line.startswith("rdmaDeviceKernelName") and '\\"' not in line)
    tap.ok("y" * 63 in served and "z" * 64 not in served and "$(id)" in served,
           "names that fit are served as they are", served)
    wait_lines = [line for line in agent.log().splitlines() if line and not line.startswith("Log handling")]
    unparsed = [line for line in wait_lines if not LOGFMT.match(line) or not line.isascii()]
    tap.ok(len(wait_lines) > 4 and not unparsed, "every line of the log is logfmt, in ASCII", *unparsed[:5])
    tap.ok("cannot be an SNMP index" in agent.log() and "level=error" not in re.sub('"[^"]*"', "", agent.log()),
           "names that cannot be served are told of, and forge no line", agent.log())

    printed = subprocess.run([agent.arguments[agent.arguments.index("-f") - 1], "--print", "--sysfs-root", tree.root,
                              *UNHURRIED], capture_output=True, check=False, timeout=60).stdout
    odd = [line for line in printed.splitlines() if not re.match(rb"^rdma[A-Z][A-Za-z0-9]*\..* = [ -~]*$", line)]
    tap.ok(len(printed.splitlines()) > 200 and not odd, "so has --print", *odd[:5], len(printed.splitlines()))


with tap.points():
    test_built(need_program("RDMA_AGENTX", *in_build("rdma-agentx")))
    with Workspace() as place:
        test_texts(place)

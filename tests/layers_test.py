#!/usr/bin/env python3
"""Holds the layers: a module includes only modules before it, and libraries stay where they belong."""

import os
import re
import sys

LAYERS = """log memory bucket uevent trouble port column sysfs snapshot verbs nldev scan_file scan_port scan_named
            scan_netdev scan_identity scan worker collector_list collector_tell collector events_job events
            lookout history cache health
            service answer agentx notification changes print varbind table shortcut session notify agent options
            main""".split()
SAME_JOB = [                            # one module in several files: a header may be used by those beside it
    {"scan_port", "scan_named", "scan_netdev"},
    {"worker", "collector_list", "collector_tell", "collector"},
    {"events_job", "events"},
]
NET_SNMP = {"varbind", "table", "shortcut", "notify", "session", "agent"}  # who may include net-snmp/
VERBS = {"verbs"}                        # who may include infiniband/
FREE = {"config"}                        # made by configure

source = os.path.join(os.environ.get("srcdir", "."), "src")
complaints = []
files = sorted(name for name in os.listdir(source) if name.endswith((".c", ".h")))

for name in files:
    module = name.rsplit(".", 1)[0]
    if module not in LAYERS:
        complaints.append("%s: is in no layer: add it to LAYERS" % name)
        continue
    with open(os.path.join(source, name), encoding="utf-8") as text:
        lines = text.read().splitlines()
    for number, line in enumerate(lines, 1):
        include = re.match(r'#include\s+["<]([^">]+)[">]', line)
        if not include:
            continue
        path = include.group(1)
        other = path.rsplit(".", 1)[0]
        where = "%s:%d: %s" % (name, number, path)
        if path.startswith("net-snmp/") and module not in NET_SNMP:
            complaints.append(where + ": only %s may include Net-SNMP" % ", ".join(sorted(NET_SNMP)))
        if path.startswith("infiniband/") and module not in VERBS:
            complaints.append(where + ": only verbs may include libibverbs")
        if '"' not in line or other in FREE or any({module, other} <= group for group in SAME_JOB):
            continue
        if other not in LAYERS or LAYERS.index(other) > LAYERS.index(module):
            complaints.append(where + ": is not below " + module)
    opening = lines[0] if lines else ""
    if name.endswith(".h") and not opening.startswith("/* " + module):
        complaints.append("%s:1: does not open with its job (\"/* %s: ...\")" % (name, module))
    if len(lines) > 450:
        complaints.append("%s: %d lines: is it still one job?" % (name, len(lines)))

print("1..1")
for complaint in complaints:
    print("# " + complaint)
print("%sok 1 - each of %d files includes only layers below it" % ("not " if complaints else "", len(files)))
sys.exit(0)

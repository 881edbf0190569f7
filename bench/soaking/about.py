"""What was run, and where."""

import os
import platform
import re
import subprocess


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return "?"
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return re.search(r"model name\s*: (.*)", file.read()).group(1)
    except (OSError, AttributeError):
        return platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def about(agent_arguments):
    """Of the machine and the programs."""
    program = next(word for word in agent_arguments if os.path.basename(word) == "rdma-agentx" or "agentx" in word)
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)
    return {"agent": first_line(program, "--version"),
            "commit": first_line("git", "-C", top, "log", "-1", "--format=%h"),
            "netsnmp": first_line("snmpget", "-V"), "kernel": platform.release(), "system": system(),
            "processor": "%d x %s" % (os.cpu_count(), processor())}

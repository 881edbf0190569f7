"""What was run, and where."""

import os
import platform

from machine import first_line, processor, system


def about(agent_arguments):
    """Of the machine and the programs."""
    program = next(word for word in agent_arguments if os.path.basename(word) == "rdma-agentx" or "agentx" in word)
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)
    return {"agent": first_line(program, "--version"),
            "commit": first_line("git", "-C", top, "log", "-1", "--format=%h"),
            "netsnmp": first_line("snmpget", "-V"), "kernel": platform.release(), "system": system(),
            "processor": "%d x %s" % (os.cpu_count(), processor())}

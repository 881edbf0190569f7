#!/usr/bin/env python3
"""What real snmp_exporters give for each scenario, against the files of its tree, both ways."""

import os
import subprocess

import prometheus_programs as programs
import tap
from harness import UNHURRIED, Agent, Master, Tree, Workspace, serving_whole
from prometheus_expected import VOLATILE, agent_version, expected_samples, lines
from snmp import AUTHENTICATION, PRIVACY, SOURCE, USER
from sysfs_tree import read_tree

# promtool's remarks about our metrics, each because of a name that the specification gives. The flat format has no
# factors, so that the one counter in seconds is extracted from text, which always makes a gauge.
REMARKS = []
REMARKS_FLAT = ['rdma_refresh_seconds_total non-counter metrics should not have "_total" suffix']

SCENARIOS = sorted(name for name in os.listdir(os.path.join(SOURCE, "testdata"))
                   if os.path.exists(os.path.join(SOURCE, "testdata", name, "sysfs.tree")))


def check_scrape(exposition, expected, who, flat):
    """Test points for one scrape of all modules."""
    got = {key: value for key, value in programs.samples(exposition).items() if key[0].startswith("rdma_")}
    stable = {key: value for key, value in got.items() if key[0] not in VOLATILE}
    tap.equal(lines(stable), lines(expected), "%s: every file is a sample, and every sample a file" % who)
    types = programs.types(exposition)
    volatile = {name: types.get(name) for name, labels in got if name in VOLATILE and not labels}
    wanted = dict(VOLATILE, rdma_refresh_seconds_total="gauge") if flat else VOLATILE
    tap.equal(sorted(volatile.items()), sorted(wanted.items()), "%s: the subagent's figures are there" % who)
    untyped = sorted({name for name, _ in got if (types.get(name) == "counter") != name.endswith("_total")} -
                     ({"rdma_refresh_seconds_total"} if flat else set()))
    tap.equal(untyped, [], "%s: what ends in _total, and nothing else, is a counter" % who)


def check_metrics(promtool, exposition, who, flat):
    answer = subprocess.run([promtool, "check", "metrics"], input=exposition, capture_output=True, text=True,
                            check=False)
    remarks = [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("rdma_")]
    tap.equal(remarks, REMARKS_FLAT if flat else REMARKS,
              "%s: promtool check metrics has no remark but those listed" % who)


def test_scenarios(workspace, exporters, promtool):
    master = workspace.enter(Master(workspace))
    for scenario in SCENARIOS:
        tree_file = os.path.join(SOURCE, "testdata", scenario, "sysfs.tree")
        with Tree(workspace, tree_file, faults=False) as tree, Agent(workspace, master, tree.root, *UNHURRIED) as agent:
            serving_whole(master)
            expected = expected_samples(read_tree(tree_file), agent_version(agent))
            for exporter in exporters:
                who = "%s, %s" % (scenario, exporter.name)
                exposition = exporter.scrape(master.port, programs.MODULES)
                check_scrape(exposition, expected, who, exporter.is_flat)
                check_metrics(promtool, exposition, who, exporter.is_flat)


def test_version_3(workspace, version, program):
    """SNMPv3 with authentication and privacy, from a file of secrets beside ours."""
    auth = workspace.write("auth.yml", """
auths:
  rdma_v3:
    version: 3
    security_level: authPriv
    username: %s
    auth_protocol: SHA256
    password: %s
    priv_protocol: AES
    priv_password: %s
""" % (USER, AUTHENTICATION, PRIVACY))
    master = workspace.enter(Master(workspace))
    tree_file = os.path.join(SOURCE, "testdata", "cx7-infiniband", "sysfs.tree")
    exporter = workspace.enter(programs.Exporter(workspace, version, program,
                                                 programs.exporter_file(), auth))
    with Tree(workspace, tree_file, faults=False) as tree, Agent(workspace, master, tree.root, *UNHURRIED):
        serving_whole(master)
        got = programs.samples(exporter.scrape(master.port, ("rdma_port",), auth="rdma_v3"))
        tap.ok(("rdma_agent_devices", ()) in got,
               "SNMPv3 authPriv gives the metrics, from a file of auths beside snmp.yml")


def main():
    with tap.points(), Workspace() as workspace:
        found = programs.exporters()
        exporters = [workspace.enter(programs.Exporter(workspace, version, program))
                     for version, program in found.items()]
        for oldest, newest in ((0, 21), (0, 22)), ((0, 28), (0, 29)), ((0, 30), (9, 0)):
            if not any(oldest <= version[:2] <= newest for version in found):
                tap.skip("snmp_exporter from %s gives the metrics" % programs.version_text(oldest),
                         "it is not in %s" % programs.DIRECTORY)
        test_scenarios(workspace, exporters, programs.promtool())
        version, program = list(found.items())[-1]
        if version >= (0, 24):
            test_version_3(workspace, version, program)


if __name__ == "__main__":
    main()

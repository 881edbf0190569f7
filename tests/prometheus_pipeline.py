"""From a tree's files to Prometheus: snmpd, subagent, snmp_exporter and Prometheus, with the files in prometheus/."""

import os

import prometheus_programs as programs
import tap
from harness import UNHURRIED, Agent, Master, Tree, serving_whole, wait_for
from prometheus_expected import agent_version, expected_samples
from snmp import AUTHENTICATION, PRIVACY, SOURCE, USER
from sysfs_tree import read_tree

AUTH = """
auths:
  rdma_v3: {version: 3, security_level: authPriv, username: %s, auth_protocol: SHA256, password: '%s',
            priv_protocol: AES, priv_password: '%s'}
""" % (USER, AUTHENTICATION, PRIVACY)


def settled(prometheus, condition):
    return wait_for(lambda: condition(prometheus.query('{__name__=~"rdma_.*",job!=""}')), "Prometheus has scraped")


class Pipeline:
    """snmpd, subagent and what is needed to scrape them, for one scenario."""

    def __init__(self, workspace, scenario):
        self.workspace = workspace
        self.version, self.exporter_program = list(programs.exporters().items())[-1]
        if self.version < (0, 25):
            raise tap.Skip("no snmp_exporter >= 0.25 in %s, which prometheus.yml.example is for" % programs.DIRECTORY)
        tree_file = os.path.join(SOURCE, "testdata", scenario, "sysfs.tree")
        self.master = workspace.enter(Master(workspace))
        tree = workspace.enter(Tree(workspace, tree_file, faults=False))
        agent = workspace.enter(Agent(workspace, self.master, tree.root, *UNHURRIED))
        serving_whole(self.master)
        self.expected = expected_samples(read_tree(tree_file), agent_version(agent))
        self.target = "127.0.0.1:%d" % self.master.port

    def exporter(self, *files):
        auth = self.workspace.write("auth.yml", AUTH)
        return self.workspace.enter(
            programs.Exporter(self.workspace, self.version, self.exporter_program, *files, auth))

    def prometheus(self, version, program, exporter, edit=lambda text: text):
        configuration = programs.example(self.workspace, exporter, [self.target], "rdma_v3", edit)
        return self.workspace.enter(programs.Prometheus(self.workspace, version, program, configuration))

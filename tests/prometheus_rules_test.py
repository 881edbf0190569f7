#!/usr/bin/env python3
"""The recording rules and alerts: each test of prometheus_rules.yml by promtool, and that none lacks one."""

import os
import re
import shutil
import subprocess

import prometheus_programs as programs
import tap
from harness import Workspace
from snmp import SOURCE

RULES = os.path.join(programs.FILES, "rules")
RECORDING, ALERTS = "rdma-recording.yml", "rdma-alerts.yml"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def test_rules_are_valid(promtool):
    answer = subprocess.run([promtool, "check", "rules", os.path.join(RULES, RECORDING), os.path.join(RULES, ALERTS)],
                            capture_output=True, text=True, check=False)
    tap.ok(answer.returncode == 0, "promtool check rules accepts both files", answer.stdout, answer.stderr)


def test_alerts_are_complete(tests):
    for block in re.split(r"\n +- alert: ", read(RULES, ALERTS))[1:]:
        name = block.split("\n", 1)[0]
        missing = [part for part in ("summary:", "description:", "action:", "severity: ") if part not in block]
        tap.equal(missing, [], "%s has a summary, a description, an action and a severity" % name)
        tap.ok('alertname="%s"' % name in tests or "alertname: " + name in tests, "%s is seen firing in a test" % name)


def test_metrics_exist():
    """No rule rests on a metric that no exporter gives."""
    given = set(re.findall(r"- name: (rdma_\w+)", read(programs.FILES, "snmp.yml")))
    text = read(RULES, RECORDING) + read(RULES, ALERTS)
    recorded = set(re.findall(r"record: (\S+)", text))
    expressions = re.sub(r"#.*", "", text)
    used = set(re.findall(r"\brdma_(?:port|device|agent|scrape|refresh)\w*(?::[\w:]+)?", expressions))
    unknown = used - given - recorded - {"rdma_port", "rdma_port_status"}     # the job's name; a name in an annotation
    tap.equal(sorted(unknown), [], "every metric in a rule comes from snmp.yml or from a recording rule")


def test_one(workspace, promtool, head, test):
    sentence = re.match(r"(.*)", test)[1]
    directory = workspace.make_directory("rules")
    for name in (RECORDING, ALERTS):
        shutil.copy(os.path.join(RULES, name), directory)
    with open(os.path.join(directory, "test.yml"), "w", encoding="utf-8") as file:
        file.write(head + "\n  - name: " + test)
    answer = subprocess.run([promtool, "test", "rules", "test.yml"], cwd=directory, capture_output=True, text=True,
                            check=False)
    tap.ok(answer.returncode == 0, sentence, answer.stdout, answer.stderr)


def main():
    with tap.points(), Workspace() as workspace:
        promtool = programs.promtool()
        tests = read(SOURCE, "tests", "prometheus_rules.yml")
        test_rules_are_valid(promtool)
        test_metrics_exist()
        test_alerts_are_complete(tests)
        head, *each = re.split(r"\n  - name: ", tests)
        for test in each:
            test_one(workspace, promtool, head, test)


if __name__ == "__main__":
    main()

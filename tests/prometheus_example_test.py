#!/usr/bin/env python3
"""prometheus.yml.example with a real Prometheus: from a tree's files to the query API, each variant that it shows."""

import os
import re
import subprocess

import prometheus_programs as programs
import tap
from harness import Workspace, wait_for
from prometheus_expected import VOLATILE, lines
from prometheus_pipeline import Pipeline, settled


def without_target_labels(samples):
    return {(name, tuple(pair for pair in labels if pair[0] not in ("instance", "job"))): value
            for (name, labels), value in samples.items() if name not in VOLATILE}


def uncomment(text, marker):
    """The example with the commented metric_relabel_configs behind a marker put into force."""
    head, tail = text.split(marker, 1)
    at = tail.index("# metric_relabel_configs:")
    block = re.match(r"(?:# ?.*\n(?: *(?=#))?)+", tail[at:])[0]
    return head + marker + tail[:at] + re.sub(r"(?m)^( *)# ?", r"\1", block) + tail[at + len(block):]


def test_as_it_is(pipeline, version, program):
    """Points for the example as it is: SNMPv3, three jobs, rules."""
    exporter = pipeline.exporter(programs.exporter_file())
    prometheus = pipeline.prometheus(version, program, exporter)
    got = settled(prometheus, lambda samples: samples if {dict(labels)["job"] for _, labels in samples} >=
                  {"rdma_port", "rdma_info", "rdma_counter"} else None)
    tap.equal(lines(without_target_labels(got)), lines(pipeline.expected),
              "%s with the example gives every file of the tree, over SNMPv3" % prometheus.name)
    info = {label for name, labels in got if name == "rdma_port_info" for label, _ in labels}
    wanted = {"device", "port", "link_layer", "state", "phys_state", "link_width", "link_speed", "netdev"}
    tap.equal(info, wanted | {"instance", "job"},
              "%s: rdma_port_info has the labels of the specification and no others" % prometheus.name)
    tap.equal({dict(labels)["instance"] for _, labels in got}, {pipeline.target},
              "%s: instance is the host" % prometheus.name)
    groups = wait_for(lambda: [group for group in [prometheus.api("rules")["groups"]]
                               if all(rule["health"] == "ok" for each in group for rule in each["rules"])],
                      "all rules have been evaluated without an error")[0]
    tap.ok(len(groups) >= 9, "%s evaluates every rule without an error" % prometheus.name)


def test_own_generator(pipeline, version, program):
    """generator.yml's own labels, renamed by the example's metric_relabel_configs."""
    generated = pipeline.workspace.path("generated.yml")
    subprocess.run([programs.MAKER, "run", programs.generator(), programs.mib(),
                    os.path.join(programs.FILES, "generator.yml"), generated], check=True)
    prometheus = pipeline.prometheus(version, program, pipeline.exporter(generated),
                                  lambda text: uncomment(text, "the generator's labels:"))
    got = settled(prometheus, lambda samples: {key: value for key, value in samples.items()
                                               if dict(key[1])["job"] == "rdma_port"})
    names = {name for name, _ in got}
    wanted = {key: value for key, value in pipeline.expected.items() if key[0] in names}
    tap.equal(lines(without_target_labels(got)), lines(wanted),
              "generator.yml with the example's metric_relabel_configs gives the same metrics")


def test_names_from_labels(workspace, version, program):
    """rdma_port_<file>_total by the example's second metric_relabel_configs, with the collision that it tells of."""
    pipeline = Pipeline(workspace, "rxe-7.3")
    prometheus = pipeline.prometheus(version, program, pipeline.exporter(programs.exporter_file()),
                                  lambda text: uncomment(text, 'instead of rdma_port_hw_stat_total'))
    got = settled(prometheus, lambda samples: samples if {"rdma_counter", "rdma_port"} <=
                  {dict(labels)["job"] for _, labels in samples} else None)
    tap.ok("rdma_port_hw_stat_total" not in {name for name, _ in got} and
           any(name == "rdma_port_sent_pkts_total" and "counter" not in dict(labels) for name, labels in got),
           "the relabelling of the example makes a name of each counter", sorted({name for name, _ in got}))
    tap.equal(sorted(dict(labels)["job"] for name, labels in got if name == "rdma_port_link_downed_total"),
              ["rdma_counter", "rdma_port"], "and link_downed of rxe then comes twice, told apart by job")


def main():
    with tap.points(), Workspace() as workspace:
        found, promtool = programs.prometheis(), programs.promtool()
        pipeline = Pipeline(workspace, "cx7-infiniband")
        exporter = pipeline.exporter(programs.exporter_file())
        answer = subprocess.run([promtool, "check", "config", programs.example(workspace, exporter, [])],
                                capture_output=True, text=True, check=False)
        tap.ok(answer.returncode == 0, "promtool check config accepts the example", answer.stdout, answer.stderr)
        for version, program in found.items():
            test_as_it_is(pipeline, version, program)
        version, program = list(found.items())[0]
        test_names_from_labels(workspace, version, program)
        test_own_generator(pipeline, version, program)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The files in prometheus/ are what the catalogue, the MIB and the real generator make of them now."""

import os
import re
import subprocess

import prometheus_programs as programs
import tap
from harness import Workspace

DEFAULT_ROOT = "1.3.6.1.4.1.8072.9999.9999.4791"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def made(*arguments):
    return subprocess.run([programs.MAKER, *arguments], check=True, capture_output=True, text=True).stdout


def columns():
    """The catalogue's rows as lists of fields."""
    text = subprocess.run([programs.catalogue()], check=True, capture_output=True, text=True).stdout
    return text, [line.split("\t") for line in text.splitlines()]


def name_by_the_rule(file):
    """The name of a counter by the specification, section 3."""
    name = re.sub("^port_", "", file.lower())
    return "rdma_port_%s_total" % ("symbol_errors" if name == "symbol_error" else name)


def test_generator_yml(workspace, text, rows):
    catalogue = workspace.write("catalogue", text)
    tap.equal(made("generator", catalogue, os.path.join(programs.SOURCE, "mibs", "RDMA-PORT-MIB.txt")).splitlines(),
              read(programs.FILES, "generator.yml").splitlines(),
              "prometheus/generator.yml is what the catalogue gives: make prometheus-files updates it")
    named = dict(re.findall(r"^ {6}(\w+):(?: \{|\n +)name: (\w+)", read(programs.FILES, "generator.yml"), re.M))
    wanted = {row[2]: name_by_the_rule(row[5]) for row in rows if row[5]}
    wanted.update(rdmaPortXmitOctets="rdma_port_xmit_bytes_total", rdmaPortRcvOctets="rdma_port_rcv_bytes_total")
    got = {name: metric for name, metric in named.items() if name in wanted}
    tap.equal(sorted(got.items()), sorted(wanted.items()), "every counter has the name of the specification's rule")
    tap.equal(len(set(named.values())), len(named), "no two objects share a name")


def test_generated_files(workspace, text):
    directory = workspace.make_directory("prometheus")
    subprocess.run([programs.MAKER, "all", workspace.write("catalogue", text),
                    os.path.join(programs.SOURCE, "mibs", "RDMA-PORT-MIB.txt"), programs.generator(), directory],
                   check=True)
    for name in ("snmp.yml", "snmp-0.21.yml"):
        tap.equal(read(directory, name).splitlines(), read(programs.FILES, name).splitlines(),
                  "prometheus/%s is what the generator gives: make prometheus-files updates it" % name)
        labels = set(re.findall(r"labelname: (\w+)", read(directory, name)))
        tap.equal([label for label in labels if re.search("[A-Z]", label)], [],
                  "no label in %s has an object's name" % name)
        tap.equal(re.findall(r"- name: (?!rdma_)\S+", read(directory, name)), [],
                  "every metric in %s is named by us" % name)


def test_example():
    """What the example says of labels is made by the same script."""
    example = read(programs.FILES, "prometheus.yml.example")
    wanted = made("relabel").splitlines()[1:]
    lines = [line.lstrip("# ").rstrip() for line in example.splitlines()]
    missing = [line for line in wanted if line.strip() not in lines]
    tap.equal(missing, [], "prometheus.yml.example renames every label of those who run generator.yml themselves")


def main():
    with tap.points(), Workspace() as workspace:
        text, rows = columns()
        test_generator_yml(workspace, text, rows)
        test_example()
        test_generated_files(workspace, text)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""dashboard.json: importable as it is, and every query in it is one that Prometheus answers."""

import json
import os
import re

import prometheus_programs as programs
import tap
from harness import Workspace

WIDTH = 24      # columns of Grafana's grid


def queries(dashboard):
    """(title, expression) of every panel and annotation."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["name"], annotation["expr"]


def data_sources(node):
    """Every data source reference, wherever it is."""
    if isinstance(node, dict):
        if isinstance(node.get("datasource"), (dict, str)):
            yield node["datasource"]
        for value in node.values():
            yield from data_sources(value)
    elif isinstance(node, list):
        for value in node:
            yield from data_sources(value)


def overlaps(panels):
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if x >= WIDTH or (x, y) in taken:
                    yield panel["title"]
                taken[x, y] = panel


def test_form(dashboard):
    panels = dashboard["panels"]
    tap.equal(dashboard["id"], None, "the dashboard has no id of somebody's Grafana")
    allowed = {"type": "prometheus", "uid": "${datasource}"}, {"type": "grafana", "uid": "-- Grafana --"}
    wrong = [source for source in data_sources(dashboard) if source not in allowed]
    tap.equal(wrong, [], "every data source is the variable")
    tap.equal(len({panel["id"] for panel in panels}), len(panels), "no two panels have the same id")
    tap.equal(list(overlaps(panels)), [], "no two panels overlap")
    nameless = [panel["title"] for panel in panels if panel["type"] != "row" and not panel.get("description")]
    tap.equal(nameless, [], "every panel says what it shows")


def test_queries(dashboard, prometheus):
    variables = [(variable["name"], variable["definition"]) for variable in dashboard["templating"]["list"]
                 if variable["type"] == "query"]
    for title, expression in list(queries(dashboard)) + [
            (name, re.fullmatch(r"label_values\((.*), \w+\)", definition)[1]) for name, definition in variables]:
        filled = re.sub(r"\$(instance|device|port)\b", ".*", expression).replace("$__rate_interval", "5m")
        try:
            prometheus.api("query", query=filled)
            accepted = "$" not in filled
        except RuntimeError:
            accepted = False
        tap.ok(accepted, "%s: Prometheus accepts %s" % (title, expression))


def test_metrics(dashboard):
    with open(os.path.join(programs.FILES, "snmp.yml"), encoding="utf-8") as file:
        given = set(re.findall(r"- name: (rdma_\w+)", file.read()))
    text = "\n".join(expression for _, expression in queries(dashboard))
    used = set(re.findall(r"\brdma_(?:port|device|agent|scrape|refresh)_\w+", text))
    tap.equal(sorted(used - given), [], "every metric on the dashboard comes from snmp.yml")


def main():
    with tap.points(), Workspace() as workspace:
        with open(os.path.join(programs.FILES, "dashboard.json"), encoding="utf-8") as file:
            dashboard = json.load(file)
        test_form(dashboard)
        test_metrics(dashboard)
        version, program = list(programs.prometheis().items())[-1]
        configuration = workspace.write("prometheus.yml", "global: {}\n")
        test_queries(dashboard, workspace.enter(programs.Prometheus(workspace, version, program, configuration)))


if __name__ == "__main__":
    main()

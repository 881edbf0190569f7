#!/usr/bin/env python3
"""The console page in headless Chromium, served by real Prometheus: the numbers of a scenario are on it.

SCREENSHOTS=DIRECTORY also leaves a picture of each view there."""

import html
import os
import re
import subprocess
import urllib.parse

import prometheus_programs as programs
import tap
from harness import Workspace, need_program
from prometheus_expected import BYTES_PER_MEGABIT
from prometheus_pipeline import Pipeline, settled

# Without the network's flags, Chromium asks hosts of its maker at every start.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
           --disable-component-update --disable-sync --hide-scrollbars --window-size=1280,1400 --lang=en-US
           --virtual-time-budget=15000""".split()


class Browser:
    def __init__(self, workspace):
        self.workspace = workspace
        self.program = need_program("CHROMIUM", "chromium", "chromium-browser", "google-chrome")

    def run(self, url, *flags):
        profile = "--user-data-dir=" + self.workspace.make_directory("chromium")
        return subprocess.run([self.program, *FLAGS, profile, *flags, url], capture_output=True, text=True, check=True,
                              timeout=120).stdout

    def look(self, url, name, landmark):
        """The page as its script has drawn it: its HTML without the script, and the texts in it.

        A scrape that a busy machine did not finish in time shows rightly as a host that does not answer: so the page is
        looked at again until the landmark is on it, three times at most."""
        if os.environ.get("SCREENSHOTS"):
            self.run(url, "--screenshot=" + os.path.join(os.environ["SCREENSHOTS"], name + ".png"))
        for _ in range(3):
            page = re.sub(r"(?s)<script>.*?</script>|<style>.*?</style>", "", self.run(url, "--dump-dom"))
            cells = [html.unescape(text).strip() for text in re.split(r"<[^>]*>", page) if text.strip()]
            if landmark in cells:
                break
        return page, cells


def view(prometheus, **parameters):
    return prometheus.url + "/consoles/rdma.html?" + urllib.parse.urlencode(dict(parameters, range="15m"))


def of_port(expected, device, port):
    """Name -> value of the samples that have just these labels, and the labels of rdma_port_info."""
    mine = {name: value for (name, labels), value in expected.items() if labels == (("device", device), ("port", port))}
    info = next(dict(labels) for name, labels in expected if name == "rdma_port_info" and ("device", device) in labels
                and ("port", port) in labels)
    return mine, info


def check_page(page, cells, who, charts):
    tap.ok('data-ready="1"' in page and "did not answer" not in page,
           "%s: the page draws itself without an error" % who, [cell for cell in cells if "did not answer" in cell])
    tap.ok(page.count("<svg") == charts, "%s: it has its %d charts" % (who, charts), "%d charts" % page.count("<svg"))
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    tap.ok(all(link.startswith(("rdma.html", "data:")) for link in links), "%s: it loads nothing but itself" % who,
           links)


def test_version(browser, pipeline, version, program):
    prometheus = pipeline.prometheus(version, program, pipeline.exporter(programs.exporter_file()))
    settled(prometheus, lambda samples: {dict(labels)["job"] for _, labels in samples} >=
            {"rdma_port", "rdma_info", "rdma_counter"} and len(prometheus.api(
                "query", query='count_over_time(up{job="rdma_counter"}[1m]) > 2')["result"]))
    device, port = sorted((dict(labels)["device"], dict(labels)["port"]) for name, labels in pipeline.expected
                          if name == "rdma_port_state")[0]
    samples, info = of_port(pipeline.expected, device, port)
    ports = sum(name == "rdma_port_state" for name, _ in pipeline.expected)
    active = sum(value == 4 for (name, _), value in pipeline.expected.items() if name == "rdma_port_state")

    who = prometheus.name + ", fleet"
    page, cells = browser.look(view(prometheus), "fleet", "1 of 1")
    check_page(page, cells, who, 2)
    tap.ok("1 of 1" in cells and "%d of %d" % (active, ports) in cells and pipeline.target in cells,
           "%s: host and ports are counted" % who, cells)

    who = prometheus.name + ", host"
    page, cells = browser.look(view(prometheus, instance=pipeline.target), "host", info["state"])
    check_page(page, cells, who, 2)
    wanted = ["%s/%s" % (device, port), info["state"], info["phys_state"], info["link_layer"],
              "%s %s" % (info["link_width"], info["link_speed"])]
    wanted += [value for name, labels in pipeline.expected if name == "rdma_device_info" for _, value in labels]
    tap.equal([text for text in wanted if text not in cells], [],
              "%s: everything about devices and ports is on it" % who)

    who = prometheus.name + ", port"
    page, cells = browser.look(view(prometheus, instance=pipeline.target, device=device, port=port), "port",
                               info["state"])
    check_page(page, cells, who, 6)
    counters = {name: "{:,.0f}".format(value) for name, value in samples.items() if name.endswith("_total")}
    shown = {name: cells[cells.index(name) + 1] for name in counters if name in cells}
    tap.equal(sorted(shown.items()), sorted(counters.items()),
              "%s: every counter of the tree is on it with its value" % who)
    tap.ok(len(counters) >= 23 and info["state"] in cells and samples["rdma_port_link_speed_bytes_per_second"] ==
           float(info["link_speed"].split()[0]) * 1000 * BYTES_PER_MEGABIT, "%s: so are state and link" % who)


def main():
    with tap.points(), Workspace() as workspace:
        browser = Browser(workspace)
        pipeline = Pipeline(workspace, "cx7-infiniband")
        for version, program in programs.prometheis().items():
            test_version(browser, pipeline, version, program)


if __name__ == "__main__":
    main()

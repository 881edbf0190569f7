"""The Prometheus side's real programs for tests: snmp_exporter, its generator, Prometheus and promtool.

They are those that scripts/prometheus-programs unpacked below PROMETHEUS_PROGRAMS, by default
prometheus-programs in the build directory. All of them listen on 127.0.0.1 only.
"""

import glob
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import tap
from harness import Process, need_program, wait_for
from snmp import BUILD, SOURCE

DIRECTORY = os.environ.get("PROMETHEUS_PROGRAMS") or os.path.join(BUILD, "prometheus-programs")
FILES = os.path.join(SOURCE, "prometheus")
MAKER = os.path.join(SOURCE, "scripts", "prometheus-files")


def versions(name):
    """Version -> directory of the unpacked packages of that name, oldest first; the version is a tuple."""
    found = {}
    for path in glob.glob(os.path.join(DIRECTORY, name + "-[0-9]*")):
        found[tuple(int(part) for part in re.findall(r"\d+", os.path.basename(path)))] = path
    return dict(sorted(found.items()))


def version_text(version):
    return ".".join(map(str, version))


def exporters():
    """Version -> program; Skip if there is none."""
    found = {version: os.path.join(path, "usr/bin/prometheus-snmp-exporter")
             for version, path in versions("exporter").items()}
    if not found:
        raise tap.Skip("no snmp_exporter in %s: scripts/prometheus-programs unpacks it" % DIRECTORY)
    return found


def generator():
    """A generator that knows name:, which is >= 0.28, and whose libraries this host has."""
    for version, path in versions("exporter").items():
        program = os.path.join(path, "usr/bin/prometheus-snmp-generator")
        if version >= (0, 28) and subprocess.run([program, "--help"], capture_output=True, check=False).returncode == 0:
            return program
    raise tap.Skip("no generator of snmp_exporter >= 0.28 that starts here: scripts/prometheus-programs unpacks it")


def promtool():
    """The promtool of the oldest version, which knows least."""
    unpacked = sorted((version, path) for name in ("prometheus", "promtool") for version, path in versions(name).items())
    programs = [os.path.join(path, "usr/bin/promtool") for _, path in unpacked]
    return need_program("PROMTOOL", *filter(os.path.exists, programs), "promtool")


def prometheis():
    """Version -> program."""
    found = {version: os.path.join(path, "usr/bin/prometheus") for version, path in versions("prometheus").items()}
    if not found:
        raise tap.Skip("no Prometheus in %s: scripts/prometheus-programs unpacks it" % DIRECTORY)
    return found


def catalogue():
    """The program that prints the catalogue."""
    return need_program("CATALOGUE", os.path.join(BUILD, "tests", "catalogue"))


def mib():
    return os.path.join(BUILD, "RDMA-PORT-MIB.txt")


def exporter_file(is_flat=False):
    """The file of snmp_exporter, at the root that the build has, if it made one."""
    suffix = "-0.21.yml" if is_flat else ".yml"
    built = os.path.join(BUILD, "snmp-rdma" + suffix)
    return built if os.path.exists(built) else os.path.join(FILES, "snmp" + suffix)


def get(url):
    """The body of a URL of this host; None if nothing answers with success."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))   # never through a proxy
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(Process):
    """A program that serves HTTP on a free port."""

    def __init__(self, workspace, name, arguments, ready):
        super().__init__(workspace, name)
        self.address = "127.0.0.1:%d" % free_tcp_port()
        self.url = "http://" + self.address
        self.arguments = arguments + ["--web.listen-address=" + self.address]
        self.ready = ready

    def start(self):
        self.spawn(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: get(self.url + self.ready) is not None or not self.is_running(), self.name + " answers")
        if not self.is_running():
            raise RuntimeError("%s does not start; its log:\n%s" % (self.name, self.log()))


class Exporter(Server):
    """An snmp_exporter with our file for its version, or with the files given."""

    def __init__(self, workspace, version, program, *files):
        self.version = version
        self.is_flat = version < (0, 23)    # the file format before auths:
        files = files or [exporter_file(self.is_flat)]
        super().__init__(workspace, "snmp_exporter-" + version_text(version),
                         [program] + ["--config.file=" + file for file in files], "/")

    def scrape(self, port, modules, auth="public_v2"):
        """What Prometheus gets for the snmpd at this port of 127.0.0.1; the flat format has its one module."""
        query = "module=rdma" if self.is_flat else "module=%s&auth=%s" % (",".join(modules), auth)
        text = get("%s/snmp?target=127.0.0.1:%d&%s" % (self.url, port, query))
        if text is None:
            raise RuntimeError("the scrape failed; log of %s:\n%s" % (self.name, self.log()[-2000:]))
        return text


MODULES = ("rdma_port", "rdma_port_info", "rdma_device_info", "rdma_counter")


def samples(exposition):
    """(name, sorted labels with a value) -> value of every sample in the text format."""
    result = {}
    for line in exposition.splitlines():
        match = re.fullmatch(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)', line)
        if match and not line.startswith("#"):
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")
            labels = [(name, re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], value))
                      for name, value in labels if value]
            result[match[1], tuple(sorted(labels))] = float(match[3])
    return result


def types(exposition):
    """Name of a metric -> its type."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.M))


class Prometheus(Server):
    """A Prometheus with a configuration and the console pages; its data goes with the workspace."""

    def __init__(self, workspace, version, program, configuration):
        super().__init__(workspace, "prometheus-" + version_text(version), [
            program, "--config.file=" + configuration, "--storage.tsdb.path=" + workspace.make_directory("data"),
            "--web.console.templates=" + os.path.join(FILES, "consoles"), "--log.level=warn"], "/-/ready")

    def api(self, path, **parameters):
        """The data of an answer of the HTTP API."""
        body = get("%s/api/v1/%s?%s" % (self.url, path, urllib.parse.urlencode(parameters)))
        if body is None:
            raise RuntimeError("no answer to %s %s; log of %s:\n%s" % (path, parameters, self.name, self.log()[-2000:]))
        return json.loads(body)["data"]

    def query(self, expression):
        """What an instant query gives, in the form of samples()."""
        found = {}
        for result in self.api("query", query=expression)["result"]:
            name = result["metric"].pop("__name__", "")
            found[name, tuple(sorted(result["metric"].items()))] = float(result["value"][1])
        return found


def example(workspace, exporter, targets, auth="public_v2", edit=lambda text: text):
    """The path of a configuration made from prometheus.yml.example, with rules and targets beside it.

    Changed are only what an administrator would (addresses and secrets) and the intervals, for a test cannot wait."""
    directory = workspace.make_directory("prometheus")
    with open(os.path.join(FILES, "prometheus.yml.example"), encoding="utf-8") as file:
        text = edit(file.read())
    for old, new in (("127.0.0.1:9116", exporter.address), ("rdma_v3", auth)):
        text = text.replace(old, new)
    text = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval): \w+", r"\1: 2s", text)
    for name, content in (("prometheus.yml", text), ("rdma-hosts.yml", "- targets: [%s]\n" % ", ".join(targets))):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(content)
    shutil.copytree(os.path.join(FILES, "rules"), os.path.join(directory, "rules"))
    return os.path.join(directory, "prometheus.yml")

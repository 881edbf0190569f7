"""doc/reliability.md, from the figures of bench/reliability and bench/soak."""

import statistics

HEAD = """# What fails, what that costs, and for how long

Made by `bench/reliability`; every figure is of a run. A manager asks for every value of 12 devices some 10 times a
second while a fault begins, lasts and ends. The devices are served by a file system that hangs, delays and refuses for
real (`tests/treefs`), the counters change all the time, and every value says whose it is: so each answer can be held
against what the files held at that moment. The subagent has its default options: values at most 1 s old, 250 ms for a
device.

- *lost*: at most, from the beginning of the fault until all was whole. *others*: values of devices without a fault that
  were absent meanwhile. What was lost because the machine let nobody run (`bench/soaking/watch.py`) is not counted.
- *wrong*: values that were not right: 0 for unknown, old, or another device's.
- *whole again*: seconds from the fault's end to the first answer that lacks nothing, the age of the values included.
- *bound*: what the run was held to. It is 2 s (1 s for the age of values, 0.7 s for a refresh, 0.3 s for programs to be
  scheduled), and besides:
  - 1 s after a hang until the device is tried. While it does not answer it is tried after 1, 2, 4 ... 60 s; so for a
    slow device up to the time it has been slow for. (One that hangs again before it was read three times running is
    tried after twice the time.)
  - 60 s if a file refused (EINVAL, EOPNOTSUPP, EACCES) three times running, or at its first reading: some drivers log a
    line for each such read. 5 s if it is the state and has answered before. If everything refuses, as in a firmware
    reset, one file is tried at each refresh, and all is back with it.
  - 5 s, later 60 s, until a directory that could not be listed is listed again.
  - 3 s after snmpd answers again: the subagent looks for it every 2 s.
- *log*: lines that the subagent logged about the device, or about snmpd, from the beginning of the fault until all was
  whole, at most. (That a stalled device has recovered is logged later, after three complete readings.)
"""

FACTS = "%(system)s, Linux %(kernel)s, %(processor)s; %(netsnmp)s; %(agent)s, commit %(commit)s."

SOAK = """
## Soak

`bench/soak` has six clients ask (snmpbulkwalk, snmpget, and GET, GETNEXT and GETBULK by the hundred a second) while
most of the above happens at random to 8 of 12 devices, up to 4 at once, and to snmpd. A value is right if its file held
it, and could be read, at some moment from 1.3 s before the request (`--cache-ttl` is 0.3 s there) to the answer. A
value may be absent only while a fault, and the bound of its healing, say so; a row only while its device is. The time
after which all is whole has the same bounds as above, with 1.3 s in place of 2 s. Memory may grow by 1.5 MB after the
first quarter of the time, by 32 MB with AddressSanitizer, which keeps what was freed; the descriptors of the main
thread not at all.
"""


def number(value):
    return "%.2f" % value if value is not None else "–"


def print_row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def print_faults(result):
    sections = list(dict.fromkeys(row["section"] for row in result["rows"]))
    for section in sections:
        print("\n## %s\n" % section)
        print_row("fault", "for, s", "times", "lost", "others", "wrong", "whole again, s: median", "longest", "bound",
                  "slowest answer, s", "log")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for row in result["rows"]:
            if row["section"] == section:
                print_row(row["title"], "%g" % row["seconds"], row["times"], row["lost"], row["others"], row["wrong"],
                          number(row["median"]), number(row["longest"]), "%.1f" % row["bound"], number(row["slowest"]),
                          row["lines"])


def print_soaks(soaks):
    print(SOAK)
    print_row("", *("with sanitizers" if soak["sanitizers"] else "plain" for soak in soaks))
    print("|---" * (len(soaks) + 1) + "|")
    for name, text in (
            ("minutes, seed", "%(minutes)g, %(seed)d"), ("options", "%(options)s"), ("with --realtime", "%(realtime)s"),
            ("commit", "%(commit)s"), ("requests", "%(requests)d"),
            ("walks of everything", "%(walks)d"), ("values judged", "%(judged)d"),
            ("times that a value had to be there", "%(demanded)d"), ("**wrong answers**", "**%(wrong)d**"),
            ("other complaints", "%(others)d"),
            ("changes of files", "%(changes)d"), ("faults", "%(injected)d"),
            ("requests unanswered while snmpd was away", "%(unanswered)d"),
            ("oldest value served: replaced so long before its request", "%(oldest).2f s"),
            ("slowest answer while snmpd was there", "%(slowest).2f s"),
            ("resident memory after a quarter, and at the end", "%(rss_before)d, %(rss_after)d kB"),
            ("descriptors of the main thread", "%(fds_before)d, %(fds_after)d"),
            ("descriptors of all threads", "%(all_before)d, %(all_after)d"),
            ("snmpd's memory", "%(snmpd_before)d, %(snmpd_after)d kB"),
            ("Net-SNMP's known leak of 110 octets", "%(leaks)d times"),
            ("times, seconds that the machine let nobody run", "%(stood)d, %(stood_for).1f s"),
            ("values that could have lacked for that alone", "%(excused)d")):
        print_row(name, *(text % {**soak, "others": len(soak["complaints"]) - soak["wrong"]} for soak in soaks))
    print("\nFaults in the soaks, and seconds until whole:\n")
    print_row("fault", *("%s: times | median | longest" % ("sanitizers" if soak["sanitizers"] else "plain")
                         for soak in soaks))
    print("|---" + "|---|---|---" * len(soaks) + "|")
    for title in dict.fromkeys(title for soak in soaks for title, _, _ in soak["faults"]):
        cells = []
        for soak in soaks:
            times, took = next(((times, took) for name, times, took in soak["faults"] if name == title), (0, []))
            cells += [times, number(statistics.median(took) if took else None), number(max(took, default=None))]
        print_row(title, *cells)


def print_page(result, soaks):
    print(HEAD)
    print("Machine: " + FACTS % result)
    if result["realtime"]:
        print("Other work ran on it: snmpd, subagent and file system had a real-time priority (`--realtime`).")
    print_faults(result)
    if soaks:
        print_soaks(soaks)
    print("""
## Again

In a build directory, after `make check TESTS=`, which builds the file system:

```sh
../bench/soak --minutes 20 --json plain.json
../bench/reliability --soak plain.json > ../doc/reliability.md
```

With sanitizers, in another build directory:

```sh
../configure --enable-sanitizers CC=clang CFLAGS="-O1 -g" && make && make check TESTS=
../bench/soak --minutes 20 --sanitizers --json sanitizers.json
```

Further `--soak FILE` options put more runs on this page. `scripts/test` soaks for a minute, with and without
sanitizers. A seed that it prints begins with the same faults again (`--seed`); how it goes on also depends on how fast
things heal. For a night: `--minutes 600`.""")

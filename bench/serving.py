"""What an answer costs, beside a subagent without any library, a pass_persist program and snmpd's own tables."""

import trees
from hosts import Host, mib_root, root_beside
from table import Line

ROWS = 64
WALKS = 3               # in a round, by each
OBJECTS = 60            # in a request of many columns
INTERFACES = {"root": "1.3.6.1.2.1", "first": "2.2", "end": "2.3"}
MANY_ROWS, FEW_ROWS = 1024, 16
SPREAD = (21, 29, 37, 45, 55)   # files of columns 1, 9, 17, 25 and 35 of rdmaPortHwCounterTable
LONG = ("--cache-ttl", "1h")    # the tree is read once, so that only the serving is timed

FULL_WALK = [
    Line("full walk, wall", "ms", "ours wall", "floor wall", "floor", 1.10),
    Line("full walk, wall, snmpbulkwalk", "ms", "ours snmpbulkwalk", "floor snmpbulkwalk", "floor", 1.10),
    Line("full walk, CPU of the subagent", "ms", "ours agent", "floor agent", "floor", 1.15),
    Line("full walk, CPU of snmpd", "ms", "ours master", "floor master", "floor"),
    Line("full walk, wall, pass_persist", "ms", "pass wall", "floor wall", "floor"),
    Line("full walk, wall of one varbind", "µs", "ours varbind", "if varbind", "snmpd's ifTable"),
    Line("Get of 60 objects, CPU of both for one", "µs", "ours 60 cpu", "4/15", "4/15 of the floor's wall for one", 1),
    Line("Get of 60 objects, CPU of both for one, floor", "µs", "floor 60 cpu", "ours 60 cpu", "ours"),
    Line("Get of 60 objects, wall for one", "µs", "ours 60 wall", "floor 60 wall", "floor"),
    Line("Get of 1 object, wall", "µs", "ours 1 wall", "floor 1 wall", "floor"),
]

SCALING = [
    Line("walk of 1,024 rows, wall of one varbind", "µs", "many", "few", "16 rows", 1.15),
    Line("walk of 1,024 rows, CPU of the subagent for one", "µs", "many agent", "few agent", "16 rows"),
    Line("walk of 5 columns of 58, wall of one varbind", "µs", "spread", "whole", "all 58", 1.05),
    Line("walk of 5 columns of 58, CPU of the subagent for one", "µs", "spread agent", "whole agent", "all 58"),
]


def per_varbind(walk, *parts):
    """Microseconds."""
    return 1e6 * sum(walk[part] for part in parts) / walk["answered"]


def must_be_alike(walks):
    """The comparison would mean nothing if the programs did not answer the same."""
    if len({(walk["inside"], walk["sum"]) for walk in walks}) != 1:
        raise RuntimeError("the programs do not answer alike: %s" % (walks,))


def turned(items, number):
    """The items in another order in each round, so that none is always the first."""
    number %= len(items)
    return items[number:] + items[:number]


def measure_full_walk(workspace, tally, options):
    """walks of 64 rows of 58 columns"""
    tree = trees.make(workspace.path("tree"), ROWS, range(len(trees.FILES)))
    with Host(workspace, ROWS) as host:
        sides = [("ours", host.agent(tree), mib_root()), ("floor", host.floor(ROWS), root_beside(1)),
                 ("pass", None, host.pass_root)]
        for number in range(options.rounds):
            must_be_alike([walk for side in turned(sides, number) for walk in full_walks(host, tally, *side)])
            for side in turned(sides[:2], number):
                other_requests(host, tally, *side)
            for walk in host.walk(None, **INTERFACES, walks=10 * WALKS):
                tally.add("if varbind", per_varbind(walk, "wall"))
    # 4 µs are asked for where one varbind takes the floor 15.
    tally.add("4/15", tally.least("floor varbind") * 4 / 15)


def full_walks(host, tally, name, process, root):
    walks = host.walk(process, root, walks=WALKS)
    for walk in walks:
        for part in ("wall", "master", "agent"):
            tally.add("%s %s" % (name, part), 1e3 * walk[part])
        tally.add(name + " varbind", per_varbind(walk, "wall"))
    return walks


def other_requests(host, tally, name, process, root):
    tally.add(name + " snmpbulkwalk", 1e3 * host.bulkwalk(root))
    for objects in (1, OBJECTS):
        for walk in host.walk(process, root, "-g", str(objects), walks=WALKS):
            tally.add("%s %d cpu" % (name, objects), per_varbind(walk, "master", "agent"))
            tally.add("%s %d wall" % (name, objects), per_varbind(walk, "wall"))


def measure_scaling(workspace, tally, options):
    """walks of many rows, and of few columns"""
    few, whole = range(21, 25), range(len(trees.FILES))
    # So many walks of each that all samples are of as many varbinds: the minimum of shorter ones would be better.
    shapes = {"many": (MANY_ROWS, few, 1), "few": (FEW_ROWS, few, MANY_ROWS // FEW_ROWS),
              "spread": (ROWS, SPREAD, len(whole) // len(SPREAD)), "whole": (ROWS, whole, 1)}
    sides = []
    for name, (rows, files, group) in shapes.items():
        host = workspace.enter(Host(workspace))
        tree = trees.make(workspace.path("tree"), rows, files)
        sides.append((name, host, host.agent(tree, *LONG), group))
    for number in range(options.rounds):
        for name, host, agent, group in turned(sides, number):
            walks = host.walk(agent, mib_root(), walks=group * WALKS)
            for first in range(0, len(walks), group):
                sample = walks[first:first + group]
                for part, suffix in (("wall", ""), ("agent", " agent")):
                    tally.add(name + suffix, sum(per_varbind(walk, part) for walk in sample) / group)


SUITES = [(FULL_WALK, measure_full_walk), (SCALING, measure_scaling)]

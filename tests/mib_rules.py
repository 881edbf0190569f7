"""What holds for every MIB module, each rule a generator of complaints about one."""

import collections
import re

LONGEST_OID, LONGEST_ROOT = 128, 10     # numbers; RFC 2578, 3.5, and configure

# What RDMA-PORT-MIB had before there were these rules: the subagent's own counters say in words that they begin with
# it, and notifications of a port carry a Counter64, which no SNMPv1 trap can. Nothing may be added.
UNTOLD = ("rdmaAgentRefreshes", "rdmaAgentScrapeErrors", "rdmaAgentRefreshTime")
CARRIED = {name: ["rdmaPortLinkDowned"] for name in ("rdmaPortUp", "rdmaPortDown", "rdmaPortFlapped")}

# Where a row has several, the one of its counters.
TOLD_BY = {"rdmaPortCounterEntry": "rdmaPortCounterDiscontinuityTime",
           "rdmaPortHwCounterEntry": "rdmaPortHwCounterDiscontinuityTime",
           "rdmaCounterEntry": "rdmaPortNamedCounterDiscontinuityTime",
           "rdmaDeviceCounterEntry": "rdmaDeviceCounterDiscontinuityTime"}


def has_its_arcs(module, modules):
    """The module is the root or hangs below it by itself, with notifications, objects and conformance as 0, 1 and 2."""
    identity = module.identity
    if identity.name != "rdmaPortMIB":
        if identity.parent != "rdmaPortMIB" or identity.number < 10:
            yield "%s is { %s %d }, not { rdmaPortMIB 10 } or above" % (identity.name, identity.parent, identity.number)
        for other in modules.by_name.values():
            if other is not module and modules.path(other.identity.name) == modules.path(identity.name):
                yield "%s has its number, too" % other.name
    for number, purpose in enumerate(("Notifications", "Objects", "Conformance")):
        name = module.child(identity.name, number)
        if not name or not name.endswith(purpose):
            yield "{ %s %d } is %s, not its %s" % (identity.name, number, name or "missing", purpose.lower())
    for definition in module.definitions.values():
        if definition.parent == identity.name and definition.number > 2:
            yield "%s is { %s %d }" % (definition.name, identity.name, definition.number)


def fits_into_oids(module, modules):
    """The longest name in each table has at most 128 sub-identifiers, whatever the root."""
    for entry in filter(lambda definition: definition.is_entry(), module.of("OBJECT-TYPE")):
        index = modules.index(entry)
        length = LONGEST_ROOT + len(modules.path(entry.name)) + 1 + sum(map(modules.longest_part, index))
        if length > LONGEST_OID:
            yield "%s { %s } has %d, %d too many" % (entry.name, ", ".join(index), length, length - LONGEST_OID)


def has_no_implied(module, _):
    """No index is IMPLIED."""
    for entry in module.of("OBJECT-TYPE"):
        if "IMPLIED" in entry.index:
            yield "%s has INDEX %s" % (entry.name, entry.index)


def told_by(counter, modules):
    """The objects of ours that a counter's text, or its table's, names where it speaks of discontinuities."""
    texts = [counter.description]
    entry = modules.definitions.get(counter.parent)
    if entry and entry.is_entry():
        texts += [entry.description, modules.find(entry.parent).description]
    name = r"\brdma[A-Z]\w*"
    sentences = [sentence for text in texts for sentence in re.split(r"\.(?:\s|$)", text)
                 if "iscontinuit" in re.sub(name, "", sentence)]
    return [found for sentence in sentences for found in re.findall(name, sentence) if found != counter.name]


def is_of_its_row(stamp, counter, modules):
    """A column of the counter's row or of a row that its index begins with; of a scalar, a scalar."""
    rows, own = modules.find(stamp.parent), modules.find(counter.parent)
    if not own.is_entry() or not rows.is_entry():
        return not own.is_entry() and not rows.is_entry()
    beginning = modules.index(rows)
    return modules.index(own)[:len(beginning)] == beginning


def tells_discontinuities(module, modules):
    """Every Counter64 names the TimeStamp that tells of its discontinuities, in its row or in a parent's."""
    for counter in module.leaves():
        if counter.syntax != "Counter64":
            continue
        names = told_by(counter, modules)
        for name in names:
            stamp = modules.definitions.get(name)
            if not stamp or stamp.syntax != "TimeStamp":
                yield "%s names %s, which is no TimeStamp" % (counter.name, name)
            elif not is_of_its_row(stamp, counter, modules):
                yield "%s names %s, which is of another row" % (counter.name, name)
        wanted = TOLD_BY.get(counter.parent)
        if counter.name in UNTOLD:
            if names or "is its only discontinuity" not in counter.description:
                yield counter.name + " is in UNTOLD, but does not say that its start is its only discontinuity"
        elif not names:
            yield counter.name + " names none"
        elif wanted and names != [wanted]:
            yield "%s does not name %s alone" % (counter.name, wanted)


def carries_no_counter64(module, modules):
    """No notification has a Counter64 among its OBJECTS."""
    for notification in module.of("NOTIFICATION-TYPE"):
        counters = [name for name in notification.listed("objects")
                    if modules.base(modules.find(name).syntax)[0] == "Counter64"]
        if counters != CARRIED.get(notification.name, []):
            yield "%s has %s" % (notification.name, ", ".join(counters) or "none: strike it from CARRIED")


def words_of(name):
    """rdmaFamilyLookP50 -> rdma, Family, Look, P50"""
    return re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)


def has_its_prefix(module, modules):
    """Objects and notifications begin with the same two words, with which no other module's names do; the rest so, or
    as the module does."""
    first = "rdma"
    if module.name != "RDMA-PORT-MIB":      # which has all others that begin with rdma
        names = [definition.name for macro in ("OBJECT-TYPE", "NOTIFICATION-TYPE") for definition in module.of(macro)]
        first = collections.Counter("".join(words_of(name)[:2]) for name in names).most_common(1)[0][0]
        for other in modules.by_name.values():
            for name in other.definitions:
                if other is not module and name.startswith(first):
                    yield "%s of %s begins with %s, too" % (name, other.name, first)
    for definition in module.definitions.values():
        beginnings = [first]
        if definition.macro not in ("OBJECT-TYPE", "NOTIFICATION-TYPE"):
            beginnings.append(module.identity.name)
        if not definition.name.startswith(tuple(beginnings)):
            yield "%s does not begin with %s" % (definition.name, " or ".join(beginnings))
    for name in module.conventions:
        if not name.startswith("Rdma"):
            yield "%s does not begin with Rdma" % name


def conforms_by_itself(module, _):
    """One MODULE-COMPLIANCE, with all groups of this module and no other; in these all its objects and no other."""
    compliances = module.of("MODULE-COMPLIANCE")
    if len(compliances) != 1:
        yield "there are %d MODULE-COMPLIANCE" % len(compliances)
    groups = {group.name: group for macro in ("OBJECT-GROUP", "NOTIFICATION-GROUP") for group in module.of(macro)}
    asked = []
    for compliance in compliances:
        for other in re.findall(r"\bMODULE\s+(?!MANDATORY-GROUPS\b|GROUP\b|OBJECT\b)([A-Z][\w-]*)", compliance.body):
            yield "%s speaks of module %s" % (compliance.name, other)
        mandatory = " ".join(re.findall(r"\bMANDATORY-GROUPS\s*\{([^}]*)\}", compliance.body))
        asked += re.findall(r"\w+", mandatory) + re.findall(r"\bGROUP\s+(\w+)", compliance.body)
    for name in asked:
        if name not in groups:
            yield "%s is no group of this module" % name
    for name in groups:
        if name not in asked:
            yield "%s is in no MODULE-COMPLIANCE" % name
    members = [name for group in groups.values() for clause in ("objects", "notifications")
               for name in group.listed(clause)]
    wanted = [leaf.name for leaf in module.leaves() if leaf.max_access != "not-accessible"]
    wanted += [notification.name for notification in module.of("NOTIFICATION-TYPE")]
    for name in sorted(set(members) - set(wanted)):
        yield "%s is in a group and not of this module" % name
    for name in wanted:
        if name not in members:
            yield "%s is in no group" % name


# Each with the sentence that is true of a module that keeps to it.
RULES = [
    (has_its_arcs, "has a number of its own below the root, and .0, .1 and .2 below that"),
    (fits_into_oids, "has no table in which a name can have more than %d sub-identifiers" % LONGEST_OID),
    (has_no_implied, "has no IMPLIED index"),
    (tells_discontinuities, "names for every Counter64 the TimeStamp of its discontinuities, but for those in UNTOLD"),
    (carries_no_counter64, "has no Counter64 in a notification, but for those in CARRIED"),
    (has_its_prefix, "has names that begin as no other module's do"),
    (conforms_by_itself, "has one MODULE-COMPLIANCE, and no group or object of another module in it"),
]

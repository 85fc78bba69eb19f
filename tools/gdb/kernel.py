# SPDX-License-Identifier: MIT
"""What the gdb commands know of the kernel's data: objects, page tables, mapping nodes.

Decides: how a stopped kernel is read. Everything goes by names in the debug information; a name that is gone ends the
command with a message that tells it. Called by quire.py; runs inside of gdb.
"""
import gdb

PRESENT, WRITE, USER, LARGE, NO_EXECUTE = 1, 2, 4, 0x80, 1 << 63
FRAME = 0x000ffffffffff000
CHANGED = "the kernel has changed, tools/gdb/kernel.py has to follow"
MAX_LIST = 100000  # longer lists are taken for loops


def symbol(name):
    """The value of a global or static variable, or an enumeration constant."""
    try:
        return gdb.parse_and_eval(name)
    except gdb.error as error:
        raise gdb.GdbError(f"quire: no symbol '{name}': {CHANGED} ({error})")


def field(value, name):
    """A member of a structure, also of its anonymous parts."""
    try:
        return value[name]
    except (gdb.error, KeyError, TypeError):
        raise gdb.GdbError(f"quire: {value.type.strip_typedefs()} has no member '{name}': {CHANGED}")


def fields(value, path):
    """A member of a member: fields(task, 'mem.root')."""
    for name in path.split("."):
        value = field(value, name)
    return value


def number(value, path):
    return int(fields(value, path))


def struct(name):
    try:
        return gdb.lookup_type("struct " + name)
    except gdb.error:
        raise gdb.GdbError(f"quire: no 'struct {name}': {CHANGED}")


def at(address, name):
    """The structure of this name at an address, read at once."""
    value = gdb.Value(address).cast(struct(name).pointer()).dereference()
    try:
        value.fetch_lazy()
    except gdb.MemoryError:
        raise gdb.GdbError(f"quire: no struct {name} can be read at {address:#x}")
    return value


def address_of(value):
    return int(value.address)


def word_at(address):
    try:
        return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, 8)), "little")
    except gdb.MemoryError:
        raise gdb.GdbError(f"quire: nothing can be read at {address:#x}")


# ---- objects ----

def objects():
    """All kernel objects, in the order in which they were made."""
    found, value = [], symbol("all_objects")
    while int(value) and len(found) < MAX_LIST:
        found.append(at(int(value), "kobject"))
        value = field(found[-1], "all_next")
    return sorted(found, key=lambda one: number(one, "id"))


def kind_of(kobject):
    return fields(kobject, "type").dereference()["name"].string()


def holder(kobject, name):
    """The task, thread, ... that a struct kobject is the head of."""
    offset = next((part.bitpos // 8 for part in struct(name).fields() if part.name == "obj"), None)
    if offset is None:
        raise gdb.GdbError(f"quire: struct {name} has no member 'obj': {CHANGED}")
    return at(address_of(kobject) - offset, name)


def all_of(name):
    """All tasks or threads."""
    return [holder(one, name) for one in objects() if kind_of(one) == name]


def tasks():
    return all_of("task")


def threads():
    return all_of("thread")


def task_number(address):
    """Number of a task in the list, or '-'."""
    numbers = [index for index, one in enumerate(tasks()) if address_of(one) == address]
    return str(numbers[0]) if numbers else "-"


def enum_name(name, value):
    """The name of an enumeration's constant."""
    try:
        return next(part.name for part in gdb.lookup_type("enum " + name).fields() if part.enumval == value)
    except (gdb.error, StopIteration):
        return str(value)


# ---- page tables ----

def page_of(task, va):
    """(entry, address of its slot, class) of the page at an address; None if there is none."""
    table = number(task, "mem.root")
    if not table:
        return None
    direct = table - number(task, "mem.root_phys")
    for level in (3, 2, 1, 0):
        slot = table + (va >> (12 + 9 * level) & 511) * 8
        entry = word_at(slot)
        if not entry & PRESENT:
            return None
        if level == 0 or (level < 3 and entry & LARGE):
            return entry, slot, level
        table = direct + (entry & FRAME)
    return None


def link_of(slot):
    """The word beside an entry: its mapping node, or with bit 0 kernel-user memory."""
    return word_at(slot + int(symbol("PT_ENTRIES")) * 8)


def rights_of(entry):
    return "r" + ("w" if entry & WRITE else "-") + ("-" if entry & NO_EXECUTE else "x")


# ---- mapping nodes ----

def node_class(node):
    return number(node, "key") >> int(symbol("MAPDB_INDEX_BITS"))


def node_index(node):
    return number(node, "key") & ((1 << int(symbol("MAPDB_INDEX_BITS"))) - 1)


def children(node):
    """The direct children, by place in the parent."""
    found, heads = [], [number(node, "children")]
    nothing = int(symbol("&mapdb_none"))
    while heads and len(found) < MAX_LIST:
        address = heads.pop()
        if address == nothing:
            continue
        head = at(address, "mapnode")
        heads += [number(head, "left"), number(head, "right")]
        found.append(head)
        following = number(head, "next")
        while following and len(found) < MAX_LIST:
            found.append(at(following, "mapnode"))
            following = number(found[-1], "next")
    return sorted(found, key=lambda one: (node_index(one), number(one, "space"), number(one, "page")))


def memory_root(phys):
    """sigma0's node that stands for a GiB of physical memory; None: there is no such memory."""
    gib = phys >> 30
    if gib >= int(symbol("n_roots")):
        return None
    return at(int(symbol("roots")) + gib * struct("mapnode").sizeof, "mapnode")


def ancestors(node):
    """The node and all above it, the root last."""
    line = [node]
    while number(line[-1], "parent") and len(line) < MAX_LIST:
        line.append(at(number(line[-1], "parent"), "mapnode"))
    return line


def port_node(task, port):
    """The node of a port in a task; None: it has not got it."""
    if field(task, "is_sigma0"):
        return at(address_of(symbol("io_root")), "mapnode")
    if number(task, "io.all"):
        return at(number(task, "io.all"), "mapnode")
    if not number(task, "io.link"):
        return None
    per_page = int(symbol("PORTS_PER_PAGE"))
    page = word_at(number(task, "io.link") + port // per_page * 8)
    node = word_at(page + port % per_page * 8) if page else 0
    return at(node, "mapnode") if node else None


def slots(task):
    """[(index, struct cap)] of the slots in use."""
    found, directory = [], number(task, "caps.dir")
    per_page, all_slots, size = int(symbol("SLOTS_PER_PAGE")), int(symbol("N_SLOTS")), struct("cap").sizeof
    for page in range(all_slots // per_page if directory else 0):
        table = word_at(directory + page * 8)
        for index in range(per_page if table else 0):
            cap = at(table + index * size, "cap")
            if number(cap, "obj"):
                found.append((page * per_page + index, cap))
    return found

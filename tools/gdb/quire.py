# SPDX-License-Identifier: MIT
"""Commands for gdb about Quire's objects and mappings; `make debug` loads them, `help quire` lists them.

    quire tasks                 quire threads              quire utcb [THREAD]
    quire page TASK ADDRESS     quire frame ADDRESS        quire port TASK NUMBER
    quire caps TASK             quire slot TASK INDEX
    quire fpage WORD            quire item WORD WORD       quire buffer WORD...

Tasks and threads are named by the numbers that the lists give them, in the order in which they were made: task 0 is
sigma0, task 1 the root task. The reading of the kernel's data is in kernel.py, that of words in words.py.
"""
import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kernel  # noqa: E402
import words  # noqa: E402

MAX_LINES = 200


def arguments(text, least, most, usage):
    """The command's arguments as numbers; expressions of gdb are evaluated."""
    parts = gdb.string_to_argv(text)
    if not least <= len(parts) <= most:
        raise gdb.GdbError("usage: " + usage)
    try:
        return [int(gdb.parse_and_eval(part)) & (1 << 64) - 1 for part in parts]
    except gdb.error as error:
        raise gdb.GdbError(f"quire: {error}; usage: {usage}")


def chosen(of, index, what):
    if index >= len(of):
        raise gdb.GdbError(f"quire: there is no {what} {index}; `quire {what}s` lists {len(of)}")
    return of[index]


def task_name(address):
    number = kernel.task_number(address)
    return "sigma0" if number == "0" else f"task {number}"


# ---- trees ----

def describe_page(node):
    """Where a node's page is, its size and rights."""
    task = kernel.at(kernel.number(node, "space"), "task")
    va, order = kernel.number(node, "page") << 12, 12 + 9 * kernel.node_class(node)
    name = task_name(kernel.address_of(task))
    if not kernel.number(node, "parent"):
        return f"{name}: physical {va:#x}, {words.size(order)}"
    found = kernel.page_of(task, va)
    rights = kernel.rights_of(found[0]) + f" frame {found[0] & kernel.FRAME:#x}" if found else "NO PAGE THERE"
    return f"{name} {va:#x} {words.size(order)} {rights}"


def describe_port(node):
    name = task_name(kernel.number(node, "space"))
    return f"{name} port {kernel.number(node, 'page'):#x}" + (" and all others" if kernel.node_class(node) else "")


def draw(node, describe, marked, keep):
    """The node and those below it; keep(node): whether a child of the top is of interest."""
    lines, stack = [], [(node, 0)]
    while stack:
        one, depth = stack.pop()
        mark = "  <--" if marked and kernel.address_of(one) == marked else ""
        lines.append("  " * depth + ("+- " if depth else "") + describe(one) + mark)
        below = [child for child in kernel.children(one) if depth or keep(child)]
        stack += [(child, depth + 1) for child in reversed(below)]
        if len(lines) == MAX_LINES:
            lines.append("...")
            break
    print("\n".join(lines))


def covers(node, first, at):
    """Does a child of a root whose page begins at `first` contain the small page or port `at`?"""
    begin = first + kernel.node_index(node)
    return begin <= at < begin + (1 << 9 * kernel.node_class(node))


def print_frame(phys, marked=0):
    root = kernel.memory_root(phys)
    if root is None:
        raise gdb.GdbError(f"quire: there is no memory at {phys:#x}")
    first = kernel.number(root, "page")
    draw(root, describe_page, marked, lambda child: covers(child, first, phys >> 12))


# ---- commands ----

def command(name):
    """Makes a function a command of gdb; its first line of documentation is the usage."""
    def register(function):
        class Command(gdb.Command):
            __doc__ = function.__doc__

            def __init__(self):
                super().__init__("quire " + name, gdb.COMMAND_DATA)

            def invoke(self, text, from_tty):
                function(text)

        Command()
        return function
    return register


class Prefix(gdb.Command):
    """Tasks, threads, capabilities and mapping trees of a Quire kernel."""

    def __init__(self):
        super().__init__("quire", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


Prefix()


@command("tasks")
def tasks(_):
    """quire tasks: all tasks with their number, what is in their spaces, and the page-table root."""
    current = kernel.number(kernel.symbol("cpu0"), "loaded")
    threads = kernel.threads()
    for index, task in enumerate(kernel.tasks()):
        address = kernel.address_of(task)
        mine = [str(n) for n, one in enumerate(threads) if kernel.number(one, "task") == address]
        print(f"task {index}{' (sigma0)' if kernel.field(task, 'is_sigma0') else ''}: {len(kernel.slots(task))} slots, "
              f"threads {' '.join(mine) or 'none'}, tables at {kernel.number(task, 'mem.root_phys'):#x}"
              + (", loaded" if address == current else "") + (", dying" if kernel.fields(task, "obj.dying") else ""))


def waits_for(thread, threads):
    """The IPC state of a thread in words."""
    state = kernel.enum_name("thread_state", kernel.number(thread, "state"))
    text = words.STATES.get(state, state)
    if state == "T_RECV" and kernel.field(thread, "wait_open"):
        return text + " from anybody"
    if state == "T_RECV":
        partner = kernel.number(thread, "wait_id")
        numbers = [n for n, one in enumerate(threads) if kernel.number(one, "obj.id") == partner]
        return text + (f" from thread {numbers[0]}" if numbers else f" from object id {partner}")
    if state == "T_SEND":
        return text + f" ({words.tag(kernel.number(thread, 'tag'))})"
    return text


@command("threads")
def threads(_):
    """quire threads: all threads with task, priority, IPC state and user registers."""
    everyone = kernel.threads()
    current = kernel.number(kernel.symbol("cpu0"), "cur")
    for index, thread in enumerate(everyone):
        task = kernel.number(thread, "task")
        print(f"thread {index}: {task_name(task) if task else 'not bound'}, priority {kernel.number(thread, 'prio')}, "
              f"{waits_for(thread, everyone)}, ip {kernel.number(thread, 'regs.rip'):#x} "
              f"sp {kernel.number(thread, 'regs.rsp'):#x}"
              + (", current" if kernel.address_of(thread) == current else ""))


def print_buffers(br, first, name):
    """The buffers of one type, up to a word that is none."""
    at = first
    while at < len(br) and br[at] & 8:
        text, used = words.buffer(br[at:])
        print(f"    BR{at} {name}: {text}")
        at += used


@command("utcb")
def utcb(text):
    """quire utcb [THREAD]: tag, items, receive buffers and error word in a thread's UTCB (default: the current one)."""
    everyone = kernel.threads()
    given = arguments(text, 0, 1, "quire utcb [THREAD]")
    current = kernel.number(kernel.symbol("cpu0"), "cur")
    if not given and not current:
        raise gdb.GdbError("quire: no thread is current; usage: quire utcb THREAD")
    thread = chosen(everyone, given[0], "thread") if given else kernel.at(current, "thread")
    if not kernel.number(thread, "utcb"):
        raise gdb.GdbError("quire: this thread is not bound, it has no UTCB")
    u = kernel.at(kernel.number(thread, "utcb"), "utcb")
    tag = kernel.number(thread, "regs.rax")
    mr = [int(kernel.field(u, "mr")[i]) for i in range(63)]
    br = [int(kernel.field(u, "br")[i]) for i in range(58)]
    bdr = kernel.number(u, "bdr")
    print(f"UTCB at {kernel.number(u, 'self'):#x}, error {kernel.number(u, 'error'):#x}")
    print(f"  tag register {tag:#x}: {words.tag(tag)}")
    n = min(tag & 63, 63)
    print("  words:" + "".join(f" {word:#x}" for word in mr[:n]))
    for i in range(tag >> 6 & 63):
        if n + 2 * i + 1 < 63:
            print(f"  item {i + 1}: {words.item(mr[n + 2 * i], mr[n + 2 * i + 1])}")
    print(f"  BDR {bdr:#x}" + (", inherits the FPU" if bdr >> 24 & 1 else ""))
    first = {}
    for shift, name in ((0, "memory"), (5, "ports"), (10, "objects")):
        first.setdefault(bdr >> shift & 31, []).append(name)
    for at, names in first.items():
        print_buffers(br, at, ", ".join(names))


@command("page")
def page(text):
    """quire page TASK ADDRESS: the page at an address of a task, and the mapping tree it is in."""
    number, va = arguments(text, 2, 2, "quire page TASK ADDRESS")
    task = chosen(kernel.tasks(), number, "task")
    found = kernel.page_of(task, va)
    if not found:
        print(f"no page at {va:#x}")
        return
    entry, slot, c = found
    frame = entry & kernel.FRAME
    used = ("accessed " if entry & 0x20 else "") + ("dirty" if entry & 0x40 else "")
    print(f"entry {entry:#x}: frame {frame:#x}, {words.size(12 + 9 * c)}, {kernel.rights_of(entry)} {used}".rstrip())
    link = kernel.link_of(slot)
    if not link:
        print("no node: sigma0's own view of memory" if kernel.field(task, "is_sigma0") else "no node")
    elif link & 1:
        print("kernel-user memory: not in the mapping database")
    else:
        line = kernel.ancestors(kernel.at(link, "mapnode"))
        print("generations above: " + " <- ".join(describe_page(one) for one in line))
        draw(line[-2] if len(line) > 1 else line[0], describe_page, link, lambda _: True)


@command("frame")
def frame(text):
    """quire frame ADDRESS: the mapping tree of a physical page."""
    (phys,) = arguments(text, 1, 1, "quire frame ADDRESS")
    print_frame(phys)


@command("port")
def port(text):
    """quire port TASK NUMBER: whether the task has the port, and the mapping tree of the port."""
    number, which = arguments(text, 2, 2, "quire port TASK NUMBER")
    task = chosen(kernel.tasks(), number, "task")
    if which > 0xffff:
        raise gdb.GdbError("quire: ports are 0 to 0xffff")
    node = kernel.port_node(task, which)
    if node is None:
        print(f"task {number} has no port {which:#x}")
        return
    root = kernel.ancestors(node)[-1]
    draw(root, describe_port, kernel.address_of(node),
         lambda child: kernel.node_class(child) or kernel.node_index(child) == which)


def describe_cap(index, cap):
    kobject = kernel.at(kernel.number(cap, "obj"), "kobject")
    rights = kernel.number(cap, "rights")
    what = kernel.kind_of(kobject)
    if what in ("task", "thread"):
        numbers = [n for n, one in enumerate(kernel.all_of(what))
                   if kernel.number(one, "obj.id") == kernel.number(kobject, "id")]
        what += f" {numbers[0]}" if numbers else ""
    print(f"slot {index:#x}: {words.rights(3, rights & 15)}{' weak' if rights & 0x10 else ''}"
          f"{' control ' + hex(rights & 0xe0) if rights & 0xe0 else ''} {what}, id {kernel.number(kobject, 'id')}, "
          f"{kernel.number(kobject, 'counted')} counted slots"
          + (", dying" if kernel.field(kobject, "dying") else ""))
    return kobject


@command("caps")
def caps(text):
    """quire caps TASK: all slots in use of a task."""
    (number,) = arguments(text, 1, 1, "quire caps TASK")
    for index, cap in kernel.slots(chosen(kernel.tasks(), number, "task")):
        describe_cap(index, cap)


@command("slot")
def slot(text):
    """quire slot TASK INDEX: a capability slot, and every other slot that holds the same object."""
    number, which = arguments(text, 2, 2, "quire slot TASK INDEX")
    everyone = kernel.tasks()
    found = dict(kernel.slots(chosen(everyone, number, "task"))).get(which)
    if found is None:
        print(f"slot {which:#x} of task {number} is empty")
        return
    kobject = describe_cap(which, found)
    for n, task in enumerate(everyone):
        for index, cap in kernel.slots(task):
            if kernel.number(cap, "obj") == kernel.address_of(kobject):
                print(f"  in {'sigma0' if not n else f'task {n}'} slot {index:#x}: "
                      f"{words.rights(3, kernel.number(cap, 'rights') & 15)}")


@command("fpage")
def fpage(text):
    """quire fpage WORD: a flexpage in words."""
    print(words.fpage(*arguments(text, 1, 1, "quire fpage WORD")))


@command("item")
def item(text):
    """quire item WORD WORD: a send item in words."""
    print(words.item(*arguments(text, 2, 2, "quire item WORD WORD")))


@command("buffer")
def buffer(text):
    """quire buffer WORD [WORD [WORD]]: a receive buffer in words."""
    print(words.buffer(arguments(text, 1, 3, "quire buffer WORD [WORD [WORD]]"))[0])

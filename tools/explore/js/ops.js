// SPDX-License-Identifier: MIT
// Divides a trace into operations, and these into chapters (the lines of the scenario's script).
// Decides: an operation is a run of events of one thread up to the end of its system call, its page fault, or the next
// thread; it matters when it changes a tree, a table or an object. Called by main.js; calls util.js.

const OPENS = new Set(["syscall", "fault", "exception"]);
const CLOSES = new Set(["syscall-end", "fault-end"]);
const SWITCHES = new Set(["switch", "tlb-all"]);  // an operation of their own, of no thread
const MATTERS = new Set([
  "item-begin", "unmap-begin", "node-add", "node-del", "node-move", "slot", "port", "pte", "obj-new", "obj-kill",
  "gate-bind", "node-roots"
]);
const PROGRAM_START = "(before the script)";

// [{number, from, to (both included), thread, opened (the event it began with, of a continued call too), matters,
// chapter,
//   items: [{first: from sigma0 or the root task, supply: from sigma0 to the root task}],
//   unmaps, made, faults: how many flexpages were unmapped, objects made, page faults of other tasks than these two}]
function operations(events) {
  const list = [];
  const tasks = events.filter((e) => e.name === "obj-new" && e.f.type === "task").map((e) => e.f.id);
  const home = new Map(events.filter((e) => e.name === "bind").map((e) => [num(e.f.thread), e.f.task]));
  const first = (task) => task === tasks[0] || task === tasks[1];
  const open = new Map();  // thread: the call that it is in
  let current = null;
  for (const event of events) {
    if (OPENS.has(event.name)) open.set(event.thread, event);
    const thread = SWITCHES.has(event.name) ? 0 : event.thread;
    if (!current || current.thread !== thread || OPENS.has(event.name) || CLOSES.has(events[current.to].name)) {
      const opened = open.get(thread) || null;
      current = {
        number: list.length,
        from: event.index,
        to: event.index,
        thread,
        opened,
        matters: false,
        chapter: 0,
        items: [],
        unmaps: 0,
        made: 0,
        faults: 0
      };
      current.continued = Boolean(opened && opened !== event);
      list.push(current);
    }
    current.to = event.index;
    current.matters = current.matters || MATTERS.has(event.name) || current.faults > 0;
    if (event.name === "item-begin") {
      const {from, to} = event.f;
      current.items.push({first: first(from), supply: from === tasks[0] && to === tasks[1]});
    }
    current.unmaps += event.name === "unmap-begin";
    current.made += event.name === "obj-new";
    current.faults += event.name === "fault" && !first(home.get(event.thread));
    event.op = current.number;
    if (event.name === "syscall-end" || event.name === "fault-end") open.delete(event.thread);
  }
  return list;
}

// Puts each operation into its chapter: marks are [{seq, text, output, comment}] in order, seq: the first event behind
// it.
function chapters(ops, events, marks) {
  const list = [{number: 0, text: PROGRAM_START, output: [], seq: 0}];
  for (const mark of marks) list.push({number: list.length, ...mark});
  for (const op of ops) {
    op.chapter = lastWhere(list, (chapter) => chapter.seq <= events[op.from].seq);
    const chapter = list[op.chapter];
    if (chapter.from === undefined) chapter.from = op.from;
    chapter.to = op.to;
    // What the programs of the script's world do to get their own memory is no step of the script.
    op.supply = Boolean(chapter.number && op.items.length && op.items.every((item) => item.supply));
    if (weight(op, chapter) >= weight(chapter.main, chapter)) chapter.main = op;
  }
  return list;
}

// How much an operation stands for its chapter; the last of those with the most does. (A command of the playground
// first gets memory from sigma0, and capabilities to where they are needed.)
function weight(op, chapter) {
  if (!op) return -1;
  if (op.supply || !op.matters) return 0;
  const kind = KINDS[command(chapter)];
  return kind && Number(op[kind].length ?? op[kind]) ? 3 : op.items.length || op.unmaps || op.faults ? 2 : 1;
}

// What a command is about; the helper thread of a task takes further calls.
const KINDS = {
  map: "items",
  send: "items",
  grant: "items",
  unmap: "unmaps",
  delete: "unmaps",
  read: "faults",
  write: "faults",
  task: "made",
  gate: "made",
  irq: "made",
  sem: "made"
};

// The command word of a chapter's line: map, grant, unmap, send, ...
const command = (chapter) => (chapter.text.match(/^(\w+)/) || ["", ""])[1];

// Where a reader begins: the main operation of the first chapter that sends, else grants or takes, else maps; without a
// script the first item that neither sigma0 nor the root task sends.
function goodStart(ops, events, list) {
  for (const wanted of [["send"], ["grant", "unmap"], ["map"]]) {
    const chapter = list.find((one) => wanted.includes(command(one)) && weight(one.main, one) === 3);
    if (chapter) return chapter.main.to + 1;
  }
  const first = ops.find((op) => op.items.some((item) => !item.first));
  return first ? first.to + 1 : Math.min(1, events.length);
}

// Names of objects: given through the debugger object, else by the script's line that made them, else by their order.
function objectNames(events, ops, list) {
  const names = new Map();
  const tasks = events.filter((e) => e.name === "obj-new" && e.f.type === "task").map((e) => num(e.f.id));
  if (tasks.length) names.set(tasks[0], "sigma0");
  if (tasks.length > 1) names.set(tasks[1], "root");
  for (const chapter of list) {
    const words = chapter.text.split(" ");
    if (!["task", "gate", "irq", "sem"].includes(words[0]) || chapter.from === undefined) continue;
    const type = {sem: "semaphore"}[words[0]] || words[0];
    const made = events.slice(chapter.from, chapter.to + 1).find((e) => e.name === "obj-new" && e.f.type === type);
    if (made) names.set(num(made.f.id), words[1]);
  }
  for (const e of events) {
    if (e.name === "obj-name") names.set(num(e.f.id), plain(e.f.name));
  }
  // Programs that print their own name before what they say.
  const home = new Map(events.filter((e) => e.name === "bind").map((e) => [num(e.f.thread), num(e.f.task)]));
  for (const {text, thread} of list) {
    const said = text.match(/^(\w+) +\| /);
    if (said && home.has(thread) && !names.has(home.get(thread))) names.set(home.get(thread), said[1]);
  }
  // A thread is known by its task.
  const count = new Map();
  for (const e of events) {
    if (e.name !== "bind" || names.has(num(e.f.thread)) || !num(e.f.task)) continue;
    const task = names.get(num(e.f.task)) || "task " + num(e.f.task);
    const number = (count.get(e.f.task) || 0) + 1;
    count.set(e.f.task, number);
    names.set(num(e.f.thread), task + (number > 1 ? "." + number : ""));
  }
  return names;
}

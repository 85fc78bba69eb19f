// SPDX-License-Identifier: MIT
// The kernel's state at every step of a trace.
// Decides what each event changes. At load every event's changes are worked out once and kept as a journal of
// {table, key, before, after}; stepping forward writes `after`, stepping backward writes `before`. So a step costs as
// much as the event changed, and going back gives exactly the state that was there.
// Values in the tables are never modified, only replaced. Called by main.js and the views; calls subject.js, rules.js,
// util.js.

class Trace {
  // text: the lines of a trace without its first; the final dump is left out.
  constructor(text) {
    this.events = [];
    for (const line of text.split("\n")) {
      const words = line.split(" ");
      if (words.length < 5 || words[3].startsWith("dump-")) continue;
      const f = {};
      for (const word of words.slice(4)) {
        const equals = word.indexOf("=");
        if (equals > 0) f[word.slice(0, equals)] = word.slice(equals + 1);
      }
      this.events.push({
        index: this.events.length,
        seq: num(words[0]),
        time: num(words[1]),
        thread: num(words[2]),
        name: words[3],
        f,
        line
      });
    }
  }
}

class State {
  constructor(events) {
    this.events = events;
    this.tables = new Map();
    this.roots = [];
    this.journal = [];
    this.at = 0;             // so many events have happened
    const item = new Map();  // thread: the item it is at
    for (const event of events) {
      this.changes = [];
      if (event.name === "item-begin") item.set(event.thread, event.f);
      const now = item.get(event.thread);
      if (now && (event.name === "step" || event.name === "item-range"))
        [event.from, event.kind] = [num(now.from), now.kind];
      if (event.f.node) event.node = this.get("nodes", event.f.node);
      event.rule = ruleOf(this, event, item.get(event.thread));
      const rule = CHANGES[event.name];
      if (rule) rule(this, event.f, event);
      this.journal.push(this.changes);
      this.at++;
      event.subject = subjectOf(this, event);
      if (event.name === "item-end") item.delete(event.thread);
    }
  }

  table(name) {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = new Map()));
    return table;
  }

  get(name, key) {
    const table = this.tables.get(name);
    return table && table.get(key);
  }

  // Replace a value (undefined: remove it) and note that.
  set(name, key, after) {
    const before = this.get(name, key);
    if (before === undefined && after === undefined) return;
    this.changes.push({table: name, key, before, after});
    this.write(name, key, after);
  }

  write(name, key, value) {
    if (value === undefined)
      this.table(name).delete(key);
    else
      this.table(name).set(key, value);
  }

  update(name, key, values) { this.set(name, key, {...(this.get(name, key) || {id: key}), ...values}); }

  // The state after `count` events.
  go(count) {
    count = Math.max(0, Math.min(count, this.events.length));
    for (; this.at < count; this.at++) {
      for (const c of this.journal[this.at]) this.write(c.table, c.key, c.after);
    }
    for (; this.at > count; this.at--) {
      const changes = this.journal[this.at - 1];
      for (let i = changes.length - 1; i >= 0; i--) this.write(changes[i].table, changes[i].key, changes[i].before);
    }
  }

  // The node at this address, also one of sigma0's roots, which stand in no table; undefined if there is none.
  node(id) {
    const found = this.get("nodes", id);
    if (found) return found;
    const address = big(id);
    for (const root of this.roots) {
      const offset = address - root.first;
      if (offset < 0n || offset % root.stride || offset / root.stride >= BigInt(root.count)) continue;
      const va = Number(offset / root.stride) * 2 ** root.order;
      return {
        id,
        key: id,
        parent: null,
        space: root.space,
        kind: root.kind,
        va,
        order: root.order,
        depth: -1,
        phys: va,
        root: true
      };
    }
    return undefined;
  }

  // The page or port of a space that holds this address.
  nodeAt(space, kind, va) {
    for (const order of kind === "mem" ? [12, 21, 30] : [0, 16]) {
      const id = this.get("where", space + " " + kind + " " + Math.floor(va / 2 ** order) * 2 ** order);
      const node = id && this.node(id);
      if (node && node.va <= va && va < node.va + 2 ** node.order) return node;
    }
    return undefined;
  }

  // Everything as lines of text, sorted: what the tests compare.
  text() {
    const lines = [];
    for (const [name, table] of this.tables) {
      const [kind, space] = name.split(" ");
      for (const [key, value] of table) {
        if (kind === "nodes")
          lines.push(`node ${key} ${value.parent} ${value.space} ${value.kind} ${hex(value.va)} ${value.order}`);
        if (kind === "pages") lines.push(`page ${space} ${hex(value.va)} ${value.order} ${value.entry}`);
        if (kind === "slots") lines.push(`slot ${space} ${hex(value.index)} ${value.object} ${value.rights}`);
        if (kind === "ports")
          value.forEach(([first, end]) => lines.push(`port ${key} ${hex(first)} ${hex(end - first)}`));
        if (kind === "objects") lines.push(`object ${key} ${value.type}${value.dead ? " dead" : ""}`);
        if (kind === "quota") lines.push(`quota ${key} ${value.used} ${value.limit}`);
      }
    }
    return lines.sort().join("\n");
  }
}

// Sorted ranges [first, end) with this one added or taken out.
function changeRanges(ranges, first, end, on) {
  const kept = [];
  for (const [a, b] of ranges) {
    if (a < first) kept.push([a, Math.min(b, first)]);
    if (b > end) kept.push([Math.max(a, end), b]);
  }
  if (on) kept.push([first, end]);
  kept.sort((x, y) => x[0] - y[0]);
  const joined = [];
  for (const [a, b] of kept) {
    const last = joined[joined.length - 1];
    if (last && last[1] >= a)
      last[1] = Math.max(last[1], b);
    else
      joined.push([a, b]);
  }
  return joined;
}

const where = (node) => node.space + " " + node.kind + " " + node.va;

// What an event changes: (state, fields, event).
const CHANGES = {
  "obj-new": (s, f) => s.update("objects", num(f.id), {type: f.type, factory: num(f.factory), root: f.root}),
  "obj-kill": (s, f) => s.update("objects", num(f.id), {dead: true}),
  "obj-del": (s, f) => ["objects", "quota"].forEach((table) => s.set(table, num(f.id), undefined)),
  "obj-name": (s, f) => s.update("objects", num(f.id), {name: f.name}),
  "bind": (s, f) => s.update("objects", num(f.thread), {task: num(f.task), utcb: f.utcb}),
  "start": (s, f) => s.update("objects", num(f.thread), {state: "ready"}),
  "gate-bind": (s, f) => s.update("objects", num(f.gate), {bound: num(f.thread), label: f.label}),
  "ipc-block": (s, f) => s.update(
      "objects", num(f.thread), {state: f.phase === "send" ? "sending" : "receiving", partner: num(f.partner)}),
  "ipc-done": (s, f) => [f.snd, f.rcv].forEach(
      (id) => s.get("objects", num(id)) && s.update("objects", num(id), {state: "ready"})),
  "ipc-fail": (s, f) => s.update("objects", num(f.thread), {state: "ready"}),
  "switch": (s, f) => s.set("now", "thread", num(f.to)),
  "quota": (s, f) => s.set("quota", num(f.factory), {used: num(f.used), limit: num(f.limit)}),
  "node-roots": (s, f) => s.roots.push({
    kind: f.kind,
    space: num(f.space),
    first: big(f.first),
    stride: big(f.stride),
    count: num(f.count),
    order: num(f.order)
  }),
  "node-add": (s, f, event) => {
    const node = {
      id: f.node,
      key: f.node + "#" + event.seq,  // the address can come again
      parent: f.parent,
      parentKey: (s.node(f.parent) || {}).key,
      space: num(f.space),
      kind: f.kind,
      va: num(f.va),
      order: num(f.order),
      depth: num(f.depth),
      phys: f.kind === "mem" ? num(f.phys) : num(f.va),
      since: event.index,
    };
    event.parent = s.node(f.parent);  // as it is now; it may move or go later
    s.set("nodes", f.node, node);
    s.set("where", where(node), f.node);
  },
  "node-del": (s, f) => {
    const node = s.get("nodes", f.node);
    if (node && s.get("where", where(node)) === f.node) s.set("where", where(node), undefined);
    s.set("nodes", f.node, undefined);
  },
  "node-move": (s, f) => {
    const node = s.get("nodes", f.node);
    if (!node) return;
    const moved = {...node, space: num(f.space), va: num(f.va)};
    if (s.get("where", where(node)) === f.node) s.set("where", where(node), undefined);
    s.set("nodes", f.node, moved);
    s.set("where", where(moved), f.node);
  },
  "pte": (s, f) => {
    const entry = big(f.new) & 1n ? {va: num(f.va), order: num(f.order), entry: f.new} : undefined;
    s.set("pages " + num(f.space), num(f.va), entry);
  },
  "slot": (s, f) => {
    const full = num(f.new) ? {index: num(f.index), object: num(f.new), rights: f.rights} : undefined;
    s.set("slots " + num(f.space), num(f.index), full);
  },
  "port": (s, f) => {
    const first = num(f.first);
    const ranges = changeRanges(s.get("ports", num(f.space)) || [], first, first + num(f.count), num(f.on));
    s.set("ports", num(f.space), ranges.length ? ranges : undefined);
  },
};

// SPDX-License-Identifier: MIT
// Headlines of operations: one line that says what a system call, fault or message did as a whole.
// Called by timeline.js and main.js; calls explain.js.

// {title, effects: [short texts]} of an operation; the result is kept, since it does not depend on the step.
function describeOperation(op, events, words) {
  if (op.headline) return op.headline;
  const inside = events.slice(op.from, op.to + 1);
  const of = (name) => inside.filter((e) => e.name === name);
  const first = inside[0];
  const items = of("item-begin");
  const unmaps = of("unmap-begin");
  const transfer = of("ipc-transfer")[0];
  let title;
  if (unmaps.length) {
    const {f} = unmaps[0];
    const {type, order, rights} = fpageParts(big(f.fpage));
    title = "unmap: " + words.place(f.space, f.kind, f.src) + ", " + (type === 1 ? size(order) + " " : "") +
        rightsText(type, rights) + (big(f.mask) >> 31n & 1n ? ", with itself" : "") +
        (unmaps.length > 1 ? " and " + (unmaps.length - 1) + " more" : "");
  } else if (items.length) {
    const f = items[0].f;
    const grant = big(f.w0) & 2n;
    title = (f.via === "ipc" ? "message with " + many(items.length, "item")
                 : grant     ? "grant"
                             : "map") +
        ": " + words.name(f.from) + " \u2192 " + words.name(f.to);
  } else if (op.opened && op.opened.name === "fault") {
    title = "page fault of " + words.name(op.thread) + " at " + op.opened.f.addr;
  } else if (op.opened && op.opened.name === "exception") {
    title = "exception of " + words.name(op.thread);
  } else if (transfer) {
    const kind = transfer.f.kind;
    title = (kind === "user" ? "message" : kind + " message") + ": " + words.name(transfer.f.snd) + " \u2192 " +
        words.name(transfer.f.rcv);
  } else if (op.opened) {
    title = words.name(op.thread) + ": " + callText(op.opened.f, of("obj-new")[0], words);
  } else if (first.name === "switch") {
    title = "the processor goes to " + (num(first.f.to) ? words.name(first.f.to) : "idle");
  } else {
    title = op.thread ? words.name(op.thread) + " runs" : "the kernel itself";
  }
  if (op.continued && !items.length && !unmaps.length && !transfer) title += " (goes on)";
  op.headline = {title, effects: effects(inside), first};
  return op.headline;
}

function callText(f, made, words) {
  if (made)
    return "makes " + made.f.type + (words.names.get(num(made.f.id)) ? " " + words.names.get(num(made.f.id)) : "");
  const label = Number(BigInt.asIntN(48, big(f.tag) >> 16n));
  if (f.type === "log") return "prints";
  if (f.type === "thread" && label === -12) return "thread control of " + words.name(f.object);
  if (["thread", "gate", "reply", "self"].includes(f.type)) {
    return (opText(Number(big(f.sel) & 15n)) || "nothing") +
        (f.type === "self"        ? " on itself"
             : f.type === "reply" ? ""
                                  : " (" + words.name(f.object) + ")");
  }
  return f.type + " call" + (num(f.object) ? " to " + words.name(f.object) : "");
}

const TOLD = new Set(["pte", "slot", "port", "node-move", "obj-kill"]);
const MAX_TOLD = 3;

// The changes of an operation as sentences, the first few of them; "" if it did nothing of that kind.
function summary(op, events, words) {
  const inside = events.slice(op.from, op.to + 1);
  const told = runs(inside.filter((e) => TOLD.has(e.name)));
  if (!told.length) return op.items.length || op.unmaps ? "No page, slot or port changed." : "";
  const lines = told.slice(0, MAX_TOLD).map((run) => (run.length > 1 ? runText(run, words) : words.event(run[0])));
  if (told.length > MAX_TOLD) lines.push("And " + many(told.length - MAX_TOLD, "more change") + ".");
  return lines.join(" ");
}

// Puts events together that do the same to neighbours: new pages with frames in a row, ports that open or close.
function runs(list) {
  const found = [];
  for (const e of list) {
    const run = found[found.length - 1];
    const before = run && run[run.length - 1];
    if (before && before.name === e.name && before.f.space === e.f.space && follows(before.f, e.f))
      run.push(e);
    else
      found.push([e]);
  }
  return found;
}

function follows(a, b) {
  if (a.first !== undefined) return a.on === b.on && num(a.first) + num(a.count) === num(b.first);
  const bytes = 2 ** num(a.order);
  return a.va !== undefined && a.order === b.order && num(a.va) + bytes === num(b.va) && !(big(a.old) & 1n) &&
      !(big(b.old) & 1n) && big(a.new) + BigInt(bytes) === big(b.new);
}

function runText(run, words) {
  const f = run[0].f;
  if (f.first !== undefined) {
    const last = run[run.length - 1].f;
    return "Ports " + f.first + " to " + hex(num(last.first) + num(last.count) - 1) +
        (num(f.on) ? " open for " : " closed for ") + words.name(f.space) + ".";
  }
  return words.place(f.space, "mem", f.va) + " and what follows gets " + run.length + " pages: " + size(num(f.order)) +
      " " + words.entry(f.new) + ", frames from " + hex(big(f.new) & 0xffffffffff000n) + ".";
}

// The event whose line of the kernel stands for the whole operation: its last change, else its last event.
function mainEvent(op, events) {
  const inside = events.slice(op.from, op.to + 1);
  return inside.filter((e) => ["step", "pte", "slot", "port", "node-del", "node-move"].includes(e.name)).pop() ||
      events[op.to];
}

// What changed, counted: "+1 page", "-2 nodes".
function effects(inside) {
  const count = {};
  const add = (what) => (count[what] = (count[what] || 0) + 1);
  for (const {name, f} of inside) {
    if (name === "pte")
      add(!(big(f.new) & 1n) ? "\u2212page" : !(big(f.old) & 1n) ? "+page" : "~page");
    else if (name === "slot")
      add(num(f.new) ? "+slot" : "\u2212slot");
    else if (name === "port")
      add(num(f.on) ? "+port" : "\u2212port");
    else if (name === "node-move")
      add("moved node");
    else if (name === "obj-new")
      add("+" + f.type);
    else if (name === "obj-kill")
      add("\u2212object");
    else if (name === "step" && (f.did === "skip" || f.did === "refuse"))
      add(f.why || f.did);
    else if (name === "item-end" && f.result !== "mapped")
      add(f.result);
    else if (name === "quota" && f.refused)
      add("quota used up");
  }
  return Object.entries(count).map(([what, n]) => {
    const sign = what.match(/^([+\u2212~])(.*)/);
    return sign ? sign[1] + many(n, sign[2]) : n > 1 ? n + "\u00d7 " + what : what;
  });
}

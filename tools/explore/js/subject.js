// SPDX-License-Identifier: MIT
// Which frame, port or object a step is about, so that the drawing can follow.
// Called by state.js for each event at load (what an address means may change later), and by main.js; calls util.js.

const MAX_UNION = 2 ** 18;  // bytes: several pages of one operation are drawn together up to this

const memory = (first, order) => ({kind: "mem", first: Math.floor(first / 2 ** order) * 2 ** order, size: 2 ** order});

// {kind, first, size} or null. state: after the event.
function subjectOf(state, event) {
  const f = event.f;
  switch (event.name) {
    case "node-add":
      return f.kind === "mem" ? memory(num(f.phys), num(f.order))
                              : {kind: "io", first: num(f.va), size: 2 ** num(f.order)};
    case "node-del":
    case "node-move":
      return event.node ? (event.node.kind === "mem" ? memory(event.node.phys, event.node.order)
                                                     : {kind: "io", first: event.node.va, size: 2 ** event.node.order})
                        : null;
    case "pte":
      return memory(Number(big(big(f.new) & 1n ? f.new : f.old) & 0xffffffffff000n), num(f.order));
    case "slot":
      return {kind: "obj", first: num(f.new) || num(f.old), size: 1};
    case "obj-kill":
    case "gate-bind":
      return {kind: "obj", first: num(f.id || f.gate), size: 1};
    case "step":
      return subjectAt(state, f.kind, event.from, num(f.src), num(f.order));
    case "item-range":
      return subjectAt(state, event.kind, event.from, num(f.src), 12);
    case "unmap-begin":
      return subjectAt(state, f.kind, num(f.space), num(f.src), 12);
    default:
      return null;
  }
}

// What a space has at an address.
function subjectAt(state, kind, space, at, order) {
  if (kind === "obj") {
    const slot = state.get("slots " + space, at);
    return slot ? {kind, first: slot.object, size: 1} : null;
  }
  if (kind === "io") return {kind, first: at, size: 1};
  if (state.roots.some((root) => root.space === space && root.kind === "mem")) return memory(at, Math.max(order, 12));
  const node = state.nodeAt(space, "mem", at);
  if (!node) return null;
  return memory(node.phys + at - node.va, Math.min(Math.max(order, 12), node.order));
}

// Of the step: that of its event or the last before it. At the end of an operation all its pages together, if they are
// near each other.
function subjectAtStep(events, ops, at) {
  for (let i = at - 1; i >= 0; i--) {
    const subject = events[i].subject;
    if (!subject) continue;
    const op = ops[events[i].op];
    if (at - 1 < op.to || subject.kind === "obj") return subject;
    let [first, end] = [subject.first, subject.first + subject.size];
    for (let j = op.from; j < i; j++) {
      const other = events[j].subject;
      if (!other || other.kind !== subject.kind || ["step", "item-range", "unmap-begin"].includes(events[j].name))
        continue;
      first = Math.min(first, other.first);
      end = Math.max(end, other.first + other.size);
    }
    return end - first <= Math.max(MAX_UNION, subject.size) ? {kind: subject.kind, first, size: end - first} : subject;
  }
  return null;
}

function subjectText(subject, words) {
  if (subject.kind === "obj") return words.name(subject.first);
  if (subject.kind === "io") return "port " + hex(subject.first);
  const order = Math.log2(subject.size);
  return "frame " + hex(subject.first) +
      (subject.size === 4096 ? "" : ", " + (Number.isInteger(order) ? size(order) : hex(subject.size) + " bytes"));
}

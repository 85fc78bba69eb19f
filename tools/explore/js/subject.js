// SPDX-License-Identifier: MIT
// Which frame, port or object a step is about, so that the drawing can follow.
// Called by state.js for each event at load (what an address means may change later), and by main.js; calls util.js.

const MAX_RANGES = 3;
// Events about what is asked for, not what changed.
const ASKED = new Set(["step", "item-range", "unmap-begin", "fault"]);

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
    case "fault":
      return subjectAt(state, "mem", (state.get("objects", event.thread) || {}).task, num(f.addr), 12);
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

// Of the step: that of its event or the last before it. At the end of an operation all frames that it changed, the last
// ones first, up to MAX_RANGES places that lie apart.
function subjectAtStep(events, ops, at) {
  for (let i = at - 1; i >= 0; i--) {
    const subject = events[i].subject;
    if (!subject) continue;
    const op = ops[events[i].op];
    if (op.supply && op !== ops[events[at - 1].op]) continue;
    if (at - 1 < op.to || subject.kind === "obj") return subject;
    let ranges = [[subject.first, subject.first + subject.size]];
    for (let j = i - 1; j >= op.from; j--) {
      const other = events[j].subject;
      if (!other || other.kind !== subject.kind || ASKED.has(events[j].name)) continue;
      const more = changeRanges(ranges, other.first, other.first + other.size, true);
      if (more.length <= MAX_RANGES) ranges = more;
    }
    return {...subject, ranges};
  }
  return null;
}

function subjectText(subject, words) {
  if (subject.kind === "obj") return words.name(subject.first);
  const unit = subject.kind === "io" ? "port " : "frame ";
  return (subject.ranges || [[subject.first, subject.first + subject.size]])
      .map(([first, end]) => {
        const order = Math.log2(end - first);
        const one = end - first === (subject.kind === "io" ? 1 : 4096);
        return unit + hex(first) + (one ? "" : Number.isInteger(order) ? ", " + size(order) : " to " + hex(end - 1));
      })
      .join(" and ");
}

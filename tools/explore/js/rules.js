// SPDX-License-Identifier: MIT
// Which rule decided an event. The kernel names it where it takes a decision of its own; for the rest it follows from
// the event and the state before it. Called by state.js once for each event; calls window.js, words.js.

// The rule's number or "". item: fields of the thread's current item, or undefined; state: before the event.
function ruleOf(state, event, item) {
  const f = event.f;
  if (event.name === "step" && f.did === "replace") return replaceRule(state, f, item);
  if (f.rule && f.rule !== "-") return f.rule;
  switch (event.name) {
    case "item-range":
      return item ? windowRule(item) : "";
    case "step":
      return {
        mem: {map: "M-6", grant: "M-31"},
        obj: {map: "M-60", grant: "M-61"},
        io: {map: "M-52", grant: "M-52"}
      }[f.kind]?.[f.did] ||
          "";
    case "node-move":
      return "M-31";
    case "unmap-begin":
      return unmapRule(f);
    case "unmap-end":
      return num(f.usage) ? "M-46" : "";
    case "obj-new":
      return f.type === "task" || f.type === "thread" ? "M-75" : "M-59";
    case "obj-kill":
      return "M-73";
    case "quota":
      return f.refused ? "M-75" : "";
    case "node-roots":
      return "M-5";
    case "fault":
      return "I-52";
    case "syscall":
      return num(f.object) || f.type === "self" || f.type === "reply" ? "" : "I-10";
    default:
      return "";
  }
}

function windowRule(item) {
  if (!item.window) return "";
  const m = arithmetic(big(item.w0), big(item.w1), big(item.window));
  return !m.ok ? "F-12" : m.ports ? "EX-7" : {larger: "EX-3", smaller: "EX-2"}[m.relation] || "";
}

// What is in the way goes: is it the source itself or one of its ancestors?
function replaceRule(state, f, item) {
  if (f.kind === "obj" || !item) return "M-63";
  const target = state.nodeAt(num(item.to), f.kind, num(f.dst));
  let node = state.nodeAt(num(item.from), f.kind, num(f.src));
  while (node && target) {
    if (node.id === target.id) return "M-21";
    node = node.parent && state.node(node.parent);
  }
  return "M-20";
}

function unmapRule(f) {
  const rights = Number(big(f.fpage) & 15n);
  const self = big(f.mask) >> 31n & 1n;
  if (f.kind === "obj") return !self ? "M-67" : rights & 4 ? "M-68" : "M-69";
  if (f.kind === "io") return "M-54";
  return rights & 4 ? "M-39" : "M-38";
}

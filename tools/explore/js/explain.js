// SPDX-License-Identifier: MIT
// Says in words what an event or an operation did. Decides the sentences; the texts of the rules come with the page.
// Called by main.js and timeline.js; calls words.js, util.js.

// Why nothing, or less, was mapped (the word after why=).
const WHY = {
  "void": "The item is void: two empty words. It moves nothing and uses no buffer.",
  "no-map-bit": "The item's bit 3 is not set, so it is no map item.",
  "no-buffer": "The receiver has no (further) receive buffer of this type.",
  "type-mismatch": "Item and window are of different types. That is no error, but nothing is mapped.",
  "not-aligned": "The order is below 12: less than a page. Such an item is passed over.",
  "beyond-space": "The range lies beyond the end of the space.",
  "no-source": "The sender has nothing there.",
  "ku-mem": "It is memory that the kernel shares with the task (a UTCB). It has no node and cannot be mapped.",
  "no-rights": "Of the rights that the item asks for the sender has none.",
  "sigma0-has-all": "sigma0 holds everything already.",
  "no-task": "The capability that the window names for its target is no task, or lacks the right W.",
  "no-memory": "There was no memory, or no quota left, for the node or the page table.",
  "depth": "The chain of mappings has reached its greatest depth.",
  "same-task": "Sender and receiver are one task, and the buffer asks for local ids.",
  "own-gate": "The capability is a gate that leads to the receiver's own task, and the buffer asks for local ids.",
  "dying": "The receiving task is being destroyed.",
};
const SPACES = {
  mem: "page",
  io: "port",
  obj: "slot"
};

class Words {
  // names: of objects that have one; rules: {"M-21": "text"}.
  constructor(names, rules, events) {
    this.names = names;
    this.rules = rules;
    this.types = new Map(events.filter((e) => e.name === "obj-new").map((e) => [num(e.f.id), e.f.type]));
  }

  // The name of an object; tasks and threads by their names, others with their type.
  name(id) {
    id = num(id);
    if (!id) return "nobody";
    return this.names.get(id) || (this.types.get(id) || "object") + " " + id;
  }

  // a 0x1000000
  place(space, kind, at) {
    const unit = kind === "io" ? "port " : kind === "obj" ? "slot " : "";
    return this.name(space) + " " + unit + hex(num(at));
  }

  rights(kind, bits) { return rightsText({mem: 1, io: 2, obj: 3}[kind], Number(bits)); }

  // rwx of a page-table entry.
  entry(entry) {
    const word = big(entry);
    return "r" + (word & 2n ? "w" : "-") + (word >> 63n ? "-" : "x");
  }

  event(event) {
    const say = SENTENCES[event.name];
    return say ? say(this, event.f, event) : event.name;
  }

  ruleText(rule) { return this.rules[rule] || ""; }
}

const pages = (f) => (f.kind === "mem" || f.order ? size(num(f.order)) : "1");
const OP_WORDS = [[8, "reply"], [1, "send"], [4, "wait for anybody"], [2, "receive"]];
const opText = (op) => OP_WORDS.filter(([bit]) => op & bit && !(bit === 2 && op & 4) && !(bit === 1 && op & 8))
                           .map(([, word]) => word)
                           .join(", then ");

// What a thing of this kind is called when so many units are meant.
function amount(kind, units) {
  if (kind !== "mem") return many(units, SPACES[kind]);
  const order = Math.log2(units);
  return Number.isInteger(order) ? size(order) : hex(units) + " bytes";
}

const SENTENCES = {
  "boot": (w, f) => "The kernel starts (version " + f.version + ").",
  "obj-new": (w, f) => "A new object: " + w.name(f.id) + ", " + f.type + " number " + f.id +
      (num(f.factory) ? ", paid by " + w.name(f.factory) : "") + ".",
  "obj-kill": (w, f) => w.name(f.id) + " is destroyed: slots that still hold it count as empty.",
  "obj-del": (w, f) => "The memory of object " + f.id + " is given back.",
  "obj-name": (w, f) => "Object " + f.id + " is named " + plain(f.name) + ".",
  "bind": (w, f) =>
      "Thread " + w.name(f.thread) + " gets its task " + w.name(f.task) + ", with its UTCB at " + f.utcb + ".",
  "start": (w, f) => "Thread " + w.name(f.thread) + " can run.",
  "gate-bind": (w, f) => w.name(f.gate) +
      (num(f.thread) ? " leads to thread " + w.name(f.thread) + ", label " + f.label : " leads nowhere") + ".",
  "console": (w, f) => "Printed: " + plain(f.text).trim(),
  "syscall": (w, f, e) => w.name(e.thread) + (f.again ? " goes on with its system call" : " makes a system call") +
      " through slot " + hex(big(f.sel) >> 12n) + ": " + target(w, f) + protocol(f.tag) + ".",
  "ipc-begin": (w, f) => "A message: " + w.name(f.thread) + " wants to " + (opText(num(f.op)) || "do nothing") +
      (num(f.partner) ? ", partner " + w.name(f.partner) : "") + ".",
  "ipc-block": (w, f) => w.name(f.thread) + " waits " +
      (f.phase === "send" ? "until " + (num(f.partner) ? w.name(f.partner) + " receives" : "somebody receives")
                          : "for a message from " + (num(f.partner) ? w.name(f.partner) : "anybody")) +
      ".",
  "ipc-transfer": (w, f) =>
      "The message from " + w.name(f.snd) + " to " + w.name(f.rcv) + " is copied: " + tagCounts(f.tag) + ".",
  "ipc-done": (w, f) =>
      "The message from " + w.name(f.snd) + " to " + w.name(f.rcv) + " is through" + ipcError(f.error) + ".",
  "ipc-fail": (w, f) => "The message of " + w.name(f.thread) + " ends" + ipcError(f.error) + ".",
  "syscall-end": (w, f, e) => "Back to " + w.name(e.thread) + " with its answer" + ipcError(f.error) + ".",
  "fault": (w, f, e) =>
      "Page fault of " + w.name(e.thread) + " at " + f.addr + " (" + faultText(num(f.error)) + "): its pager is asked.",
  "fault-end": (w, f, e) => w.name(e.thread) + " goes on after its page fault at " + f.addr + ".",
  "exception": (w, f, e) => w.name(e.thread) + " runs into trap " + f.trap + " at " + f.ip + ".",
  "item-begin": (w, f) => "A send item: " + (big(f.w0) & 2n ? "grant " : "map ") + fpageText(big(f.w1)) + ", out of " +
      w.name(f.from) + " into " + w.name(f.to) +
      (f.window              ? "; the window: " + fpageText(big(f.window))
           : f.via === "map" ? "; no window: the whole space"
                             : "") +
      ".",
  "item-range": (w, f) => num(f.size) ? "The arithmetic: from " + f.src + " to " + f.dst + ", length " + f.size + "."
                                      : "The arithmetic leaves nothing to map.",
  "step": stepText,
  "item-end": (w, f) => ({
                          mapped: "The item is done",
                          nothing: "The item is done: nothing was mapped",
                          "local-id": "Same task: the flexpage is answered, nothing mapped",
                          label: "A gate of the receiver's own: its label is answered, nothing mapped",
                          void: "A void item",
                          error: "The item failed"
                        }[f.result] ||
                         f.result) +
      (num(f.count) ? ", " + hex(num(f.count)) + " units" : "") + "." + (WHY[f.why] ? " " + WHY[f.why] : ""),
  "item-return": (w, f) => "The receiver's message registers say what became of the item: " + f.w0 + ", " + f.w1 + ".",
  "node-roots": (w, f) => w.name(f.space) + " holds " + (f.kind === "mem" ? "all memory" : "all ports") + ": " +
      f.count + " root nodes of " + size(num(f.order)) + ".",
  "node-add": (w, f, e) => "A new mapping node: " + w.place(f.space, f.kind, f.va) + ", a child of " +
      (e.parent ? e.parent.root ? w.name(e.parent.space) : w.place(e.parent.space, e.parent.kind, e.parent.va)
                : f.parent) +
      ", generation " + f.depth + ".",
  "node-del": (w, f) => "The node of " + w.place(f.space, f.kind, f.va) + " is taken out of its tree.",
  "node-move": (w, f) => "Grant: the node moves from " + w.place(f["old-space"], f.kind, f["old-va"]) + " to " +
      w.place(f.space, f.kind, f.va) + "; its children stay below it.",
  "pte": pteText,
  "table": (w, f) => "A page table is made for 2^" + f.order + " bytes from " + f.va + ".",
  "slot": (w, f) => num(f.new) ? "Slot " + f.index + " of " + w.name(f.space) + " holds " + w.name(f.new) + " with " +
          w.rights("obj", f.rights) + (num(f.rights) & 16 ? ", weak" : "") + "."
                               : "Slot " + f.index + " of " + w.name(f.space) + " is empty now; it held " +
          w.name(f.old) + ".",
  "port": (w, f) => many(num(f.count), "port") + " from " + f.first + (num(f.on) ? " open for " : " closed for ") +
      w.name(f.space) + ".",
  "tlb": (w, f) => "The translation of " + w.place(f.space, "mem", f.va) + " is forgotten by the TLB.",
  "tlb-all": (w, f) => "The page tables of " + w.name(f.space) + " are loaded; the TLB forgets everything.",
  "unmap-begin": (w, f) => "Unmap " + fpageText(big(f.fpage)) + " of " + w.name(f.space) + ": " +
      (big(f.mask) >> 31n & 1n ? "its own page and all that came from it" : "only what was mapped from it") + ".",
  "unmap-end": (w, f) => "The unmap is done" +
      (num(f.usage) ? "; the pages were " +
               [num(f.usage) & 1 && "referenced", num(f.usage) & 2 && "modified"].filter(Boolean).join(" and ")
                    : "") +
      ".",
  "quota": (w, f) => (num(f.factory) ? w.name(f.factory) : "The kernel") +
      (f.refused               ? " cannot pay " + f.change + " bytes: its quota is used up."
           : num(f.change) < 0 ? " gets " + -num(f.change) + " bytes back."
                               : " pays " + f.change + " bytes") +
      (num(f.limit) && !f.refused           ? " (" + f.used + " of " + f.limit + " used)."
           : f.refused || num(f.change) < 0 ? ""
                                            : "."),
  "switch": (w, f) => "The processor goes from " + (num(f.from) ? w.name(f.from) : "idle") + " to " +
      (num(f.to) ? w.name(f.to) : "idle") + ".",
};

function target(w, f) {
  if (f.type === "self") return "itself";
  if (f.type === "reply") return "the reply to its caller";
  if (!num(f.object)) return "the slot is empty";
  return f.type + " " + (w.names.get(num(f.object)) || f.object);
}

function protocol(tag) {
  const label = Number(BigInt.asIntN(48, big(tag) >> 16n));
  return label && PROTOCOLS[label] ? ", protocol " + PROTOCOLS[label] : "";
}

function tagCounts(tag) {
  const word = big(tag);
  return many(Number(word & 63n), "word") + ", " + many(Number(word >> 6n & 63n), "item");
}

const ipcError = (error) =>
    (num(error) ? ", error " + error + (IPC_ERRORS[num(error)] ? ": " + IPC_ERRORS[num(error)] : "") : "");

const faultText = (error) => (error & 16      ? "fetch"
                                  : error & 2 ? "write"
                                              : "read") +
    ", " + (error & 1 ? "not allowed" : "no page is there");

function stepText(w, f) {
  const what = {
    map: "Map",
    grant: "Grant",
    upgrade: "Add rights to",
    replace: "Remove what is in the way of",
    skip: "Pass over",
    refuse: "Give up at"
  }[f.did] ||
      f.did;
  const units = f.did === "skip" && f.size ? amount(f.kind, num(f.size)) : pages(f);
  return what + " " + units + ": " + hex(num(f.src)) + " \u2192 " + hex(num(f.dst)) + "." +
      (WHY[f.why] ? " " + WHY[f.why] : "");
}

function pteText(w, f) {
  const before = big(f.old) & 1n;
  const after = big(f.new) & 1n;
  const at = w.place(f.space, "mem", f.va);
  if (!after) return at + " loses its page (" + size(num(f.order)) + " " + w.entry(f.old) + ").";
  const frame = hex(big(f.new) & 0xffffffffff000n);
  if (!before) return at + " gets a page: " + size(num(f.order)) + " " + w.entry(f.new) + ", frame " + frame + ".";
  if (w.entry(f.old) !== w.entry(f.new)) return at + ": rights from " + w.entry(f.old) + " to " + w.entry(f.new) + ".";
  const taken = big(f.old) & ~big(f.new);
  const usage = [taken & 0x20n && "referenced", taken & 0x40n && "modified"].filter(Boolean).join(" and ");
  return at + ": " + (usage ? "the mark " + usage + " is taken from the entry." : "the entry becomes " + f.new + ".");
}

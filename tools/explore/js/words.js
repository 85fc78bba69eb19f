// SPDX-License-Identifier: MIT
// The words of the kernel interface, bit by bit. Decides what each bit field is called and what its value means.
// A decoder takes a BigInt and returns a list of fields from the highest bit to the lowest:
//   {hi, lo, name, value (text), note (text or ""), group (its colour: addr, spot, window, kind, flag, right, none)}
// Together the fields cover all 64 bits exactly once (the tests look). Called by bits.js and explain.js.

const TYPES = ["special", "memory", "ports", "objects"];
const LETTERS = [
  [],
  [[4, "r"], [2, "w"], [1, "x"]],
  [[4, "r"], [2, "w"]],
  [[4, "r"], [1, "w"], [2, "s"], [8, "d"]],
];
const PROTOCOLS = {
  0: "none",
  1: "allow system call",
  "-1": "IRQ",
  "-2": "page fault",
  "-5": "exception",
  "-6": "sigma0",
  "-8": "I/O page fault",
  "-10": "object control",
  "-11": "task",
  "-12": "thread",
  "-13": "log",
  "-14": "scheduler",
  "-15": "factory",
  "-18": "IRQ sender",
  "-20": "semaphore",
  "-21": "meta",
  "-23": "debugger",
};
const IPC_ERRORS = {
  2: "timeout while sending",
  3: "timeout while receiving",
  4: "no such object",
  6: "canceled while sending",
  7: "canceled while receiving",
  8: "no buffer (sender)",
  9: "no buffer (receiver)",
  16: "map failed (sender)",
  17: "map failed (receiver)",
};

const rightsText = (type, bits) => (LETTERS[type] || []).map(([bit, letter]) => (bits & bit ? letter : "-")).join("");

function cut(word, hi, lo) { return (word >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n); }

// A field; `value` may be text, else the bits as hexadecimal number.
function field(word, hi, lo, name, group, value, note) {
  const bits = cut(word, hi, lo);
  return {
    hi,
    lo,
    name,
    group,
    value: value === undefined ? (hi === lo ? String(bits) : hex(bits)) : value,
    note: note || ""
  };
}
const flag = (word, bit, name, on, off) =>
    field(word, bit, bit, name, "flag", undefined, cut(word, bit, bit) ? on : off || "not set");
const unused = (word, hi, lo) => field(word, hi, lo, "", "none", undefined, "not used");

function fpageParts(word) {
  const type = Number(cut(word, 5, 4));
  const order = Number(cut(word, 11, 6));
  const field12 = word & ~0xfffn;
  let base = type === 1 ? field12 : word >> 12n;
  if (order < 63)
    base = (base >> BigInt(order)) << BigInt(order);
  else
    base = 0n;
  return {type, order, base, rights: Number(word & 15n), all: (word & 0xff0n) === 0xfc0n};
}

function fpageText(word) {
  const {type, order, base, rights, all} = fpageParts(word);
  if (type === 0) return all ? "all spaces" : "nothing";
  return TYPES[type] + " from " + hex(base) + ", order " + order + " (" + size(order) + "), rights " +
      rightsText(type, rights);
}

const DECODE = {
  tag(word) {
    const label = Number(BigInt.asIntN(48, word >> 16n));
    return [
      field(
          word, 63, 16, "label", "addr", String(label),
          PROTOCOLS[label] ? "protocol: " + PROTOCOLS[label] : "protocol of the programs"),
      flag(word, 15, "error", "the operation failed; the UTCB's error word says why"),
      flag(word, 14, "propagate", "defined, ignored"),
      flag(word, 13, "schedule", "the rest of the time slice is not given away"),
      flag(word, 12, "FPU", "the FPU state is sent too"),
      field(
          word, 11, 6, "items", "kind", String(cut(word, 11, 6)),
          "typed items, two words each, behind the untyped words"),
      field(word, 5, 0, "words", "kind", String(cut(word, 5, 0)), "untyped words: MR0 and following"),
    ];
  },
  fpage(word, role) {
    const {type, order, base, rights, all} = fpageParts(word);
    const units = type === 1 ? "address" : type === 2 ? "port" : type === 3 ? "slot" : "address";
    const inUnits = type === 1 || type === 0 ? word & ~0xfffn : word >> 12n;
    const low = base !== inUnits && order < 63 ? "bits below the order do not count (F-1): begins at " + hex(base)
                                               : "first " + units;
    return [
      field(word, 63, 12, units, role === "window" ? "window" : "addr", hex(inUnits), low),
      field(
          word, 11, 6, "order", "kind", String(order),
          all ? "with type 0: all spaces" : "size 2^" + order + " = " + size(order)),
      field(word, 5, 4, "type", "kind", String(type), all ? "special" : TYPES[type]),
      field(
          word, 3, 0, "rights", "right", rightsText(type, rights) || hex(BigInt(rights)),
          "bits " + rights.toString(2).padStart(4, "0")),
    ];
  },
  item(word, type) {
    const spot = type === 1 || !type ? word & ~0xfffn : word >> 12n;
    const attrs = Number(cut(word, 7, 4));
    let meaning = "no attributes";
    if (type === 1 && attrs & 1) meaning = "caching: " + (attrs & 2 ? "cached" : attrs & 4 ? "buffered" : "uncached");
    if (type === 3 && attrs & 1) meaning = "weak: the new slot is not counted";
    return [
      field(
          word, 63, 12, "hot spot", "spot", hex(spot),
          "snd_base: chooses the place, or the piece, when the sizes differ"),
      unused(word, 11, 8),
      field(word, 7, 4, "attrs", "kind", undefined, meaning),
      flag(word, 3, "map", "a map item: the only kind there is"),
      unused(word, 2, 2),
      flag(word, 1, "grant", "the sender gives its own page away", "map: the sender keeps its page"),
      flag(word, 0, "compound", "the next item uses the same receive buffer", "the next item uses the next buffer"),
    ];
  },
  returned(word) {
    const result = Number(cut(word, 2, 1));
    const type = Number(cut(word, 5, 4));
    const text =
        ["mapping attempted", "nothing was mapped", "a gate's label came", "same task: the sender's flexpage"][result];
    return [
      field(
          word, 63, 12, "hot spot", "spot", hex(type === 3 || type === 2 ? word >> 12n : word & ~0xfffn),
          "as it was sent"),
      field(word, 11, 6, "order", "kind", String(cut(word, 11, 6)), "of the flexpage that was sent"),
      field(word, 5, 4, "type", "kind", String(type), TYPES[type]),
      flag(word, 3, "map", "a map item"),
      field(word, 2, 1, "result", "right", String(result), text),
      flag(word, 0, "compound", "the next item used the same buffer"),
    ];
  },
  buffer(word) {
    const small = Boolean(word & 2n);
    return [
      field(
          word, 63, 12, "slot", "addr", hex(word >> 12n),
          small ? "the one slot that takes a capability" : "not used: a flexpage follows"),
      unused(word, 11, 4),
      flag(word, 3, "map", "a buffer; without this bit the list ends"),
      flag(word, 2, "local id", "capabilities of one's own are answered by their label or flexpage"),
      flag(word, 1, "small", "one slot, no flexpage word", "the next word is the window's flexpage"),
      flag(word, 0, "forward", "another word names the task that gets it", "for the receiver itself"),
    ];
  },
  bdr(word) {
    return [
      unused(word, 63, 25),
      flag(word, 24, "FPU", "the FPU state may be received"),
      unused(word, 23, 15),
      field(word, 14, 10, "objects", "kind", "BR" + cut(word, 14, 10), "first buffer for objects"),
      field(word, 9, 5, "ports", "kind", "BR" + cut(word, 9, 5), "first buffer for ports"),
      field(word, 4, 0, "memory", "kind", "BR" + cut(word, 4, 0), "first buffer for memory"),
    ];
  },
  pte(word) {
    const large = Boolean(word & 0x80n);
    return [
      flag(word, 63, "NX", "no execution", "may be executed"),
      unused(word, 62, 52),
      field(word, 51, 12, "frame", "addr", hex(word & 0xffffffffff000n), "physical address of the page"),
      unused(word, 11, 9),
      flag(word, 8, "G", "global"),
      flag(word, 7, large ? "size" : "PAT", "a large page (2M or 1G)", "a 4K page"),
      flag(word, 6, "D", "modified", "not modified yet"),
      flag(word, 5, "A", "referenced", "not referenced yet"),
      flag(word, 4, "PCD", "not cached", "cached"),
      flag(word, 3, "PWT", "write-through", "write-back"),
      flag(word, 2, "U", "user programs may use it"),
      flag(word, 1, "W", "writable", "read-only"),
      flag(word, 0, "P", "present", "no page is there"),
    ];
  },
  selector(word) {
    return [
      field(word, 63, 12, "slot", "addr", hex(word >> 12n), "index of the capability"),
      flag(word, 11, "self", "no slot: the invoking thread itself"),
      flag(word, 10, "reply slot", "the index names an explicit reply slot"),
      unused(word, 9, 4),
      flag(word, 3, "reply", "to the stored caller"),
      flag(word, 2, "open wait", "receive from anybody"),
      flag(word, 1, "receive", "has a receive phase"),
      flag(word, 0, "send", "has a send phase"),
    ];
  },
  mask(word) {
    return [
      unused(word, 63, 32),
      flag(word, 31, "self", "the addressed task's own page too", "only what was mapped from it"),
      flag(word, 30, "delete", "objects are destroyed"),
      unused(word, 29, 0),
    ];
  },
};

// SPDX-License-Identifier: MIT
// The window arithmetic of a send item, worked out on the numbers of the trace.
// Decides which bits of the source and target address come from the flexpage, the window or the hot spot:
//   window at least as large as the item: source = base, target = window + ((hot spot mod window) & ~(item - 1))
//   window smaller than the item:         source = base + ((hot spot mod item) & ~(window - 1)), target = window
//   window all spaces:                    source = base, target = hot spot & ~(item - 1)
// All numbers are BigInt, in bytes, ports or slots. Called by itemview.js; calls words.js.

// {ok: false, why} or all numbers of the calculation. window: BigInt or null (Task.map: all spaces).
function arithmetic(w0, w1, window) {
  const send = fpageParts(w1);
  const win = window === null ? null : fpageParts(window);
  const all = win === null || win.all;
  const type = send.type;
  const spot = type === 1 ? w0 & ~0xfffn : w0 >> 12n;
  if (type === 0) return {ok: false, why: "the send item has no type"};
  if (!all && win.type !== type)
    return {
      ok: false,
      why: "item and window have different types: " + TYPES[type] + " and " + TYPES[win.type] + " (F-12)"
    };
  const s = send.order;
  const r = all ? 63 : win.order;
  const S = 1n << BigInt(s);
  const R = 1n << BigInt(r);
  const a = send.base;
  const b = all ? 0n : win.base;
  if (type === 2) {
    const first = a > b ? a : b;
    const end = a + S < b + R ? a + S : b + R;
    return {
      ok: true,
      type,
      ports: true,
      s,
      r,
      a,
      b,
      S,
      R,
      spot,
      all,
      src: first,
      dst: first,
      len: end > first ? end - first : 0n,
      text: "ports"
    };
  }
  const one = type === 1 ? 12 : 0;  // the smallest page
  let src = a;
  let dst;
  let len = S;
  let relation;
  if (all) {
    dst = (spot >> BigInt(s)) << BigInt(s);
    relation = "all";
  } else if (r >= s) {
    dst = b + ((spot % R) & ~(S - 1n));
    relation = r === s ? "equal" : "larger";
  } else {
    src = a + ((spot % S) & ~(R - 1n));
    dst = b;
    len = R;
    relation = "smaller";
  }
  return {ok: true, type, s, r, a, b, S, R, spot, all, src, dst, len, relation, one};
}

// The case in a sentence.
const RELATION = {
  all: "There is no window: the receiver's whole space is open. The hot spot is the target address itself.",
  equal: "Item and window have the same size: one fits exactly into the other. The hot spot does not matter.",
  larger: "The window is larger than the item: the hot spot chooses the place in the window.",
  smaller: "The item is larger than the window: the hot spot chooses the piece of the item that arrives.",
};

// The calculation in words, on its numbers; "" where the case says it all.
function arithmeticWords(m) {
  if (m.relation !== "larger" && m.relation !== "smaller") return "";
  const [whole, part, rest] =
      m.relation === "larger" ? ["window", "item", m.dst - m.b] : ["item", "window", m.src - m.a];
  const [large, small] = m.relation === "larger" ? [m.R, m.S] : [m.S, m.R];
  const low = m.spot % large;
  const from = m.relation === "larger" ? [m.b, m.dst, "So the page goes to "] : [m.a, m.src, "So the piece begins at "];
  return "Of the hot spot " + hex(m.spot) + " counts what is below the " + whole + "'s size " + hex(large) + ": " +
      hex(low) + (low !== rest ? ", rounded down to the " + part + "'s size " + hex(small) + ": " + hex(rest) : "") +
      ". " + from[2] + hex(from[0]) + " + " + hex(rest) + " = " + hex(from[1]) + ".";
}

// The lines of the calculation: [left side, right side, value].
function arithmeticLines(m) {
  const n = (value) => hex(value);
  if (m.ports) {
    return [
      ["item", n(m.a) + " \u2026 " + n(m.a + m.S - 1n), ""],
      ["window", m.all ? "all ports" : n(m.b) + " \u2026 " + n(m.b + m.R - 1n), ""],
      ["in both", m.len ? n(m.src) + " \u2026 " + n(m.src + m.len - 1n) : "nothing", ""]
    ];
  }
  const lines = [["S = 2^" + m.s, "size of the item", n(m.S)]];
  if (!m.all) lines.push(["R = 2^" + m.r, "size of the window", n(m.R)]);
  if (m.relation === "all") {
    lines.push(["source", "item's base", n(m.a)]);
    lines.push(["target", "H & ~(S \u2212 1) = " + n(m.spot) + " & ~" + n(m.S - 1n), n(m.dst)]);
  } else if (m.relation === "smaller") {
    lines.push(["H mod S", n(m.spot) + " mod " + n(m.S), n(m.spot % m.S)]);
    lines.push(["& ~(R \u2212 1)", n(m.spot % m.S) + " & ~" + n(m.R - 1n), n(m.src - m.a)]);
    lines.push(["source", "item's base " + n(m.a) + " + " + n(m.src - m.a), n(m.src)]);
    lines.push(["target", "window's base", n(m.dst)]);
  } else {
    lines.push(["H mod R", n(m.spot) + " mod " + n(m.R), n(m.spot % m.R)]);
    lines.push(["& ~(S \u2212 1)", n(m.spot % m.R) + " & ~" + n(m.S - 1n), n(m.dst - m.b)]);
    lines.push(["source", "item's base", n(m.a)]);
    lines.push(["target", "window's base " + n(m.b) + " + " + n(m.dst - m.b), n(m.dst)]);
  }
  lines.push(["length", m.relation === "smaller" ? "the window's size" : "the item's size", n(m.len)]);
  return lines;
}

// Where the bits of source and target come from: [{from: "item"|"window"|"spot"|"page", hi, lo, value}], high to low.
function origins(m, side) {
  const top = m.type === 1 ? 47 : m.type === 3 ? 15 : 0;
  const value = side === "source" ? m.src : m.dst;
  let cuts;  // [origin, lowest bit]
  if (side === "source") {
    cuts = m.relation === "smaller" ? [["item", m.s], ["spot", m.r], ["page", 0]] : [["item", m.s], ["page", 0]];
  } else if (m.relation === "all") {
    cuts = [["spot", m.s], ["page", 0]];
  } else if (m.relation === "larger") {
    cuts = [["window", m.r], ["spot", m.s], ["page", 0]];
  } else {
    cuts = [["window", m.r], ["page", 0]];
  }
  const parts = [];
  let hi = Math.max(top, 0);
  for (const [from, lo] of cuts) {
    if (lo <= hi && hi >= 0) {
      parts.push({from, hi, lo, value: cut(value, hi, lo)});
      hi = lo - 1;
    }
  }
  return parts;
}

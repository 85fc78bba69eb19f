// SPDX-License-Identifier: MIT
// Small helpers of the explorer: numbers as text, elements, escaping is done by textContent alone.
// Called by every other file here; calls nothing of them.

const SVG = "http://www.w3.org/2000/svg";

// A number of the trace (decimal or 0x...) as a Number; addresses are below 2^53. "" and "-" are 0.
const num = (text) => (text === undefined || text === "" || text === "-" ? 0 : Number(text));
// The same as a BigInt, for 64-bit words.
const big = (text) => (text === undefined || text === "" || text === "-" ? 0n : BigInt(text));
const hex = (value) => "0x" + value.toString(16);

// 4K, 2M, 1G, or the plain number for what is smaller.
function size(order) {
  if (order >= 63) return "everything";
  for (const [unit, letter] of [[30, "G"], [20, "M"], [10, "K"]]) {
    if (order >= unit) return 2 ** (order - unit) + letter;
  }
  return String(2 ** order);
}

// Text of the trace: blanks and other characters stand there as % and two hexadecimal digits.
function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;  // no UTF-8
  }
}

// 1 page, 2 pages.
const many = (count, word) => count + " " + word + (count === 1 ? "" : "s");

// el("div", {class: "x", onclick: f}, child, "text", ...): an element; null and false children are left out.
function el(name, attributes, ...children) { return fill(document.createElement(name), attributes, children); }

function svg(name, attributes, ...children) { return fill(document.createElementNS(SVG, name), attributes, children); }

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on"))
      node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

const byId = (id) => document.getElementById(id);

// The index of the last element for which `before` holds; -1 if none. The list is sorted by that.
function lastWhere(list, before) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(list[middle]))
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

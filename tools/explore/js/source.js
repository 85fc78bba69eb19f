// SPDX-License-Identifier: MIT
// The kernel's source around the line that a step reached. The text was put into the page when that was made.
// Called by main.js; calls util.js.

const AROUND = 5;
const KEYWORDS = new RegExp(
    "\\b(if|else|for|while|return|static|inline|struct|enum|union|const|void|bool|unsigned|u8|u16|u32|" +
    "u64|s64|int|char|true|false|NULL|switch|case|break|do|goto|likely|unlikely)\\b");

function sourcePanel(sources, at) {
  const [file, number] = (at || "").split(":");
  const lines = sources[file];
  if (!lines)
    return [el(
        "p", {class: "hint"},
        at ? at + ": the source is not in this page." : "No line of the kernel belongs to this step.")];
  const line = num(number);
  const first = Math.max(1, line - AROUND);
  const last = Math.min(lines.length, line + AROUND);
  const name = functionAround(lines, line);
  let comment = insideComment(lines, first);
  const rows = [];
  for (let n = first; n <= last; n++) {
    const painted = paint(lines[n - 1], comment);
    comment = painted.comment;
    rows.push(
        el("li", {class: n === line ? "reached" : null, value: n, "aria-current": n === line ? "true" : null},
           painted.parts));
  }
  return [
    el("p", {class: "where"}, el("code", {}, file + ":" + number), name ? " in " + name + "()" : ""),
    el("ol", {class: "source", start: first}, rows)
  ];
}

// The function that a line is in: the last name before a bracket at the beginning of a line; "" if there is none.
function functionAround(lines, line) {
  for (let n = line - 1; n >= 0; n--) {
    if (/^[A-Za-z_].*[^;]$/.test(lines[n]) && /\(/.test(lines[n])) {
      const names = lines[n].match(/([A-Za-z_]\w*)\s*\(/g).map((one) => one.replace(/\W/g, ""));
      return names.filter((one) => !one.startsWith("__")).shift() || "";
    }
    if (/^}/.test(lines[n]) && n < line - 1) return "";
  }
  return "";
}

function insideComment(lines, first) {
  for (let n = first - 2; n >= 0; n--) {
    if (lines[n].includes("*/")) return false;
    if (lines[n].includes("/*")) return true;
  }
  return false;
}

// A line with its comments and keywords marked; comment: does it begin inside one?
function paint(line, comment) {
  const parts = [];
  let rest = line || " ";
  while (rest) {
    if (comment) {
      const end = rest.indexOf("*/");
      const length = end < 0 ? rest.length : end + 2;
      parts.push(el("i", {}, rest.slice(0, length)));
      rest = rest.slice(length);
      comment = end < 0;
      continue;
    }
    const begin = rest.indexOf("/*");
    const plain = begin < 0 ? rest : rest.slice(0, begin);
    parts.push(plain.split(KEYWORDS).map((piece) => (piece && KEYWORDS.test(piece) ? el("b", {}, piece) : piece)));
    rest = begin < 0 ? "" : rest.slice(begin);
    comment = begin >= 0;
  }
  return {parts, comment};
}

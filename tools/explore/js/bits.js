// SPDX-License-Identifier: MIT
// Draws an ABI word as a row of boxes, one for each field, the highest bits on the left.
// Called by words in the item panel; calls words.js for the meaning.

// kind: a name in DECODE; word: BigInt; more: second argument of the decoder (the type of the flexpage).
function wordBoxes(title, kind, word, more) {
  const fields = DECODE[kind](word, more);
  const boxes = fields.map((f) => {
    const width = f.hi - f.lo + 1;
    const range = width === 1 ? String(f.hi) : f.hi + "\u2013" + f.lo;
    const set = width === 1 && f.value === "1";
    return el(
        "li", {
          class: "field " + f.group + (set ? " set" : ""),
          title: f.note,
          "aria-label": "bits " + range + " " + (f.name || "unused") + ": " + f.value + (f.note ? ", " + f.note : "")
        },
        el("span", {class: "range"}, range), el("span", {class: "name"}, f.name || "\u00b7"),
        el("span", {class: "value"}, f.name ? f.value : "0"));
  });
  const notes = fields.filter((f) => f.name && f.note && (f.hi > f.lo || f.value === "1"));
  return el(
      "section", {class: "word", "data-word": kind}, el("h4", {}, title, el("code", {}, hex(word))),
      el("ol", {class: "bits"}, boxes),
      el("p", {class: "notes"}, notes.map((f) => el("span", {}, el("b", {}, f.name + " " + f.value), " " + f.note))));
}

// SPDX-License-Identifier: MIT
// The list on the left: chapters, operations and events. A virtual list: only the rows in sight are in the document.
// Decides which rows there are for a filter and a search. Called by main.js; calls opwords.js, explain.js, util.js.

const ROW = 24;  // pixels; the style sheet has the same number

class Timeline {
  // model: {events, ops, chapters, words}; go(count): show the state after so many events.
  constructor(list, model, go) {
    this.list = list;
    this.model = model;
    this.go = go;
    this.level = "changes";
    this.thread = 0;
    this.matches = null;  // a set of event indexes while something is searched for
    this.at = 0;
    this.inner = el("div", {class: "inner"});
    this.list.append(this.inner);
    // Both are kept here: asking the document for them right after changing it would make it lay everything out at
    // once.
    this.top = 0;
    this.height = this.list.clientHeight;
    this.list.addEventListener("scroll", () => {
      this.top = this.list.scrollTop;
      this.draw();
    });
    new ResizeObserver(() => {
      this.height = this.list.clientHeight;
      this.draw();
    }).observe(this.list);
    this.build();
  }

  // Is the operation in the list? The one of the step always is.
  shows(op) {
    if (this.thread && op.thread !== this.thread) return false;
    if (this.matches) return this.model.events.slice(op.from, op.to + 1).some((e) => this.matches.has(e.index));
    return this.level !== "changes" || (op.matters && !op.supply);
  }

  // All rows but the events of the step's operation: {kind: "chapter"|"op"|"event", chapter|op|event}.
  build() {
    const {events, ops, chapters} = this.model;
    this.fixed = [];
    let chapter = -1;
    const upTo = (last) => {
      for (chapter++; chapter <= last; chapter++) {
        if (chapter === last || !this.matches) this.fixed.push({kind: "chapter", chapter: chapters[chapter]});
      }
      chapter = last;
    };
    for (const op of ops) {
      if (!this.shows(op)) continue;
      if (op.chapter !== chapter) upTo(op.chapter);
      this.fixed.push({kind: "op", op});
      if (this.matches || this.level === "events") {
        for (let i = op.from; i <= op.to; i++)
          if (!this.matches || this.matches.has(i)) this.fixed.push({kind: "event", event: events[i]});
      }
    }
    if (!this.matches) upTo(chapters.length - 1);
    this.current = undefined;
    this.show(this.at);
  }

  // Puts the step's operation in, with all its events.
  expand(current) {
    this.current = current;
    this.rows = this.fixed;
    const op = this.model.ops[current];
    if (op) {
      const number = (row) =>
          (row.kind === "op" ? row.op.number
               : row.kind === "event"
               ? row.event.op
               : (this.model.ops[this.model.events[row.chapter.from]?.op] || {number: Infinity}).number - 0.5);
      const before = this.fixed.findIndex((row) => number(row) >= current);
      const begin = before < 0 ? this.fixed.length : before;
      let end = begin;
      while (end < this.fixed.length && number(this.fixed[end]) === current) end++;
      const events = this.model.events.slice(op.from, op.to + 1).map((event) => ({kind: "event", event}));
      this.rows = [...this.fixed.slice(0, begin), {kind: "op", op}, ...events, ...this.fixed.slice(end)];
    }
    this.inner.style.height = this.rows.length * ROW + "px";
  }

  // The step moved.
  show(at) {
    this.at = at;
    const op = at ? this.model.events[at - 1].op : -1;
    if (op !== this.current) this.expand(op);
    const row = this.rows.findIndex((one) => one.kind === "event" && one.event.index === at - 1);
    this.here = row;
    const top = Math.max(0, row) * ROW;
    if (top < this.top + 2 * ROW || top > this.top + this.height - 3 * ROW) {
      this.top = Math.max(0, Math.min(top - Math.floor(this.height / 2), this.rows.length * ROW - this.height));
      this.list.scrollTop = this.top;
    }
    this.drawn = null;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.top / ROW) - 4);
    const last = Math.min(this.rows.length, Math.ceil((this.top + this.height) / ROW) + 4);
    if (this.drawn === first + "-" + last) return;
    this.drawn = first + "-" + last;
    this.inner.replaceChildren(...this.rows.slice(first, last).map((row, i) => this.element(row, first + i)));
    this.list.setAttribute("aria-activedescendant", this.here >= first && this.here < last ? "row" + this.here : "");
  }

  element(row, index) {
    const {words, events} = this.model;
    const style = "top:" + index * ROW + "px";
    const common = {style, role: "option", id: "row" + index};
    if (row.kind === "chapter") {
      const c = row.chapter;
      return el(
          "div", {
            ...common,
            class: "row chapter" + (c.from === undefined ? " empty" : ""),
            "aria-selected": "false",
            title: c.text,
            onclick: () => c.main && this.go(c.main.to + 1)
          },
          c.text);
    }
    if (row.kind === "op") {
      const {title, effects} = describeOperation(row.op, events, words);
      const here = row.op.number === this.current;
      return el(
          "div", {
            ...common,
            class: "row op" +
                (here                       ? " here"
                     : row.op.to >= this.at ? " future"
                                            : ""),
            title: title + (effects.length ? ": " + effects.join(", ") : ""),
            "aria-selected": String(here),
            onclick: () => this.go(row.op.to + 1)
          },
          el("span", {class: "text"}, title),
          effects.slice(0, 3).map((one) => el("span", {class: "effect " + effectClass(one)}, one)));
    }
    const e = row.event;
    const here = e.index === this.at - 1;
    const text = words.event(e);
    return el(
        "div", {
          ...common,
          class: "row event" +
              (here                     ? " here"
                   : e.index >= this.at ? " future"
                                        : ""),
          title: text,
          "aria-selected": String(here),
          "aria-current": here ? "step" : null,
          onclick: () => this.go(e.index + 1)
        },
        el("span", {class: "seq"}, e.seq), el("span", {class: "text"}, text),
        e.rule ? el("span", {class: "chip"}, e.rule) : null);
  }
}

const effectClass = (text) => (text[0] === "+" ? "plus" : text[0] === "\u2212" ? "minus" : "other");

// The indexes of the events that contain all the words; null for an empty text.
function searchEvents(text, model) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return null;
  if (!model.index)
    model.index = model.events.map((e) => (e.line + " " + model.words.event(e) + " " + e.rule).toLowerCase());
  const found = new Set();
  model.index.forEach((line, i) => wanted.every((word) => line.includes(word)) && found.add(i));
  return found;
}

// SPDX-License-Identifier: MIT
// The panel on the right: send item and receive window with the arithmetic, or an unmap, or the words of a system call.
// Decides what belongs to the step: the last item (or unmap) of the operation that has begun. Called by main.js; calls
// window.js, bits.js, explain.js.

// The operation's events up to the step, of these the last with one of the names; null if there is none.
function lastOf(model, at, names) {
  if (!at) return null;
  const op = model.ops[model.events[at - 1].op];
  for (let i = at - 1; i >= op.from; i--)
    if (names.includes(model.events[i].name)) return model.events[i];
  return null;
}

function itemPanel(model, at) {
  const event = lastOf(model, at, ["item-begin", "unmap-begin"]);
  const call = at ? model.ops[model.events[at - 1].op].opened : null;
  const parts = [];
  if (event && event.name === "item-begin") parts.push(...itemParts(model, event, at));
  if (event && event.name === "unmap-begin") parts.push(...unmapParts(model, event));
  const entry = lastOf(model, at, ["pte"]);
  if (entry && entry.index === at - 1) parts.unshift(...entryParts(model, entry));
  if (call && call.name === "fault") parts.push(...faultParts(model, call));
  if (call && call.name === "syscall") {
    parts.push(
        el("h3", {}, "The system call"), wordBoxes("selector", "selector", big(call.f.sel)),
        wordBoxes("message tag", "tag", big(call.f.tag)));
  }
  if (!parts.length)
    parts.push(
        el("p", {class: "hint"},
           "This step has no words of the interface. Steps with a " +
               "send item, an unmap or a page-table entry show them here, bit by bit."));
  return parts;
}

function itemParts(model, event, at) {
  const f = event.f;
  const w0 = big(f.w0);
  const w1 = big(f.w1);
  const type = fpageParts(w1).type;
  const window = f.window ? big(f.window) : null;
  const m = arithmetic(w0, w1, window);
  const op = model.ops[event.op];
  const all = model.events.slice(op.from, op.to + 1).filter((e) => e.name === "item-begin");
  const [end, returned] = ["item-end", "item-return"].map(
      (name) => model.events.slice(event.index, at).find((e) => e.thread === event.thread && e.name === name));
  const parts =
      [el("h3", {},
          (w0 & 2n ? "Grant" : "Map") + ", " + TYPES[type] + ": " + model.words.name(f.from) + " \u2192 " +
              model.words.name(f.to),
          all.length > 1 ? el("small", {}, "item " + (all.indexOf(event) + 1) + " of " + all.length) : null)];
  if (f.via === "ipc" && window === null)
    parts.push(end ? null : el("p", {class: "hint"}, "No window takes part in it."));
  else if (w0 === 0n)
    parts.push(el("p", {}, WHY.void));
  else if (!m.ok)
    parts.push(el("p", {class: "warn"}, m.why));
  else
    parts.push(
        picture(m),
        el("p", {class: "case"},
           m.ports
               ? "Ports keep their numbers: what is in the item and in the window is mapped, the hot spot is ignored."
               : RELATION[m.relation]),
        arithmeticWords(m) ? el("p", {class: "case"}, arithmeticWords(m)) : null, calculation(m),
        m.ports ? null : originBars(m));
  if (end) {
    parts.push(el("p", {class: "result " + end.f.result}, model.words.event(end)));
  }
  parts.push(
      wordBoxes("send item, first word", "item", w0, type), wordBoxes("send item, second word: flexpage", "fpage", w1));
  if (f.b0) parts.push(wordBoxes("receive buffer" + (f["at-br"] ? ", BR" + f["at-br"] : ""), "buffer", big(f.b0)));
  if (window !== null) parts.push(wordBoxes("receive window: flexpage", "fpage", window, "window"));
  if (f.bdr) parts.push(wordBoxes("buffer descriptor (BDR)", "bdr", big(f.bdr)));
  if (returned) parts.push(wordBoxes("return item, first word", "returned", big(returned.f.w0)));
  return parts.filter(Boolean);
}

// What the faulting task has there at this step.
function faultParts(model, call) {
  const thread = model.state.get("objects", call.thread) || {};
  const at = num(call.f.addr);
  const page = [12, 21, 30]
                   .map((order) => model.state.get("pages " + thread.task, Math.floor(at / 2 ** order) * 2 ** order))
                   .find((one) => one && at < one.va + 2 ** one.order);
  return [
    el("h3", {}, "Page fault at " + call.f.addr),
    el("p", {class: "case"},
       "The access was a " + faultText(num(call.f.error)) + ". " +
           (page ? "At this step " + model.words.name(thread.task) + " has this entry there:"
                 : "At this step " + model.words.name(thread.task) + " has no page there.")),
    page ? wordBoxes("page-table entry", "pte", big(page.entry)) : null
  ].filter(Boolean);
}

function unmapParts(model, event) {
  const f = event.f;
  return [
    el("h3", {}, "Unmap from " + model.words.name(f.space)),
    el("p", {class: "case"},
       model.words.event(event) + " The rights of the flexpage say what is taken away: " + takenAway(big(f.fpage)) +
           "."),
    wordBoxes("flexpage", "fpage", big(f.fpage)), wordBoxes("mask", "mask", big(f.mask))
  ];
}

function takenAway(word) {
  const {type, rights} = fpageParts(word);
  if (rights & 4) return "with r the whole mapping";
  return rights ? "the rights " + rightsText(type, rights).replace(/-/g, "") + ", the mapping stays"
                : "nothing; only the usage is read";
}

function entryParts(model, event) {
  const f = event.f;
  const parts = [el("h3", {}, "Page-table entry of " + model.words.place(f.space, "mem", f.va))];
  if (big(f.old) & 1n) parts.push(wordBoxes("before", "pte", big(f.old)));
  if (big(f.new) & 1n)
    parts.push(wordBoxes(big(f.old) & 1n ? "after" : "new entry", "pte", big(f.new)));
  else
    parts.push(el("p", {class: "case"}, "The new entry is 0: no page is there."));
  return parts;
}

function calculation(m) {
  return el(
      "table", {class: "calculation"}, el("caption", {}, m.ports ? "Intersection" : "H, the hot spot: " + hex(m.spot)),
      el("tbody", {},
         arithmeticLines(m).map(
             ([left, middle, value]) =>
                 el("tr", {class: ["source", "target"].includes(left) ? "strong" : null},
                    el("th", {scope: "row"}, left), el("td", {}, middle), el("td", {}, value)))));
}

const ORIGIN_WORDS = {
  item: "item",
  window: "window",
  spot: "hot spot",
  page: "offset"
};

function originBars(m) {
  const bar = (side) =>
      el("div", {class: "origin"}, el("span", {class: "side"}, side),
         origins(m, side).map(
             (part) =>
                 el("span", {
                   class: "part " + part.from,
                   style: "flex-grow:" + (part.hi - part.lo + 1),
                   title: "bits " + part.hi + " to " + part.lo + ": " + ORIGIN_WORDS[part.from]
                 },
                    el("b", {}, part.from === "page" ? "any" : hex(part.value)),
                    el("small", {},
                       ORIGIN_WORDS[part.from] + " " + part.hi + (part.hi > part.lo ? "\u2013" + part.lo : "")))));
  return el(
      "div", {
        class: "origins",
        role: "img",
        "aria-label": "where the bits come from: " +
            ["source", "target"]
                .map(
                    (side) => side + ": " +
                        origins(m, side)
                            .map((part) => ORIGIN_WORDS[part.from] + " bits " + part.hi + " to " + part.lo)
                            .join(", "))
                .join("; ")
      },
      bar("source"), bar("target"));
}

// Item and window as bars of their sizes, the piece that is transferred filled in both.
function picture(m) {
  if (m.ports) return null;
  const width = 372;
  const larger = m.S > m.R && !m.all ? m.S : m.all ? m.S : m.R;
  const scale = (value) => Math.max(0, Math.min(width, Number((value * 100000n) / larger) / 100000 * width));
  const least = (value) => Math.max(4, scale(value));
  const top = {x: 0, w: least(m.S), at: scale(m.src - m.a), piece: least(m.len)};
  const low = {
    x: 0,
    w: m.all ? width : least(m.R),
    at: m.all ? width * 0.4 : scale(m.dst - m.b),
    piece: m.all ? Math.min(width * 0.4, least(m.len)) : least(m.len)
  };
  if (m.all)
    [top.x, top.w, top.piece] = [width * 0.4, width * 0.4, width * 0.4];
  else if (m.S < larger)
    top.x = Math.max(0, Math.min(width - top.w, low.at + low.piece / 2 - top.w / 2));
  const bar = (box, y, kind) =>
      [svg("rect", {class: kind, x: box.x, y, width: box.w, height: 18, rx: 3}),
       svg("rect",
           {class: "piece", x: kind === "window" ? low.at : box.x + box.at, y, width: box.piece, height: 18, rx: 3})];
  const middle = (box, kind) => (kind === "window" ? low.at : box.x + box.at) + box.piece / 2;
  return svg(
      "svg", {
        class: "picture",
        viewBox: "-2 -2 " + (width + 4) + " 104",
        role: "img",
        "aria-label": "item " + size(m.s) + ", window " + (m.all ? "all" : size(m.r)) + ": " + hex(m.len) + " from " +
            hex(m.src) + " to " + hex(m.dst)
      },
      svg("text", {x: 0, y: 10}, "item " + hex(m.a) + ", " + unitSize(m, m.s)), bar(top, 18, "item"),
      svg("path",
          {class: "arrow", d: `M${middle(top, "item")} 37L${middle(low, "window")} 59`, "marker-end": "url(#tip)"}),
      bar(low, 62, "window"), offsetText(m, middle(top, "item"), middle(low, "window"), width),
      svg("text", {x: 0, y: 96}, m.all ? "target space, all of it" : "window " + hex(m.b) + ", " + unitSize(m, m.r)),
      svg("text", {x: width, y: 96, "text-anchor": "end"}, "\u2192 " + hex(m.dst)),
      svg("text", {x: width, y: 10, "text-anchor": "end"}, hex(m.src) + " \u2192"));
}

// Beside the arrow: how far the hot spot moves the piece.
function offsetText(m, from, to, width) {
  if (m.relation !== "larger" && m.relation !== "smaller") return null;
  const left = m.relation === "larger" && to > width - 150;
  const x = m.relation === "larger" ? to + (left ? -12 : 12) : Math.min(from + 12, width - 150);
  return svg(
      "text", {class: "spot", x, y: 53, "text-anchor": left ? "end" : "start"},
      "+ " + hex(m.relation === "larger" ? m.dst - m.b : m.src - m.a) + " by the hot spot");
}

const unitSize = (m, order) => (m.type === 3 ? many(2 ** order, "slot") : size(order));

// SPDX-License-Identifier: MIT
// The explorer itself: keeps the step and brings all views to it; keys, slider, search, links, light and dark.
// A step is a number of events: step 0 is before the first, the last is the end. Called when the page is loaded.

class Explorer {
  constructor(data) {
    this.data = data;
    const trace = new Trace(data.trace);
    this.events = trace.events;
    this.state = new State(this.events);
    this.ops = operations(this.events);
    this.chapters = chapters(this.ops, this.events, data.chapters);
    const names = objectNames(this.events, this.ops, this.chapters);
    this.words = new Words(names, data.rules, this.events);
    this.pinned = null;
    this.at = -1;
    this.timeline = new Timeline(byId("list"), this, (at) => this.go(at));  // shows step 0
    this.controls();
    this.slider();
    if (!this.readHash()) this.go(goodStart(this.ops, this.events, this.chapters));
    this.flush();
  }

  // Show the state after `count` events.
  go(count) {
    count = Math.max(0, Math.min(count, this.events.length));
    if (count === this.at) return;
    this.at = count;
    this.state.go(count);
    // Several steps within one frame are drawn once.
    if (!this.frame) this.frame = requestAnimationFrame(() => this.flush());
  }

  // Draw now what is due.
  flush() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.draw();
    this.writeHash();
  }

  draw() {
    const {events, ops, at} = this;
    const event = at ? events[at - 1] : null;
    const op = event ? ops[event.op] : null;
    // At an operation's last event everything it changed is marked, else only what the event changed.
    const from = op && at - 1 === op.to ? op.from : Math.max(0, at - 1);
    this.marks = changesBetween(this.state, from, at);
    this.timeline.show(at);
    byId("explain").replaceChildren(...this.explanation(event, op));
    this.drawDrawing();
    byId("tasks").replaceChildren(...taskList(this.state, this.marks, this.words, (what) => this.pin(what)));
    byId("item").replaceChildren(...itemPanel(this, at));
    byId("source").replaceChildren(
        ...sourcePanel(this.data.sources, event && (at - 1 === op.to ? mainEvent(op, events) : event).f.at));
    byId("slider").value = at;
    byId("slider").setAttribute("aria-valuetext", "step " + at + " of " + events.length);
    byId("position").textContent = at + " / " + events.length;
  }

  drawDrawing() {
    const subject = this.pinned || subjectAtStep(this.events, this.ops, this.at);
    const nodes = subject ? drawnNodes(this.state, this.marks, subject, this.words) : [];
    byId("drawing-title").textContent = !subject
        ? "Mapping tree"
        : (subject.kind === "obj" ? "Slots of " : "Mapping tree of ") + subjectText(subject, this.words);
    byId("follow").hidden = !this.pinned;
    this.box = byId("drawing");
    this.box.replaceChildren(
        nodes.length
            ? drawTree(nodes, (node) => this.pin({kind: node.kind, first: node.phys, size: 2 ** node.order}))
            : el("p", {class: "hint"}, subject ? "Nothing holds it at this step." : "Nothing has been mapped yet."));
    const marked = this.box.querySelector(".node.new, .node.gone, .node.moved, .node.changed");
    if (marked) requestAnimationFrame(() => keepInSight(this.box, marked));
  }

  explanation(event, op) {
    if (!event)
      return [
        el("h2", {}, "Before the first event"),
        el("p", {}, "The right arrow key goes to the next event, the down arrow key to the next operation.")
      ];
    const chapter = this.chapters[op.chapter];
    const {title, effects} = describeOperation(op, this.events, this.words);
    const end = this.at - 1 === op.to;
    const inside = this.events.slice(op.from, end ? op.to + 1 : this.at);
    const reason = event.f.why ? event : end ? inside.filter((e) => e.f.why).pop() : null;
    const rules = [...new Set((end ? inside : [event]).map((e) => e.rule).filter(Boolean))];
    return [
      el("p", {class: "line"}, chapter.number ? el("code", {}, chapter.text) : chapter.text),
      el("h2", {}, title, effects.slice(0, 5).map((one) => el("span", {class: "effect " + effectClass(one)}, one))),
      end && summary(op, this.events, this.words) ? el("p", {class: "sum"}, summary(op, this.events, this.words))
                                                  : null,
      el("p", {class: "now"}, this.words.event(event)),
      reason && reason !== event ? el("p", {class: "why"}, WHY[reason.f.why] || reason.f.why) : null,
      rules.map((rule) => el("p", {class: "rule"}, el("span", {class: "chip"}, rule), this.words.ruleText(rule))),
      chapter.comment ? el("p", {class: "comment"}, chapter.comment) : null,
      el("p", {class: "raw"}, el("code", {}, event.line)),
    ].filter(Boolean)
        .flat();
  }

  // Keep the drawing at this frame, port or object.
  pin(what) {
    this.pinned = what;
    this.drawDrawing();
    this.writeHash();
  }

  // ---- going through it ----

  // The last event of the next or previous operation in the list.
  operation(direction) {
    const current = this.at ? this.events[this.at - 1].op : -1;
    let next = current;
    if (direction < 0 && this.at && this.at - 1 < this.ops[current].to)
      next = current;  // in its midst: first to the one before
    for (next += direction; next >= 0 && next < this.ops.length; next += direction) {
      if (this.timeline.shows(this.ops[next])) return this.go(this.ops[next].to + 1);
    }
    return this.go(direction < 0 ? 0 : this.events.length);
  }

  chapter(direction) {
    const current = this.at ? this.ops[this.events[this.at - 1].op].chapter : 0;
    for (let i = current + direction; i >= 0 && i < this.chapters.length; i += direction) {
      if (this.chapters[i].main) return this.go(this.chapters[i].main.to + 1);
    }
    return this.go(direction < 0 ? 0 : this.events.length);
  }

  match(direction) {
    const found = this.timeline.matches ? [...this.timeline.matches] : [];
    const next = direction > 0 ? found.find((i) => i > this.at - 1) : found.filter((i) => i < this.at - 1).pop();
    if (next !== undefined) this.go(next + 1);
  }

  play(on) {
    clearInterval(this.timer);
    this.timer =
        on ? setInterval(() => (this.at < this.events.length ? this.operation(1) : this.play(false)), 1200) : 0;
    byId("play").querySelector("path").setAttribute("d", on ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2l10 6-10 6z");
    byId("play").setAttribute("aria-label", on ? "pause" : "play");
    byId("play").setAttribute("aria-pressed", String(on));
  }

  // ---- links: #step=12&show=mem:0x1000:0x1000 ----

  // Not at once: browsers allow few changes of the address in a second.
  writeHash() {
    clearTimeout(this.due);
    this.due = setTimeout(() => this.writeHashNow(), 200);
  }

  writeHashNow() {
    const show =
        this.pinned ? "&show=" + this.pinned.kind + ":" + hex(this.pinned.first) + ":" + hex(this.pinned.size) : "";
    history.replaceState(null, "", "#step=" + this.at + show);
  }

  readHash() {
    const words = new URLSearchParams(location.hash.slice(1));
    if (!/^\d+$/.test(words.get("step") || "")) return false;
    const [kind, first, length] = (words.get("show") || "").split(":");
    this.pinned = ["mem", "io", "obj"].includes(kind) && Number(length)
        ? {kind, first: Number(first), size: Number(length)}
        : null;
    this.at = -1;
    this.go(Number(words.get("step")));
    return true;
  }
}

// Scroll a box so that an element in it is seen, without moving the page.
function keepInSight(box, element) {
  const outer = box.getBoundingClientRect();
  const inner = element.getBoundingClientRect();
  if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
  if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - outer.width / 3;
}

window.addEventListener("DOMContentLoaded", () => {
  window.explorer = new Explorer(JSON.parse(byId("data").textContent));
});

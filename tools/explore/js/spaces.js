// SPDX-License-Identifier: MIT
// The tasks at a step: page tables as ranges, capability slots, ports, threads and quota.
// Decides what belongs into one line: pages that follow each other in address and frame with equal rights and size.
// Called by main.js; calls tree.js for the marks, util.js.

const MAX_ROWS = 40;

// [{first, count, order, rights, frame, mark}] of a task, in the order of addresses.
function pageRanges(state, task, marks, words) {
  const table = "pages " + task;
  const rows = [];
  for (const page of [...state.table(table).values()].sort((a, b) => a.va - b.va)) {
    const mark = markOf(marks, table, page.va);
    const rights = words.entry(page.entry);
    const frame = Number(big(page.entry) & 0xffffffffff000n);
    const last = rows[rows.length - 1];
    const bytes = 2 ** page.order;
    if (last && last.order === page.order && last.rights === rights && last.mark === mark &&
        last.first + last.count * bytes === page.va && last.frame + last.count * bytes === frame)
      last.count++;
    else
      rows.push({first: page.va, count: 1, order: page.order, rights, frame, mark, entry: page.entry});
  }
  for (const c of marks.gone) {
    if (c.table === table) {
      rows.push({
        first: c.before.va,
        count: 1,
        order: c.before.order,
        rights: words.entry(c.before.entry),
        frame: Number(big(c.before.entry) & 0xffffffffff000n),
        mark: "gone"
      });
    }
  }
  return rows.sort((a, b) => a.first - b.first || (a.mark === "gone" ? -1 : 1));
}

function slotRows(state, task, marks, words) {
  const table = "slots " + task;
  const rows = [...state.table(table).values()].map((slot) => ({...slot, mark: markOf(marks, table, slot.index)}));
  for (const c of marks.gone)
    if (c.table === table) rows.push({...c.before, mark: "gone"});
  return rows.sort((a, b) => a.index - b.index).map((slot) => ({
                                                      ...slot,
                                                      text: words.name(slot.object),
                                                      letters: words.rights("obj", slot.rights) +
                                                          (num(slot.rights) & 16 ? " weak" : ""),
                                                    }));
}

// Lines of a section; rows that the step changed are always among those shown.
function section(title, rows, open, line) {
  if (!rows.length) return null;
  const marked = rows.filter((row) => row.mark).length;
  let shown = rows;
  if (rows.length > MAX_ROWS) {
    let room = MAX_ROWS - Math.min(marked, MAX_ROWS);
    shown = rows.filter((row) => row.mark || room-- > 0).slice(0, 2 * MAX_ROWS);
  }
  return el(
      "details", {open: open || marked ? "" : null},
      el("summary", {}, title, marked ? el("span", {class: "badge"}, marked + " changed") : null),
      el("ul", {class: "rows"}, shown.map(line),
         rows.length > shown.length ? el("li", {class: "more"}, "and " + (rows.length - shown.length) + " more")
                                    : null));
}

// One task. pick(what) chooses the drawing.
function taskCard(state, task, marks, words, pick) {
  const object = state.get("objects", task) || {};
  const threads = [...state.table("objects").values()].filter((one) => one.type === "thread" && one.task === task);
  const running = state.get("now", "thread");
  const quota = state.get("quota", object.factory);
  const ports =
      (state.get("ports", task) ||
       []).map(([first, end]) => ({
                 first,
                 count: end - first,
                 mark: marks.changed.has("ports\u0000" + task) || marks.added.has("ports\u0000" + task) ? "changed" : ""
               }));
  const button = (what, ...content) => el("button", {type: "button", onclick: () => pick(what)}, content);
  const sigma0 = state.roots.some((root) => root.space === task);
  return el(
      "article", {class: "task" + (object.dead ? " gone" : ""), "data-task": task},
      el("h3", {}, words.name(task), el("small", {}, "task " + task + (object.dead ? ", destroyed" : ""))),
      threads.length ? el("p", {class: "threads"},
                          threads.map(
                              (thread) =>
                                  el("span", {class: "thread" + (thread.id === running ? " running" : "")},
                                     words.name(thread.id) + ": " + threadText(thread, running, words))))
                     : null,
      quota && quota.limit
          ? el("p", {class: "quota"}, el("meter", {min: 0, max: quota.limit, value: quota.used, "aria-label": "quota"}),
               " quota " + quota.used + " of " + quota.limit + " bytes")
          : null,
      sigma0 ? el("p", {class: "hint"}, "root of all memory and ports") : null,
      section(
          "pages", pageRanges(state, task, marks, words), true,
          (row) => el(
              "li", {class: row.mark},
              button(
                  {kind: "mem", first: row.frame, size: 2 ** row.order}, el("code", {}, hex(row.first)),
                  el("span", {class: "size"}, (row.count > 1 ? row.count + "\u00d7" : "") + size(row.order)),
                  el("span", {class: "rights"}, row.rights), el("span", {class: "frame"}, "frame " + hex(row.frame))))),
      section(
          "slots", slotRows(state, task, marks, words), false,
          (row) =>
              el("li", {class: row.mark},
                 button(
                     {kind: "obj", first: row.object, size: 1}, el("code", {}, hex(row.index)),
                     el("span", {class: "size"}, row.text), el("span", {class: "rights"}, row.letters)))),
      section(
          "ports", ports, false,
          (row) =>
              el("li", {class: row.mark},
                 button(
                     {kind: "io", first: row.first, size: 1}, el("code", {}, hex(row.first)),
                     el("span", {class: "size"},
                        row.count > 1 ? "\u2026 " + hex(row.first + row.count - 1) : "1 port")))));
}

function threadText(thread, running, words) {
  if (thread.id === running) return "running";
  if (thread.dead) return "destroyed";
  if (thread.state === "receiving" || thread.state === "sending") {
    return thread.state + (thread.partner ? " (" + words.name(thread.partner) + ")" : "");
  }
  return thread.state || "not started";
}

// All tasks: those of the script first, then the root task, sigma0 last.
function taskList(state, marks, words, pick) {
  const tasks = [...state.table("objects").values()].filter((object) => object.type === "task");
  const gone = marks.gone.filter((c) => c.table === "objects" && c.before.type === "task").map((c) => c.before);
  const rank = (object) =>
      (state.roots.some((root) => root.space === object.id) ? 2
           : words.name(object.id) === "root"               ? 1
                                                            : 0);
  return [...tasks, ...gone]
      .sort((a, b) => rank(a) - rank(b) || a.id - b.id)
      .map((object) => taskCard(state, object.id, marks, words, pick));
}

// SPDX-License-Identifier: MIT
// The drawing: the mapping tree of a frame or port, or the slots of an object, as SVG.
// Decides what stands where: parents on the left, children on the right, siblings below each other. What the step added
// is marked; what it removed is drawn once more as a ghost. Called by main.js; calls state.js (reading), util.js.

const BOX = {
  width: 131,
  height: 40,
  gapX: 24,
  gapY: 9,
  margin: 5
};
const MAX_SIBLINGS = 24;

// What the events [from, to) changed: {added, gone, changed}: maps "table key" -> value before or after.
function changesBetween(state, from, to) {
  const first = new Map();
  for (let i = from; i < to; i++) {
    for (const c of state.journal[i]) {
      const key = c.table + "\u0000" + c.key;
      if (!first.has(key)) first.set(key, c);
    }
  }
  const marks = {added: new Set(), changed: new Map(), gone: []};
  for (const [key, c] of first) {
    const now = state.get(c.table, c.key);
    // A node's address can be used again at once: by another node.
    const another = c.table === "nodes" && c.before && now && c.before.key !== now.key;
    if ((c.before === undefined || another) && now !== undefined)
      marks.added.add(key);
    else if (c.before !== undefined && now !== undefined && c.before !== now)
      marks.changed.set(key, c.before);
    if (c.before !== undefined && (now === undefined || another)) marks.gone.push(c);
  }
  return marks;
}

const markOf = (marks, table, key) => {
  const name = table + "\u0000" + key;
  return marks.added.has(name) ? "new" : marks.changed.has(name) ? "changed" : "";
};

// The nodes of a drawing: {id, parent, title, text, mark, node}. what: {kind: "mem"|"io"|"obj", first, size}, or with
// several ranges: [[first, end], ...].
function drawnNodes(state, marks, what, words) {
  if (what.kind === "obj") return drawnSlots(state, marks, what.first, words);
  const ranges = what.ranges || [[what.first, what.first + what.size]];
  const meets = (node) => node && node.kind === what.kind &&
      ranges.some(([first, end]) => node.phys < end && node.phys + 2 ** node.order > first);
  const found = new Map();
  const take = (node, mark) => {
    const same = state.get("pages " + node.space, node.va);
    const rights = node.kind === "io" ? "" : same && mark !== "gone" ? words.entry(same.entry) : node.root ? "rwx" : "";
    found.set(node.key, {
      id: node.key,
      address: node.id,
      parent: node.parentKey || null,
      order: node.since || 0,
      depth: node.depth,
      mark,
      node,
      title: words.name(node.space),
      text: node.root
          ? (node.kind === "io" ? "all ports" : "all memory")
          : [hex(node.va), node.kind === "mem" || node.order ? size(node.order) : "port", rights].filter(Boolean).join(
                " "),
    });
  };
  for (const node of state.table("nodes").values()) {
    if (!meets(node)) continue;
    let mark = markOf(marks, "nodes", node.id) === "changed" ? "moved" : markOf(marks, "nodes", node.id);
    if (!mark && markOf(marks, "pages " + node.space, node.va)) mark = "changed";
    take(node, mark);
  }
  for (const c of marks.gone) {
    if (c.table === "nodes" && meets(c.before)) take(c.before, "gone");
  }
  for (const drawn of [...found.values()]) {
    // Only a root is not there yet: any other parent holds the frame too.
    const root = drawn.parent && !found.has(drawn.parent) && !drawn.parent.includes("#") && state.node(drawn.parent);
    if (root) take(root, "");
  }
  return [...found.values()];
}

// An object and the slots that hold it: a flat list, since objects have no tree (M-58).
function drawnSlots(state, marks, id, words) {
  const object = state.get("objects", id);
  const list = [{
    id: "object",
    parent: null,
    order: 0,
    depth: -1,
    mark: object ? markOf(marks, "objects", id) : "gone",
    title: words.name(id),
    text: object ? object.type + " " + id + (object.dead ? ", destroyed" : "") : "its memory is free"
  }];
  const take = (space, slot, mark) => list.push({
    id: space + "/" + slot.index,
    parent: "object",
    order: space * 65536 + slot.index,
    depth: 0,
    mark,
    title: words.name(space),
    text: "slot " + hex(slot.index) + " " + words.rights("obj", slot.rights) + (num(slot.rights) & 16 ? " weak" : ""),
  });
  for (const [name, table] of state.tables) {
    if (!name.startsWith("slots ")) continue;
    const space = num(name.slice(6));
    for (const slot of table.values())
      if (slot.object === id) take(space, slot, markOf(marks, name, slot.index));
  }
  for (const c of marks.gone) {
    if (c.table.startsWith("slots ") && c.before.object === id) take(num(c.table.slice(6)), c.before, "gone");
  }
  return list;
}

// Gives each node x and y; returns {nodes, edges, width, height}. Many siblings are cut short with a node "and N more".
function layout(nodes) {
  const byParent = new Map();
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) {
    const parent = ids.has(node.parent) ? node.parent : null;
    if (!byParent.has(parent)) byParent.set(parent, []);
    byParent.get(parent).push(node);
  }
  const placed = [];
  const edges = [];
  let row = 0;
  let columns = 0;
  const place = (node, column, parent) => {
    columns = Math.max(columns, column + 1);
    const below = shorten((byParent.get(node.id) || []).sort((a, b) => a.order - b.order), node.id);
    const spot = {...node, x: BOX.margin + column * (BOX.width + BOX.gapX), y: 0};
    placed.push(spot);
    if (parent) edges.push({from: parent, to: spot});
    const children = below.map((child) => place(child, column + 1, spot));
    if (children.length)
      spot.y = (children[0].y + children[children.length - 1].y) / 2;
    else
      spot.y = BOX.margin + row++ * (BOX.height + BOX.gapY);
    return spot;
  };
  (byParent.get(null) || []).sort((a, b) => a.order - b.order).forEach((node) => place(node, 0, null));
  return {
    nodes: placed,
    edges,
    width: 2 * BOX.margin + columns * (BOX.width + BOX.gapX) - BOX.gapX,
    height: 2 * BOX.margin + Math.max(1, row) * (BOX.height + BOX.gapY) - BOX.gapY,
  };
}

function shorten(siblings, parent) {
  if (siblings.length <= MAX_SIBLINGS) return siblings;
  const kept = siblings.filter((one, index) => index < MAX_SIBLINGS - 4 || one.mark).slice(0, MAX_SIBLINGS * 2);
  const more = siblings.length - kept.length;
  if (more)
    kept.push({id: parent + "more", parent, order: Infinity, mark: "more", title: "and " + more + " more", text: ""});
  return kept;
}

const MARK_WORDS = {
  new: "new",
  gone: "removed",
  moved: "moved",
  changed: "changed",
  more: ""
};

// The whole drawing; pick(node) is called when a box is clicked.
function drawTree(nodes, pick) {
  const plan = layout(nodes);
  const drawing = svg("svg", {
    width: plan.width,
    height: plan.height,
    viewBox: "0 0 " + plan.width + " " + plan.height,
    role: "img",
    class: "tree",
    "aria-label": plan.nodes.length + " nodes: " +
        plan.nodes
            .map(
                (node) =>
                    node.title + " " + node.text + (MARK_WORDS[node.mark] ? " (" + MARK_WORDS[node.mark] + ")" : ""))
            .join(", ")
  });
  for (const {from, to} of plan.edges) {
    const x1 = from.x + BOX.width;
    const y1 = from.y + BOX.height / 2;
    const y2 = to.y + BOX.height / 2;
    drawing.append(svg("path", {
      class: "edge " + to.mark,
      d: `M${x1} ${y1}C${x1 + BOX.gapX / 2} ${y1} ${to.x - BOX.gapX / 2} ${y2} ${to.x} ${y2}`
    }));
  }
  for (const node of plan.nodes) {
    drawing.append(svg(
        "g", {
          class: "node " + node.mark + (node.parent === null ? " root" : ""),
          transform: `translate(${node.x} ${node.y})`,
          "data-id": node.address,
          onclick: () => node.node && pick(node.node)
        },
        svg("title", {}, node.title + " " + node.text + (MARK_WORDS[node.mark] ? ": " + MARK_WORDS[node.mark] : "")),
        svg("rect", {width: BOX.width, height: BOX.height, rx: 6}),
        svg("text", {x: 8, y: 17, class: "title"}, node.title), svg("text", {x: 8, y: 32}, node.text),
        MARK_WORDS[node.mark] ? svg("text", {x: BOX.width - 8, y: 17, class: "mark"}, MARK_WORDS[node.mark]) : null));
  }
  return drawing;
}

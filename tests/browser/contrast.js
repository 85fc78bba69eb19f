// SPDX-License-Identifier: MIT
// Contrast as WCAG defines it, of every text in the document that has a place: [number of texts, those below 4.5].
// Run in the page by tests/qemu/explorer_use.py.
(() => {
  const parse = (text) => {
    const n = text.match(/[\d.]+/g).map(Number);
    return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
  };
  const over = (top, low) => [0, 1, 2].map((i) => top[i] * top[3] + low[i] * (1 - top[3])).concat(1);
  const linear = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const back = (e) => {
    const own = e ? parse(getComputedStyle(e).backgroundColor) : [255, 255, 255, 1];
    return own[3] === 1 ? own : over(own, back(e.parentElement));
  };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const e = walker.currentNode.parentElement;
    if (!text || !e.getClientRects().length || e.closest("script, style, .hidden, title, option")) continue;
    const style = getComputedStyle(e);
    const node = e.closest(".node");
    const low = node ? parse(getComputedStyle(node.querySelector("rect")).fill) : back(e);
    let top = parse(e.closest("svg") ? style.fill : style.color);
    for (let p = e; p; p = p.parentElement) top = [...top.slice(0, 3), top[3] * getComputedStyle(p).opacity];
    const [a, b] = [light(over(top, low)), light(low)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    seen++;
    if (ratio < 4.5) bad.add(text.slice(0, 20) + " " + ratio.toFixed(2) + " ." + e.getAttribute("class"));
  }
  return [seen, [...bad]];
})()

// SPDX-License-Identifier: MIT
// Buttons, keys, slider, search and theme of the explorer; the rest of its class, which main.js begins.
// Called once at load; calls main.js and timeline.js.

const THEMES = ["auto", "light", "dark"];

const KEYS = {
  ArrowRight: ["next event", (x) => x.go(x.at + 1)],
  ArrowLeft: ["previous event", (x) => x.go(x.at - 1)],
  ArrowDown: ["next operation", (x) => x.operation(1)],
  ArrowUp: ["previous operation", (x) => x.operation(-1)],
  PageDown: ["next line of the script", (x) => x.chapter(1)],
  PageUp: ["previous line of the script", (x) => x.chapter(-1)],
  Home: ["the beginning", (x) => x.go(0)],
  End: ["the end", (x) => x.go(x.events.length)],
  " ": ["play and pause", (x) => x.play(!x.timer)],
  "/": ["search", () => byId("search").focus()],
  n: ["next match", (x) => x.match(1)],
  N: ["previous match", (x) => x.match(-1)],
  f: ["drawing follows the step", (x) => x.pin(null)],
  t: ["light or dark", (x) => x.theme()],
  "?": ["this help", () => byId("help").showModal()],
};

Object.assign(Explorer.prototype, {
  controls() {
    for (const [id, key] of Object.entries({
           first: "Home",
           back: "ArrowUp",
           left: "ArrowLeft",
           play: " ",
           right: "ArrowRight",
           forth: "ArrowDown",
           last: "End",
           theme: "t",
           help_button: "?",
           follow: "f"
         })) {
      byId(id).addEventListener("click", () => KEYS[key][1](this));
    }
    byId("keys").append(...Object.entries(KEYS).map(
        ([key, [text]]) =>
            el("tr", {}, el("th", {}, el("kbd", {}, key === " " ? "Space" : key.replace("Arrow", ""))),
               el("td", {}, text))));
    document.addEventListener("keydown", (event) => this.key(event), true);
    byId("search").addEventListener("input", () => this.search(byId("search").value));
    byId("level").addEventListener("change", () => this.filter());
    byId("thread").append(...[...new Set(this.events.map((e) => e.thread))].filter(Boolean).map(
        (id) => el("option", {value: id}, "thread " + this.words.name(id))));
    byId("thread").addEventListener("change", () => this.filter());
    window.addEventListener("hashchange", () => this.readHash());
    let theme = "auto";
    try {
      theme = localStorage.getItem("quire-theme") || theme;
    } catch { /* a page from a file may have no storage */
    }
    this.theme(theme);
  },

  key(event) {
    const target = event.target;
    if (event.ctrlKey || event.altKey || event.metaKey || byId("help").open) return;
    if (target.id === "search") {
      if (event.key === "Enter") this.match(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") {
        target.value = "";
        this.search("");
        target.blur();
      }
      return;
    }
    if (target.tagName === "SELECT") return;
    if (event.key === " " && (target.tagName === "BUTTON" || target.tagName === "SUMMARY")) return;
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    if (event.key !== " ") this.play(false);
    action[1](this);
  },

  slider() {
    const slider = byId("slider");
    slider.max = this.events.length;
    slider.addEventListener("input", () => this.go(Number(slider.value)));
    const ticks = this.chapters.filter((chapter) => chapter.number && chapter.from !== undefined);
    byId("ticks").append(...ticks.map(
        (chapter) => el("i", {title: chapter.text, style: "left:" + (100 * chapter.from) / this.events.length + "%"})));
  },

  search(text) {
    this.timeline.matches = searchEvents(text, this);
    const count = this.timeline.matches ? this.timeline.matches.size : -1;
    byId("found").textContent = count < 0 ? "" : count + (count === 1 ? " event" : " events");
    this.timeline.build();
    byId("marks").replaceChildren(...[...(this.timeline.matches || [])]
                                      .filter((_, i) => i % Math.ceil(count / 400) === 0)
                                      .map((i) => el("i", {style: "left:" + (100 * i) / this.events.length + "%"})));
  },

  filter() {
    this.timeline.level = byId("level").value;
    this.timeline.thread = Number(byId("thread").value);
    this.timeline.build();
    this.timeline.show(this.at);
  },

  // Without a name: the next one.
  theme(name) {
    const current = document.documentElement.dataset.theme || "auto";
    name = THEMES.includes(name) ? name : THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
    document.documentElement.dataset.theme = name;
    byId("theme").textContent = {auto: "\u25d0", light: "\u2600", dark: "\u263e"}[name];
    byId("theme").setAttribute("aria-label", "colours: " + name);
    byId("theme").title = "colours: " + name;
    try {
      localStorage.setItem("quire-theme", name);
    } catch { /* as above */
    }
  },
});

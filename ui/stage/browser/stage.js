/* The stage: one animated picture of panels that share a clock.

   Plotly draws what stands still (axes, contours) once; a canvas above it draws what moves, from typed arrays that are
   sent once. Colours are names looked up in the light or the dark palette, so that a change of theme needs no server. */

import { headAt, jumped, known } from "./clock.js";
import { icon, letter, make, still } from "./draw.js";
import { Table } from "./table.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const SLIM = 880; // px of a stage whose second panel is too narrow for a table below it
let count = 0; // number of stages, for unique names
let plotly; // one script tag per page, for all stages
function loadPlotly(address) {
  plotly ??= window.Plotly
    ? Promise.resolve(window.Plotly)
    : new Promise((resolve, reject) => {
        const tag = document.createElement("script");
        tag.src = address;
        tag.onload = () => resolve(window.Plotly);
        tag.onerror = () => reject(new Error(`cannot load ${address}`));
        document.head.append(tag);
      });
  return plotly;
}

/** The number of contenders of a panel. @param {import("./contract.js").AnyPanel} panel */
function contenders(panel) {
  return "tracks" in panel ? Math.max(panel.tracks.length, 1) : 1;
}

/** The class of a kind of panel: the file of its name in panels/ exports it. */
async function kindOf(name) {
  return (await import("./panels/" + name + ".js")).default;
}

/** `fixed`, for a stage on a slide: { mode, clear }; such a stage has no controls, one font size, and no running clock. */
export class Stage {
  constructor(root, fixed = null) {
    this.root = root;
    this.fixed = fixed;
    /** @type {import("./contract.js").Sent | null} */
    this.scene = null;
    this.panels = [];
    this.library = null; // plotly.js
    /** @type {Uint8Array | null} */
    this.bytes = null; // the scene as it was sent: a live copy of the page carries them
    /** @type {((mode: string) => void) | null} */
    this.repaint = null; // called when the theme changes, because the server must redraw its own pictures
    this.classes = []; // of the scene's panels
    this.time = 0; // the clock's time, in steps or epochs; may lie between two
    this.chosen = 0; // the contender shown by panels that can show only one
    this.playing = false;
    this.speed = 1;
    this.hover = null; // the step under the pointer, shown in the table instead of the head
    this.build();
    if (fixed) return;
    this.frame = this.frame.bind(this);
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.panelBox);
    this.themed = setInterval(() => this.scene && this.mode() !== this.drawnMode && this.update(this.scene, this.send), 700);
  }

  /** The time that the pictures show. */
  get head() {
    return this.scene ? headAt(this.scene.clock, this.time) : this.time;
  }

  set head(time) {
    this.time = time;
  }

  leave() {
    document.removeEventListener("keydown", this.onkey);
    clearInterval(this.themed);
    cancelAnimationFrame(this.request);
    this.sized?.disconnect();
    if (this.filled) this.cover(false);
    for (const panel of this.panels) panel.leave();
    this.box.remove();
  }

  build() {
    const button = (name, act) => make("button", { type: "button", class: "dl-button", onclick: act }, icon(name));
    this.table = new Table(this);
    this.tableBox = make("div", { class: "dl-tablebox" }, this.table.node);
    this.panelBox = make("div", { class: "dl-panels" }, this.tableBox);
    this.buttons = {
      play: button("play", () => this.toggle()),
      back: button("back", () => this.jump(Math.ceil(this.head) - 1)),
      forward: button("forward", () => this.jump(Math.floor(this.head) + 1)),
      full: button("full", () => this.fullscreen()),
      save: button("save", () => this.save()),
    };
    this.scrub = make("input", { type: "range", min: 0, step: 1, class: "dl-scrub", oninput: () => this.jump(Number(this.scrub.value)) });
    this.readout = make("output", { class: "dl-readout", translate: "no" });
    this.pace = make("select", { class: "dl-speed", onchange: () => (this.speed = Number(this.pace.value)) });
    for (const speed of SPEEDS) this.pace.append(make("option", { value: speed }, `${speed}×`));
    this.pace.value = "1";
    const { play, back, forward, full, save } = this.buttons;
    this.bar = make("div", { class: "dl-bar", role: "group" }, back, play, forward, this.scrub, this.readout, this.pace, full, save);
    this.keys = make("p", { class: "dl-unseen", id: `dl-keys-${++count}` });
    this.spoken = make("p", { class: "dl-unseen", role: "status" }); // read out by screen readers
    const parts = this.fixed ? [this.panelBox] : [this.panelBox, this.bar, this.keys, this.spoken];
    this.box = make("div", { class: this.fixed ? "dl-stage dl-fixed" : "dl-stage", role: "group", tabindex: 0 }, ...parts);
    if (!this.fixed) this.box.setAttribute("aria-describedby", this.keys.id);
    this.root.append(this.box);
  }

  mode() {
    if (this.fixed) return this.fixed.mode;
    const paper = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff";
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = paper;
    const hex = String(probe.fillStyle); // the context converts any CSS colour to #rrggbb
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
  }

  /** Show a scene. With the same id as the last scene, the clock continues and the arrays are replaced.

      `send(wish, value)` asks the server for something; a stage without it, as in a saved page, asks for nothing. */
  async update(scene, send) {
    try {
      await this.take(scene, send);
    } catch (error) {
      if (this.fixed) throw error; // the code that saves the picture shows the error
      if (!this.scene || this.scene === scene) this.fail(error, scene);
    }
  }

  /** Show a message instead of a scene that cannot be drawn: an older picture would not match the new sentence. */
  fail(error, scene = this.scene) {
    console.error(error);
    const words = (scene ?? this.scene)?.words;
    cancelAnimationFrame(this.request);
    this.request = null;
    for (const panel of this.panels) panel.leave();
    [this.panels, this.kinds, this.scene] = [[], null, null];
    this.playing = false;
    this.panelBox.replaceChildren(make("p", { class: "dl-failed", role: "alert" }, words?.undrawn ?? "This picture could not be drawn."));
    this.bar.hidden = true;
    delete this.box.dataset.ready;
  }

  /** @param {import("./contract.js").Sent} scene  @param {((wish: string, value: object) => void) | undefined} send */
  async take(scene, send) {
    const before = this.scene;
    this.scene = scene;
    this.send = send;
    this.bar.hidden = false;
    const mode = this.mode();
    if (before && mode !== this.drawnMode) this.repaint?.(mode);
    this.drawnMode = mode;
    this.palette = scene.palettes[this.drawnMode];
    this.label();
    // Read out after an action of the reader; not during a training, when it changes all the time.
    if (before && before.alt !== scene.alt && !scene.clock.live && !scene.covered) this.spoken.textContent = scene.alt;
    const clock = scene.clock;
    const restart = !before || before.id !== scene.id || before.covered !== scene.covered; // a prediction uncovers it
    const atEnd = !before || this.target() >= before.clock.last;
    const wish = this.wish; // of the last click or drag: "play" from the new starting point, or "show" its whole path
    this.wish = null;
    if (restart || wish) {
      // An animation starts at 0, a finished training at its end, and other scenes at `clock.at`.
      if (clock.at === undefined) this.head = !clock.play || wish === "show" ? clock.last : 0;
      else if (!before || !wish) this.head = clock.at; // another starting point is shown at the same step
      this.playing = false;
    } else if (atEnd && !clock.live && !this.playing) this.head = clock.last;
    if (restart && still()) this.head = clock.at ?? clock.last;
    this.head = Math.min(this.head, clock.last);
    this.goal = clock.live && atEnd ? clock.last : null; // live: run on to the newest point
    if (this.goal !== null && still()) this.head = this.goal;
    this.scrub.max = clock.last;
    this.chosen = Math.min(this.chosen, contenders(scene.panels[0]) - 1);
    this.table.fill();
    const address = new URL(scene.plotly, document.baseURI).href;
    const [library, ...classes] = await Promise.all([loadPlotly(address), ...scene.panels.map(({ kind }) => kindOf(kind))]);
    if (this.scene !== scene) return; // a newer scene has arrived
    this.library = library;
    this.classes = classes;
    await this.lay();
    this.give();
    for (const panel of this.panels) panel.resize(); // the table may have grown and left them less room
    if ((restart || wish) && wish !== "show" && clock.play && !still() && !scene.covered && !this.fixed && clock.last > 0) this.play();
    if (this.fixed) return;
    this.box.dataset.ready = scene.id;
    this.redraw();
  }

  /** Whether it fills the screen in slide mode. */
  get slide() {
    return !this.fixed && document.documentElement.hasAttribute("data-slide");
  }

  /** Place the table: "side" under the second panel if that is wide enough, or "under" all panels; return which. */
  arrange() {
    const slim = !this.fixed && !this.slide && this.box.clientWidth < SLIM;
    const { layout } = this.scene;
    return (this.panelBox.dataset.layout = layout === "side" && slim ? "under" : layout);
  }

  /** Give the table room; on a slide a table that would leave too little for the picture is left out. */
  give() {
    if (this.fixed || !this.scene) return;
    const { tableBox } = this;
    const layout = this.arrange();
    tableBox.hidden = false;
    const most = layout === "side" ? 0.5 : 0.33; // of the height of all panels
    tableBox.hidden = this.slide && tableBox.offsetHeight > most * this.panelBox.offsetHeight;
    // What scrolls must be accessible by keyboard.
    if (tableBox.scrollWidth > tableBox.clientWidth || tableBox.scrollHeight > tableBox.clientHeight) tableBox.tabIndex = 0;
    else tableBox.removeAttribute("tabindex");
  }

  /** The drawn size of a font of so many pixels; on a slide none is smaller than the scene's font. */
  type(pixels) {
    return this.scale * (this.slide ? Math.max(pixels, this.scene.type) : pixels);
  }

  /** Fonts, lines and margins grow with the stage, so that a projected picture is readable from the last row. */
  zoom() {
    if (this.fixed) return 1;
    const { innerWidth, innerHeight } = window; // a slide's type is 24 px at 1280 x 720, and grows with its area
    if (this.slide) return Math.round(160 * Math.max(0.65, Math.sqrt((innerWidth * innerHeight) / (1280 * 720)))) / 100;
    return Math.round(Math.max(1, Math.min(1.7, this.box.clientWidth / 1050)) * 10) / 10;
  }

  /** Whether panels are stacked, as on a phone, where the style sheet sets their heights. */
  narrow() {
    return !this.fixed && matchMedia("(max-width: 640px)").matches;
  }

  /** Let `draw(ctx)` draw a canvas of so many CSS pixels, now and, on a slide's canvas or sheet, again. */
  onto(canvas, width, height, draw) {
    canvas.picture = { width, height, draw };
    if (this.fixed) return; // the code that paints the slide draws it there
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.save();
    draw(ctx);
    ctx.restore();
  }

  target() {
    return this.goal ?? this.head;
  }

  /** Create the panels of the scene if they differ from the last ones, and give them their data. */
  async lay() {
    const { scene, library, classes } = this;
    this.scale = this.zoom();
    this.box.style.setProperty("--dl-scale", this.scale);
    const kinds = scene.panels.map((p) => p.kind).join();
    if (kinds !== this.kinds) {
      for (const panel of this.panels) panel.leave();
      this.panels = classes.map((Kind) => new Kind(this, library));
      this.panelBox.replaceChildren(...this.panels.map((p) => p.node), this.tableBox);
      // Numbers grow longer while it plays, and the table then takes room from the pictures.
      for (const panel of this.panels) this.sized?.observe(panel.node);
      this.kinds = kinds;
    }
    const even = innerWidth > 1.6 * innerHeight ? 0.5 : 0; // a slide's table needs its breadth
    this.panelBox.style.setProperty("--dl-columns", scene.panels.filter((p) => !p.broad).map((p) => `minmax(0, ${this.slide ? p.grow ** even : p.grow}fr)`).join(" "));
    this.arrange();
    await Promise.all(this.panels.map((panel, i) => panel.update(scene.panels[i])));
  }

  label() {
    const { words } = this.scene;
    this.box.setAttribute("aria-label", this.scene.covered ? words.covered : this.scene.alt); // else it gives away the answer
    this.keys.textContent = words.keys;
    document.documentElement.lang = this.scene.lang; // Streamlit sets "en" for every language
    this.bar.setAttribute("aria-label", words.controls);
    for (const name of ["back", "forward", "full", "save"]) this.title(this.buttons[name], words[name]);
    this.title(this.scrub, words.scrub);
    this.title(this.pace, words.speed);
    this.bar.classList.toggle("dl-idle", this.scene.clock.last < 1 && !this.scene.clock.live); // there is nothing to play
  }

  title(node, text) {
    node.title = text;
    node.setAttribute("aria-label", text);
  }

  /* clock */

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.head >= this.scene.clock.last) this.head = 0;
    this.goal = null;
    this.playing = true;
    this.redraw();
  }

  pause() {
    this.playing = false;
    this.goal = null;
    this.redraw();
  }

  jump(step) {
    this.head = jumped(this.scene.clock, this.head, step);
    this.goal = this.scene.clock.live && this.head >= this.scene.clock.last ? this.scene.clock.last : null;
    this.playing = false;
    this.redraw();
  }

  /** The last step up to this one whose values were sent: of a long training not all are. */
  known(step) {
    return known(this.scene.clock, step);
  }

  redraw() {
    if (this.fixed) return;
    this.then = performance.now();
    this.request ??= requestAnimationFrame(this.frame);
  }

  frame(now) {
    this.request = null;
    const passed = Math.max(0, Math.min(0.1, (now - this.then) / 1000)); // no jump after a tab was inactive
    this.then = now;
    const { clock } = this.scene;
    if (this.playing) {
      this.head = Math.min(clock.last, this.time + (passed * this.speed * clock.last) / clock.seconds);
      if (this.head >= clock.last) this.playing = this.again(now);
    } else if (this.goal !== null) {
      const rest = this.goal - this.head;
      this.head = rest < 0.05 ? this.goal : this.head + rest * Math.min(1, passed * 6);
      if (this.head === this.goal) this.goal = clock.live ? this.goal : null;
    }
    try {
      for (const panel of this.panels) panel.draw();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.tell();
    if (this.playing || (this.goal !== null && this.head < this.goal)) this.request = requestAnimationFrame(this.frame);
  }

  /** At the end: whether to continue; a looping scene starts again after a pause in which it can be read. */
  again(now) {
    if (!this.scene.clock.loop) return false;
    this.rested ??= now;
    if (now - this.rested > 2500) {
      this.rested = null;
      this.head = 0;
    }
    return true;
  }

  tell() {
    const { clock, words } = this.scene;
    const step = this.known(Math.floor(this.head + 1e-9));
    const name = this.playing ? "pause" : "play";
    if (this.shown !== name + words[name]) {
      this.buttons.play.replaceChildren(icon(name));
      this.title(this.buttons.play, words[name]);
      this.shown = name + words[name];
    }
    this.scrub.value = step;
    const first = clock.first ?? 0; // the displayed number of the first step
    this.readout.value = `${clock.name} ${step + first} / ${(clock.total ?? clock.last) + first}`;
    this.box.dataset.step = step;
    const at = this.hover === null ? step : this.known(this.hover);
    this.table.tell(at);
  }

  /* keyboard, size */

  key(event) {
    if (!this.scene || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    const free = !at || at === document.body || this.box.contains(at) || at.closest("[data-testid=stMain]") === at;
    if (!free || (at === this.scrub && event.key.startsWith("Arrow")) || at === this.pace) return;
    const step = Math.max(1, event.shiftKey ? 10 : 1);
    const acts = {
      " ": () => this.toggle(),
      ArrowRight: () => this.jump(Math.floor(this.head) + step),
      ArrowLeft: () => this.jump(Math.ceil(this.head) - step),
      Home: () => this.jump(0),
      End: () => this.jump(this.scene.clock.last),
      f: () => this.fullscreen(),
      ...(this.filled && { Escape: () => this.cover(false) }),
    };
    const act = acts[event.key] ?? acts[letter(event)];
    if (!act || (event.key === " " && at?.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  }

  /** Show only the stage, in full screen or, if the browser does not offer or allow that (an iPhone, a frame), in the window. */
  async fullscreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    if (this.filled) return this.cover(false);
    try {
      await this.box.requestFullscreen();
    } catch {
      if (!this.slide) this.cover(true); // a slide fills it already
    }
  }

  get filled() {
    return "filled" in this.box.dataset;
  }

  cover(on) {
    this.box.toggleAttribute("data-filled", on);
    document.documentElement.toggleAttribute("data-filled", on); // hides the rest of the page
  }

  /** Open the dialog for saving the current picture. */
  async save() {
    const { ask } = await import("./save/dialog.js");
    this.pause();
    ask(this);
  }

  async resize() {
    if (this.panels.length && this.scale !== this.zoom()) await this.lay();
    this.give();
    for (const panel of this.panels) panel.resize();
    if (this.scene) this.redraw();
  }
}

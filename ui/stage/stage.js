/* The stage: one animated picture of panels that share a clock.

   Plotly draws what stands still (axes, contours) once; a canvas above it draws what moves, from typed arrays that are
   sent once. The scene arrives as one block of bytes (see unpack); colours are names looked up in the light or the dark
   palette, so that a change of theme needs no server. Reading order: unpack, Stage (clock, controls), Panel (picture). */

const PLOTLY_CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", scrollZoom: false, showTips: false };
const RING = 9; // radius of the start ring, px
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const coarse = () => matchMedia("(pointer: coarse)").matches;

/* ---------- what arrives ---------- */

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array };

/** Bytes -> scene. Layout: uint32 length of the JSON, the JSON, then the arrays, each at a multiple of 4 after it.
    In the JSON an array stands as {"$": [offset, type, shape]}. */
function unpack(bytes) {
  const own = bytes.slice(); // the view may start at an odd offset of a shared buffer
  const length = new DataView(own.buffer).getUint32(0, true);
  const base = 4 + length;
  return JSON.parse(new TextDecoder().decode(own.subarray(4, base)), (_, value) => {
    if (!value || !value.$) return value;
    const [offset, type, shape] = value.$;
    const size = shape.reduce((a, b) => a * b, 1);
    const flat = new TYPES[type](own.buffer, base + offset, size);
    if (shape.length === 1) return flat;
    const width = size / shape[0]; // [k, ...] -> k rows
    return Array.from({ length: shape[0] }, (_, i) => flat.subarray(i * width, (i + 1) * width));
  });
}

/** Replace every "@name" in a figure by the palette's colour. */
function coloured(value, palette) {
  if (typeof value === "string") return value[0] === "@" ? palette[value.slice(1)] ?? value : value;
  if (Array.isArray(value)) return value.map((v) => coloured(v, palette));
  if (value && typeof value === "object" && !ArrayBuffer.isView(value))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, palette)]));
  return value;
}

/** #rrggbb colours a and b, mixed with the given share of b. */
function mixed(a, b, share) {
  const channel = (hex, i) => parseInt(hex.slice(i, i + 2), 16);
  return `#${[1, 3, 5].map((i) => Math.round(channel(a, i) * (1 - share) + channel(b, i) * share).toString(16).padStart(2, "0")).join("")}`;
}

let plotly; // one script tag for the page, however many stages
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

/* ---------- small helpers ---------- */

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** 3 significant digits; powers of ten as on paper. */
export function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, power] = value.toExponential(2).split("e");
    const raised = [...String(Number(power))].map((c) => SUPERSCRIPT[c]).join("");
    return `${Number(mantissa)}×10${raised}`.replace(/^-/, "−");
  }
  return String(Number(value.toPrecision(3))).replace(/^-/, "−");
}

/** Path of a marker of the given shape around (x, y), radius r. */
function marker(ctx, shape, x, y, r) {
  const polygon = (n, turn, inner) => {
    for (let i = 0; i < n; i++) {
      const radius = inner && i % 2 ? r * inner : r;
      const angle = turn + (2 * Math.PI * i) / n;
      ctx[i ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    ctx.closePath();
  };
  ctx.beginPath();
  if (shape === "square") ctx.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (shape === "diamond") polygon(4, 0);
  else if (shape === "up") polygon(3, -Math.PI / 2);
  else if (shape === "down") polygon(3, Math.PI / 2);
  else if (shape === "star") polygon(10, -Math.PI / 2, 0.45);
  else if (shape === "cross") polygon(8, Math.PI / 4, 0.5);
  else if (shape === "hexagon") polygon(6, 0);
  else ctx.arc(x, y, r, 0, 2 * Math.PI);
}

/** A short sample of a track's line with its marker, for the table. */
function sample(style, palette) {
  const canvas = make("canvas", { width: 88, height: 28, "aria-hidden": "true", class: "dl-sample" });
  const ctx = canvas.getContext("2d");
  ctx.scale(2, 2);
  ctx.strokeStyle = ctx.fillStyle = coloured(style.color, palette);
  ctx.lineWidth = 2.5;
  ctx.setLineDash(style.dash ?? []);
  ctx.beginPath();
  ctx.moveTo(1, 7);
  ctx.lineTo(43, 7);
  ctx.stroke();
  ctx.setLineDash([]);
  marker(ctx, style.marker, 22, 7, 5);
  ctx.fill();
  return canvas;
}

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M6 6h2v12H6zM19 6v12l-9-6z",
  forward: "M5 6v12l9-6zM16 6h2v12h-2z",
  full: "M5 5h6v2H7v4H5zM13 5h6v6h-2V7h-4zM5 13h2v4h4v2H5zM17 13h2v6h-6v-2h4z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  home: "M12 4l8 7h-2v8h-4v-5h-4v5H6v-8H4z",
};
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/* ---------- the stage ---------- */

class Stage {
  constructor(root) {
    this.root = root;
    this.panels = [];
    this.head = 0; // where the clock stands, in steps or epochs; may lie between two
    this.playing = false;
    this.speed = 1;
    this.hover = null; // a step pointed at, shown in the table instead of the head
    this.build();
    this.frame = this.frame.bind(this);
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.panelBox);
    this.themed = setInterval(() => this.scene && this.mode() !== this.drawnMode && this.update(this.scene, this.send), 700);
  }

  leave() {
    document.removeEventListener("keydown", this.onkey);
    clearInterval(this.themed);
    cancelAnimationFrame(this.request);
    this.sized.disconnect();
    for (const panel of this.panels) panel.leave();
  }

  build() {
    const button = (name, act) => make("button", { type: "button", class: "dl-button", onclick: act }, icon(name));
    this.table = make("table", { class: "dl-table" });
    this.panelBox = make("div", { class: "dl-panels" }, this.table);
    this.buttons = {
      play: button("play", () => this.toggle()),
      back: button("back", () => this.jump(Math.ceil(this.head) - 1)),
      forward: button("forward", () => this.jump(Math.floor(this.head) + 1)),
      full: button("full", () => this.fullscreen()),
    };
    this.scrub = make("input", { type: "range", min: 0, step: 1, class: "dl-scrub", oninput: () => this.jump(Number(this.scrub.value)) });
    this.readout = make("output", { class: "dl-readout" });
    this.pace = make("select", { class: "dl-speed", onchange: () => (this.speed = Number(this.pace.value)) });
    for (const speed of SPEEDS) this.pace.append(make("option", { value: speed }, `${speed}×`));
    this.pace.value = "1";
    const { play, back, forward, full } = this.buttons;
    this.bar = make("div", { class: "dl-bar", role: "group" }, back, play, forward, this.scrub, this.readout, this.pace, full);
    this.box = make("div", { class: "dl-stage", role: "group", tabindex: 0 }, this.panelBox, this.bar);
    this.root.append(this.box);
  }

  mode() {
    const paper = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff";
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = paper; // normalises any CSS colour to #rrggbb
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(probe.fillStyle.slice(i, i + 2), 16));
    return 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
  }

  /** Take a scene: the same stage goes on, with new arrays under the same clock where the scene's id is the same. */
  async update(scene, send) {
    const before = this.scene;
    this.scene = scene;
    this.send = send;
    this.drawnMode = this.mode();
    this.palette = scene.palettes[this.drawnMode];
    this.label();
    const clock = scene.clock;
    const restart = !before || before.id !== scene.id;
    const atEnd = !before || this.target() >= before.clock.last;
    if (restart) {
      this.head = clock.live ? clock.last : 0;
      this.playing = false;
    } else if (atEnd && !clock.live && !this.playing) this.head = clock.last;
    if (restart && still()) this.head = clock.last;
    this.head = Math.min(this.head, clock.last);
    this.goal = clock.live && atEnd ? clock.last : null; // live: glide to the newest point
    if (this.goal !== null && still()) this.head = this.goal;
    this.scrub.max = clock.last;
    this.fill();
    const library = await loadPlotly(new URL(scene.plotly, document.baseURI).href);
    if (this.scene !== scene) return; // a newer one came meanwhile
    await this.lay(library, scene);
    if (restart && clock.play && !still() && clock.last > 0) this.play();
    this.box.dataset.ready = scene.id;
    this.redraw();
  }

  target() {
    return this.goal ?? this.head;
  }

  async lay(library, scene) {
    const kinds = scene.panels.map((p) => p.kind).join();
    if (kinds !== this.kinds) {
      for (const panel of this.panels) panel.leave();
      this.panels = scene.panels.map((p) => new KINDS[p.kind](this, library));
      this.panelBox.replaceChildren(...this.panels.map((p) => p.node), this.table);
      this.kinds = kinds;
    }
    this.panelBox.style.setProperty("--dl-columns", scene.panels.map((p) => `minmax(0, ${p.grow}fr)`).join(" "));
    this.panelBox.dataset.layout = scene.layout; // "side": the table stands under the second panel; "under": under all
    await Promise.all(this.panels.map((panel, i) => panel.update(scene.panels[i])));
  }

  label() {
    const { words } = this.scene;
    this.box.setAttribute("aria-label", this.scene.alt);
    this.bar.setAttribute("aria-label", words.controls);
    for (const name of ["back", "forward", "full"]) this.title(this.buttons[name], words[name]);
    this.title(this.scrub, words.scrub);
    this.title(this.pace, words.speed);
    this.bar.hidden = this.scene.clock.last < 1 && !this.scene.clock.live;
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
    this.head = Math.max(0, Math.min(this.scene.clock.last, step));
    this.goal = this.scene.clock.live && this.head >= this.scene.clock.last ? this.scene.clock.last : null;
    this.playing = false;
    this.redraw();
  }

  redraw() {
    this.then = performance.now();
    this.request ??= requestAnimationFrame(this.frame);
  }

  frame(now) {
    this.request = null;
    const passed = Math.max(0, Math.min(0.1, (now - this.then) / 1000)); // a tab that slept does not leap
    this.then = now;
    const { clock } = this.scene;
    if (this.playing) {
      this.head = Math.min(clock.last, this.head + (passed * this.speed * clock.last) / clock.seconds);
      if (this.head >= clock.last) this.playing = this.again(now);
    } else if (this.goal !== null) {
      const rest = this.goal - this.head;
      this.head = rest < 0.05 ? this.goal : this.head + rest * Math.min(1, passed * 6);
      if (this.head === this.goal) this.goal = clock.live ? this.goal : null;
    }
    for (const panel of this.panels) panel.draw();
    this.tell();
    if (this.playing || (this.goal !== null && this.head < this.goal)) this.request = requestAnimationFrame(this.frame);
  }

  /** At the end: whether to go on, which a looping scene does from the start, after a rest in which it can be read. */
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
    const step = Math.floor(this.head + 1e-9);
    const name = this.playing ? "pause" : "play";
    if (this.shown !== name + words[name]) {
      this.buttons.play.replaceChildren(icon(name));
      this.title(this.buttons.play, words[name]);
      this.shown = name + words[name];
    }
    this.scrub.value = step;
    this.readout.value = `${clock.name} ${step} / ${clock.total ?? clock.last}`;
    this.box.dataset.step = step;
    const at = this.hover ?? step;
    for (const { node, read } of this.live) {
      const text = read(at);
      if (node.textContent !== text) node.textContent = text;
    }
  }

  /** The table: one row a track, with the values under the head; also the picture's text for screen readers. */
  fill() {
    const { table } = this.scene;
    this.live = [];
    this.table.hidden = !table;
    if (!table) return;
    const head = make("tr", {}, ...table.columns.map((c) => make("th", { scope: "col" }, c)));
    const rows = table.rows.map((row) => {
      const cells = row.cells.map((cell) => {
        const td = make("td");
        if (typeof cell === "string") td.textContent = cell;
        else if (cell.values)
          this.live.push({ node: td, read: (at) => number(cell.values[Math.min(at, cell.values.length - 1)] ?? NaN) });
        else this.live.push({ node: td, read: (at) => (at >= cell.from ? cell.text : (cell.before ?? "")) });
        return td;
      });
      return make("tr", {}, make("th", { scope: "row" }, sample(row.style, this.palette), row.label), ...cells);
    });
    this.table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
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
    };
    const act = acts[event.key];
    if (!act || (event.key === " " && at?.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.box.requestFullscreen?.();
  }

  resize() {
    for (const panel of this.panels) panel.resize();
    if (this.scene) this.redraw();
  }
}

/* ---------- panels ---------- */

/** Plotly's still part with a canvas above it; tracks are polylines that grow with the clock. */
class Panel {
  constructor(stage, library) {
    this.stage = stage;
    this.library = library;
    this.plot = make("div", { class: "dl-plot" });
    this.canvas = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.tip = make("div", { class: "dl-tip", hidden: "" });
    this.node = make("figure", { class: "dl-panel" }, this.plot, this.canvas, this.tip);
    this.listen();
  }

  leave() {
    if (this.drawn) this.library.purge(this.plot);
  }

  async update(panel) {
    this.panel = panel;
    const mark = `${panel.mark} ${this.stage.drawnMode}`; // names the still part: unchanged, it is not drawn again
    const { clientWidth: width, clientHeight: height } = this.node;
    if (mark !== this.mark) {
      const figure = coloured(panel.figure, this.stage.palette);
      figure.layout.dragmode = panel.pan && !coarse() ? "pan" : false;
      await this.library.react(this.plot, figure.data, { ...figure.layout, width, height }, PLOTLY_CONFIG);
      if (!this.drawn) {
        this.drawn = true;
        this.plot.on("plotly_relayout", () => this.stage.redraw());
        this.plot.on("plotly_relayouting", () => this.stage.redraw());
      }
      this.mark = mark;
    }
    this.seen = null; // the arrays changed: project them again
    this.node.classList.toggle("dl-pick", Boolean(panel.start));
  }

  resize() {
    if (!this.drawn) return;
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width && height && (width !== this.plot._fullLayout.width || height !== this.plot._fullLayout.height))
      this.library.relayout(this.plot, { width, height });
  }

  axes() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    return [xaxis, yaxis];
  }

  toPixels(x, y) {
    const [xaxis, yaxis] = this.axes();
    return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)];
  }

  /** Pixel positions of every track, kept until an axis or an array changes. */
  project() {
    const [xaxis, yaxis] = this.axes();
    const key = [...xaxis.range, ...yaxis.range, xaxis._length, yaxis._length, xaxis._offset, yaxis._offset].join();
    if (key === this.seen) return;
    this.seen = key;
    const map = (axis) => {
      const log = axis.type === "log";
      const scale = axis._length / (axis.range[1] - axis.range[0]);
      const flip = axis._id[0] === "y";
      return (v) => {
        const along = ((log ? Math.log10(v) : v) - axis.range[0]) * scale;
        return axis._offset + (flip ? axis._length - along : along);
      };
    };
    const [px, py] = [map(xaxis), map(yaxis)];
    this.tracks = this.panel.tracks.map((track) => {
      const n = track.y.length;
      const points = new Float32Array(2 * n);
      for (let i = 0; i < n; i++) {
        points[2 * i] = px(track.x ? track.x[i] : i + (track.from ?? 0));
        points[2 * i + 1] = py(track.y[i]);
      }
      return { ...track, points, n, sparse: spacing(points, n) > 7 };
    });
  }

  draw() {
    if (!this.drawn) return;
    this.project();
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.node;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.lineJoin = ctx.lineCap = "round";
    const [xaxis, yaxis] = this.axes();
    this.area = { left: xaxis._offset, top: yaxis._offset, right: xaxis._offset + xaxis._length, bottom: yaxis._offset + yaxis._length };
    this.font = `600 ${this.stage.scene.type}px ${this.panel.figure.layout.font.family}`;
    this.inside(ctx, () => {
      this.shade(ctx);
      this.lines(ctx);
      this.stars(ctx);
    });
    for (const track of this.tracks) this.tipOf(ctx, track);
    this.marks(ctx);
    this.names(ctx);
    this.ring(ctx);
    this.cross(ctx);
  }

  inside(ctx, act) {
    const { left, top, right, bottom } = this.area;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    act();
    ctx.restore();
  }

  /** Position of a track at the head: between two points it is interpolated; after its last finite point it stays there. */
  at(track, head) {
    const { points, n } = track;
    const i = Math.min(Math.floor(head), n - 1);
    const j = Math.min(i + 1, n - 1);
    const part = Math.min(1, head - i);
    const x = points[2 * i] + (points[2 * j] - points[2 * i]) * part;
    const y = points[2 * i + 1] + (points[2 * j + 1] - points[2 * i + 1]) * part;
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  }

  trace(ctx, track, head) {
    const { points, n } = track;
    const whole = Math.min(Math.floor(head), n - 1);
    let pen = false;
    ctx.beginPath();
    for (let i = 0; i <= whole; i++) {
      const x = points[2 * i];
      const y = points[2 * i + 1];
      if (!(Math.abs(x) < 1e7 && Math.abs(y) < 1e7)) {
        pen = false; // canvas coordinates overflow far outside; nan ends the line
        continue;
      }
      if (pen) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      pen = true;
    }
    const end = head > whole && this.at(track, head);
    if (pen && end) ctx.lineTo(...end);
  }

  shade(ctx) {
    const head = this.stage.head;
    for (const { a, b, color } of this.panel.shades ?? []) {
      const [upper, lower] = [this.tracks[a], this.tracks[b]];
      const last = Math.min(Math.floor(head), upper.n - 1);
      ctx.beginPath();
      for (let i = 0; i <= last; i++) ctx.lineTo(upper.points[2 * i], upper.points[2 * i + 1]);
      for (let i = last; i >= 0; i--) ctx.lineTo(lower.points[2 * i], lower.points[2 * i + 1]);
      ctx.fillStyle = coloured(color, this.stage.palette);
      ctx.globalAlpha = 0.13;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
  }

  lines(ctx) {
    const { head, palette } = this.stage;
    for (const track of this.tracks) {
      this.trace(ctx, track, head);
      ctx.strokeStyle = palette.halo;
      ctx.globalAlpha = track.faint ? 0 : 0.75;
      ctx.lineWidth = track.width + 2.5;
      ctx.stroke();
    }
    for (const track of this.tracks) {
      this.trace(ctx, track, head);
      ctx.globalAlpha = track.faint ? 0.45 : 1;
      ctx.strokeStyle = coloured(track.color, palette);
      ctx.lineWidth = track.width;
      ctx.setLineDash(track.dash ?? []);
      ctx.stroke();
      ctx.setLineDash([]);
      if (this.panel.dots && track.sparse) this.dots(ctx, track);
      ctx.globalAlpha = 1;
    }
  }

  /** Every step of a path as a small dot, where steps are far enough apart to be told from one another. */
  dots(ctx, track) {
    ctx.fillStyle = coloured(track.color, this.stage.palette);
    const last = Math.min(Math.floor(this.stage.head), track.n - 1);
    for (let i = 0; i <= last; i++) {
      ctx.beginPath();
      ctx.arc(track.points[2 * i], track.points[2 * i + 1], track.width * 0.95, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  tipOf(ctx, track) {
    if (!track.marker) return;
    const end = this.at(track, Math.min(this.stage.head, track.n - 1));
    if (!end || !this.holds(end)) return;
    const { palette } = this.stage;
    marker(ctx, track.marker, ...end, 6);
    ctx.fillStyle = coloured(track.color, palette);
    ctx.strokeStyle = palette.halo;
    ctx.lineWidth = 1.5;
    ctx.fill();
    ctx.stroke();
  }

  holds([x, y]) {
    const { left, top, right, bottom } = this.area;
    return x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  }

  stars(ctx) {
    const { palette } = this.stage;
    for (const [x, y] of this.panel.stars ?? []) {
      marker(ctx, "star", ...this.toPixels(x, y), 8);
      ctx.fillStyle = palette.star;
      ctx.strokeStyle = palette.halo;
      ctx.lineWidth = 1.5;
      ctx.fill();
      ctx.stroke();
    }
  }

  /** Vertical dotted lines with a label (best epoch, early stop), drawn once the head has reached them. */
  marks(ctx) {
    const { head, palette } = this.stage;
    let row = 0;
    for (const mark of this.panel.marks ?? []) {
      if (mark.at > head + 1e-9) continue;
      const [x] = this.toPixels(mark.at, 1);
      const { left, top, right, bottom } = this.area;
      if (x < left || x > right) continue;
      ctx.strokeStyle = ctx.fillStyle = coloured(mark.color, palette);
      ctx.lineWidth = 1.5;
      ctx.setLineDash(mark.dash ?? [2, 4]);
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, bottom);
      ctx.stroke();
      ctx.setLineDash([]);
      if (!mark.label) continue;
      ctx.font = this.font;
      const wide = ctx.measureText(mark.label).width;
      const y = top + 4 + row++ * (this.stage.scene.type + 5);
      const from = x + 6 + wide > right ? x - 6 - wide : x + 6;
      ctx.textBaseline = "top";
      this.written(ctx, mark.label, from, y, ctx.fillStyle);
    }
  }

  /** Text in a track's colour, taken towards the text colour until it can be read, on a halo of paper. */
  written(ctx, text, x, y, color) {
    ctx.lineWidth = 4;
    ctx.strokeStyle = this.stage.palette.halo;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = mixed(color, this.stage.palette.text, 0.35);
    ctx.fillText(text, x, y);
  }

  /** Direct labels at the line ends, moved apart where they would overlap. */
  names(ctx) {
    const { head, palette } = this.stage;
    const size = this.stage.scene.type;
    ctx.font = this.font;
    ctx.textBaseline = "middle";
    const { left, right, top, bottom } = this.area;
    const placed = [];
    const room = this.node.clientWidth;
    for (const track of this.tracks) {
      if (!track.name) continue;
      const end = this.at(track, Math.min(head, track.n - 1)) ?? this.lastFinite(track, head);
      if (!end) continue;
      const wide = ctx.measureText(track.name).width;
      const outside = !this.holds(end);
      const x = Math.max(left, Math.min(end[0] + 11, this.panel.crowd ? right - wide - 4 : room - wide - 2));
      const y = Math.max(top + size / 2, Math.min(bottom - size / 2, end[1]));
      placed.push({ track, x, y, wide, outside, wished: y });
    }
    placed.sort((a, b) => a.y - b.y);
    // On the surface a label that has no room is left out (the table names every path); beside curves all are shown.
    const kept = [];
    for (const label of placed) {
      const clash = (y) => kept.find((k) => Math.abs(k.y - y) < size + 2 && k.x < label.x + label.wide + 6 && label.x < k.x + k.wide + 6);
      for (let hit = clash(label.y), tries = 0; hit && tries < 12; hit = clash(label.y), tries++) label.y = hit.y + size + 2.5;
      if (this.panel.crowd && label.y - label.wished > 1.5 * size) continue;
      kept.push(label);
    }
    const over = kept.length ? kept[kept.length - 1].y - (bottom - 2) : 0;
    for (const { track, x, y } of kept) this.written(ctx, track.name, x, over > 0 ? y - over : y, coloured(track.color, palette));
  }

  lastFinite(track, head) {
    for (let i = Math.min(Math.floor(head), track.n - 1); i >= 0; i--) {
      const end = [track.points[2 * i], track.points[2 * i + 1]];
      if (Number.isFinite(end[0]) && Number.isFinite(end[1])) return end;
    }
    return null;
  }

  ring(ctx) {
    const start = this.drag ?? this.panel.start;
    if (!start) return;
    const { palette } = this.stage;
    const [x, y] = this.toPixels(...start);
    if (!this.holds([x, y])) return;
    for (const [color, width] of [[palette.halo, 5], [palette.text, 2.25]]) {
      ctx.beginPath();
      ctx.arc(x, y, RING, 0, 2 * Math.PI);
      ctx.strokeStyle = color;
      ctx.lineWidth = width;
      ctx.stroke();
    }
  }

  cross(ctx) {
    const at = this.stage.hover;
    if (at === null || !this.panel.along) return;
    const [x] = this.toPixels(at, 1);
    const { top, bottom } = this.area;
    ctx.strokeStyle = this.stage.palette.quiet;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
  }

  /* pointer */

  listen() {
    const where = (event) => {
      const box = this.node.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.node.addEventListener("pointerdown", (event) => {
      if (!this.drawn || event.button || event.target.closest("button")) return;
      this.down = where(event);
      const start = this.panel.start;
      if (start && near(this.toPixels(...start), this.down, RING + (event.pointerType === "touch" ? 16 : 7))) {
        this.drag = start;
        this.node.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.stopPropagation();
      }
    }, true);
    this.node.addEventListener("mousedown", (event) => this.drag && event.stopPropagation(), true);
    this.node.addEventListener("touchstart", (event) => this.drag && event.stopPropagation(), true);
    this.node.addEventListener("pointermove", (event) => {
      if (!this.drawn) return;
      const at = where(event);
      if (this.drag) {
        this.drag = this.toData(at);
        this.ask(this.drag, true);
        this.stage.redraw();
      } else this.point(at);
    });
    this.node.addEventListener("pointerup", (event) => {
      if (!this.drawn || !this.down) return;
      const at = where(event);
      const moved = !near(this.down, at, 4);
      this.down = null;
      if (this.drag) {
        const start = this.drag;
        this.drag = null;
        if (moved) this.ask(start, false);
      } else if (!moved && this.holds(at) && !event.target.closest("button")) this.click(at);
    });
    this.node.addEventListener("pointercancel", () => (this.drag = this.down = null));
    this.node.addEventListener("pointerleave", () => this.point(null));
  }

  toData([x, y]) {
    const [xaxis, yaxis] = this.axes();
    return [xaxis.p2d(x - xaxis._offset), yaxis.p2d(y - yaxis._offset)];
  }

  click(at) {
    if (this.panel.start) this.ask(this.toData(at), false);
    else if (this.panel.along) this.stage.jump(Math.round(this.toData(at)[0]));
  }

  /** Ask for a new start. While dragging, one request at a time: the next leaves when the answer is here. */
  ask([x, y], dragging) {
    const round = (v, axis) => Number(v.toPrecision(Math.max(3, Math.ceil(Math.log10(Math.abs(v / axis) + 1)) + 3)));
    const [xaxis, yaxis] = this.axes();
    const start = [round(x, xaxis.range[1] - xaxis.range[0]), round(y, yaxis.range[1] - yaxis.range[0])];
    if (dragging && this.asked === this.panel) return;
    this.asked = this.panel;
    this.stage.send("start", { at: start, dragging });
  }

  /** Exact numbers under the pointer: the nearest point of a path, or all curves at one step. */
  point(at) {
    const { stage } = this;
    const before = stage.hover;
    stage.hover = null;
    this.tip.hidden = true;
    if (at && this.drawn && this.tracks && this.holds(at)) {
      if (this.panel.along) stage.hover = Math.max(0, Math.min(stage.scene.clock.last, Math.round(this.toData(at)[0])));
      else this.nearest(at);
    }
    if (stage.hover !== before && stage.scene) stage.redraw();
  }

  nearest(at) {
    let best = null;
    let distance = 12;
    const head = Math.floor(this.stage.head);
    for (const track of this.tracks)
      for (let i = 0; i <= Math.min(head, track.n - 1); i++) {
        const d = Math.hypot(track.points[2 * i] - at[0], track.points[2 * i + 1] - at[1]);
        if (d < distance) [distance, best] = [d, { track, i }];
      }
    if (!best) return;
    const { track, i } = best;
    const { clock } = this.stage.scene;
    const values = track.values ? ` · f = ${number(track.values[i])}` : "";
    this.tip.textContent = `${track.title} · ${clock.name} ${i} · (${number(track.x[i])}, ${number(track.y[i])})${values}`;
    this.tip.hidden = false;
    const left = Math.min(at[0] + 14, this.node.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, at[1] - 34)}px)`;
  }
}

/** The surface from above: a panel with buttons to zoom, since the wheel scrolls the page (ctrl + wheel zooms). */
class Plane extends Panel {
  constructor(stage, library) {
    super(stage, library);
    const button = (name, act) => make("button", { type: "button", class: "dl-button", onclick: act }, icon(name));
    this.zooms = [button("plus", () => this.zoom(0.7)), button("minus", () => this.zoom(1 / 0.7)), button("home", () => this.zoom(null))];
    this.node.append(make("div", { class: "dl-zoom" }, ...this.zooms));
    this.node.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = this.node.getBoundingClientRect();
      this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.toData([event.clientX - box.left, event.clientY - box.top]));
    }, { passive: false });
  }

  async update(panel) {
    await super.update(panel);
    const { words } = this.stage.scene;
    [words.closer, words.farther, words.whole].forEach((text, i) => this.stage.title(this.zooms[i], text));
  }

  zoom(factor, centre) {
    const [xaxis, yaxis] = this.axes();
    const { layout } = this.panel.figure;
    const about = (axis, c) => axis.range.map((v) => c + (v - c) * factor);
    const middle = (axis) => (axis.range[0] + axis.range[1]) / 2;
    const [cx, cy] = centre ?? [middle(xaxis), middle(yaxis)];
    this.library.relayout(this.plot, {
      "xaxis.range": factor ? about(xaxis, cx) : [...layout.xaxis.range],
      "yaxis.range": factor ? about(yaxis, cy) : [...layout.yaxis.range],
    });
  }
}

/** The surface in space: Plotly's own 3-D traces; the paths are traces too, given longer arrays as the clock runs. */
class Space extends Panel {
  async update(panel) {
    const changed = `${panel.mark} ${this.stage.drawnMode}` !== this.mark;
    await super.update(panel);
    if (!changed) this.drawnHead = null;
  }

  draw() {
    if (!this.drawn) return;
    const { head, playing, palette } = this.stage;
    const now = performance.now();
    if (this.drawnHead === head && this.drawnPanel === this.panel) return;
    if (playing && now - (this.drawnAt ?? 0) < 45) return; // WebGL buffers are rebuilt at each call: 20 a second suffice
    this.drawnAt = now;
    this.drawnHead = head;
    this.drawnPanel = this.panel;
    const last = Math.floor(head) + 1;
    const { tracks, first } = this.panel;
    const cut = (name) => tracks.map((t) => Array.from(t[name].subarray(0, last)));
    const tips = (name) => tracks.map((t) => [t[name][Math.min(last, t[name].length) - 1]]);
    const lines = tracks.map((_, i) => first + i);
    const heads = tracks.map((_, i) => first + tracks.length + i);
    this.library.restyle(this.plot, {
      x: [...cut("x"), ...tips("x")], y: [...cut("y"), ...tips("y")], z: [...cut("z"), ...tips("z")],
      "line.color": [...tracks, ...tracks].map((t) => coloured(t.color, palette)),
    }, [...lines, ...heads]);
  }

  listen() {} // Plotly turns the scene
  point() {}
}

/** Decision regions of several networks, side by side: pictures that follow the run. */
class Fields {
  constructor(stage) {
    this.stage = stage;
    this.node = make("figure", { class: "dl-panel dl-fields" });
    this.cells = [];
  }

  leave() {}

  /** The number of columns that makes the pictures largest. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.node;
    const n = this.cells.length;
    const caption = 26;
    let best = 0;
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns);
      const side = Math.min((width - 10 * (columns - 1)) / columns, (height - 10 * (rows - 1)) / rows - caption);
      if (side > best) [best, this.columns] = [side, columns];
    }
    const narrow = matchMedia("(max-width: 640px)").matches; // stacked: the page scrolls, the width decides
    this.node.style.gridTemplateColumns = narrow || best < 60 ? "" : `repeat(${this.columns}, ${Math.floor(best)}px)`;
  }

  async update(panel) {
    this.panel = panel;
    if (this.cells.length !== panel.fields.length) {
      this.cells = panel.fields.map(() => {
        const canvas = make("canvas");
        const name = make("figcaption");
        const node = make("div", { class: "dl-field", role: "img" }, canvas, name);
        return { canvas, name, node };
      });
      this.node.replaceChildren(...this.cells.map((c) => c.node));
    }
    this.resize();
    panel.fields.forEach((field, i) => {
      this.cells[i].name.textContent = field.label;
      this.cells[i].node.setAttribute("aria-label", field.label);
    });
  }

  draw() {
    if (this.shown === this.panel && this.mode === this.stage.drawnMode && this.width === this.node.clientWidth) return;
    this.shown = this.panel;
    this.mode = this.stage.drawnMode;
    this.width = this.node.clientWidth;
    this.panel.fields.forEach((field, i) => this.paint(this.cells[i].canvas, field));
  }

  paint(canvas, field) {
    const { points, labels, held, extent, side, classes } = this.panel;
    const { palette } = this.stage;
    const ratio = window.devicePixelRatio || 1;
    const size = canvas.clientWidth;
    canvas.width = canvas.height = Math.round(size * ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(this.image(field.values, side, classes), 0, 0, size, size);
    const [[x0, x1], [y0, y1]] = extent;
    for (let i = 0; i < labels.length; i++) {
      const x = ((points[2 * i] - x0) / (x1 - x0)) * size;
      const y = size - ((points[2 * i + 1] - y0) / (y1 - y0)) * size;
      ctx.beginPath();
      ctx.arc(x, y, Math.max(1.7, size / 120), 0, 2 * Math.PI);
      ctx.fillStyle = ctx.strokeStyle = palette[`class${labels[i] % 3}`];
      ctx.lineWidth = held[i] ? 1.4 : 0.6;
      if (held[i]) {
        ctx.fillStyle = palette.paper;
        ctx.fill();
        ctx.stroke();
      } else {
        ctx.fill();
        ctx.strokeStyle = palette.halo;
        ctx.stroke();
      }
    }
  }

  /** Output over the grid -> a small image, blended between the classes' tints. */
  image(values, side, classes) {
    const { palette } = this.stage;
    const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const tints = [0, 1, 2].map((c) => rgb(palette[`tint${c}`]));
    const paper = rgb(palette.paper);
    const canvas = make("canvas", { width: side, height: side });
    const ctx = canvas.getContext("2d");
    const image = ctx.createImageData(side, side);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const value = values[(side - 1 - row) * side + column]; // grid rows go up, image rows go down
        const at = 4 * (row * side + column);
        for (let c = 0; c < 3; c++) {
          let colour;
          if (classes > 2) colour = tints[value % 3][c];
          else {
            const p = value / 255; // through the paper's colour at the boundary
            colour = p < 0.5 ? tints[0][c] + (paper[c] - tints[0][c]) * (2 * p) : paper[c] + (tints[1][c] - paper[c]) * (2 * p - 1);
          }
          image.data[at + c] = colour;
        }
        image.data[at + 3] = 255;
      }
    ctx.putImageData(image, 0, 0);
    return canvas;
  }
}

const KINDS = { plane: Plane, curves: Panel, space: Space, fields: Fields };

function near([x, y], [u, v], distance) {
  return Math.hypot(x - u, y - v) <= distance;
}

function spacing(points, n) {
  let length = 0;
  let count = 0;
  for (let i = 1; i < n; i++) {
    const d = Math.hypot(points[2 * i] - points[2 * i - 2], points[2 * i + 1] - points[2 * i - 1]);
    if (d > 0.5 && d < 1e5) [length, count] = [length + d, count + 1];
  }
  return count ? length / count : 0;
}

/* ---------- Streamlit ---------- */

const stages = new WeakMap();

export function show({ data, parentElement, setTriggerValue }) {
  let stage = stages.get(parentElement);
  if (!stage) stages.set(parentElement, (stage = new Stage(parentElement)));
  stage.update(unpack(data), setTriggerValue);
}

export function leave(parentElement) {
  stages.get(parentElement)?.leave();
  stages.delete(parentElement);
}

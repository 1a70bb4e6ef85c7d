/* A panel is one picture of the stage: Plotly draws the static part, and a canvas above it what moves. */

import { Cards } from "./cards.js";
import { coarse, coloured, ink, make, marker, near, number, place, spacing } from "./draw.js";
import { rows, sift, spread } from "./labels.js";
import { Tip } from "./tip.js";

const PLOTLY_CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", scrollZoom: false, showTips: false };
/** A mark where it is drawn, in pixels: its line from `start` down, its label at (from, up) and so `wide`; `reached` by the head.

    @typedef {import("./contract.js").Upright & { x: number, start: number, from: number, wide: number, up: number, reached: boolean }} DrawnMark */

const RING = 9; // radius of the start ring, px

/** A static Plotly figure with a canvas above it; tracks are polylines that grow with the clock.

    A track has a point for every step, or for each of the panel's `steps`.

    @template {import("./contract.js").Charted} [P=import("./contract.js").Charted] */
export class Panel {
  /** What is shown. @type {P} */
  panel;

  /** @param {import("./stage.js").Stage} stage  @param {PlotlyLibrary} library */
  constructor(stage, library) {
    this.stage = stage;
    this.library = library;
    /** @type {PlotlyPlot} */
    this.plot = make("div", { class: "dl-plot" });
    this.canvas = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.tip = new Tip(34);
    this.grip = make("button", { type: "button", class: "dl-grip", hidden: "", onkeydown: (event) => this.nudge(event), onblur: () => (this.moved = null) });
    this.node = make("figure", { class: "dl-panel" }, this.plot, this.canvas, this.grip, this.tip.node);
    this.cards = new Cards(stage, this.node);
    /** @type {import("./brush.js").Brush | null} */
    this.brush = null; // for a surface that is drawn by hand
    /** @type {HTMLElement[]} */
    this.zooms = []; // buttons at the right, which labels keep clear of
    this.listen();
  }

  leave() {
    window.removeEventListener("pointerup", this.up, true);
    if (this.drawn) this.library.purge(this.plot);
    this.drawn = false;
  }

  /** @param {P} panel */
  async update(panel) {
    this.panel = panel;
    const { scale } = this.stage;
    const mark = `${panel.mark} ${this.stage.drawnMode} ${scale}`; // the static part is redrawn only if this changes
    const { clientWidth: width, clientHeight: height } = this.node;
    if (mark !== this.mark) {
      const figure = coloured(panel.figure, this.stage.palette);
      enlarge(figure.layout, this.stage);
      figure.layout.dragmode = panel.pan && !coarse() ? "pan" : false;
      await this.library.react(this.plot, figure.data, { ...figure.layout, width, height }, PLOTLY_CONFIG);
      if (!this.drawn) {
        this.drawn = true;
        this.plot.on("plotly_relayout", () => this.stage.redraw());
        this.plot.on("plotly_relayouting", () => this.stage.redraw());
      }
      this.mark = mark;
    }
    this.cards.update(panel.cards);
    this.seen = null; // the arrays changed: project them again
    this.node.classList.toggle("dl-pick", Boolean(panel.start && this.stage.send));
    if (String(this.moved) === String(panel.start)) this.moved = null;
    this.grip.hidden = !panel.start || !this.stage.send;
    if (panel.start) this.stage.title(this.grip, `${this.stage.scene.words.grip}: ${panel.start.map(number).join(", ")}`);
  }

  resize() {
    if (!this.drawn) return;
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width && height && (width !== this.plot._fullLayout.width || height !== this.plot._fullLayout.height))
      return this.library.relayout(this.plot, { width, height });
  }

  /** Take over the view of another panel of the same kind and scene, which the reader has enlarged, moved or turned.

      @param {Panel} shown */
  async turn({ plot }) {
    const { xaxis, yaxis } = plot._fullLayout;
    await this.library.relayout(this.plot, { "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range] });
  }

  /** The colour of the outline around lines and letters: the background's, or none if the slide is transparent. */
  get halo() {
    return this.grounded || !this.stage.fixed?.clear ? this.stage.palette.halo : "transparent";
  }

  /** Whether its lines and letters are drawn on a coloured background. */
  get grounded() {
    return this.panel.figure.data.some((trace) => trace.type === "contour");
  }

  /** The index of the last point up to which its tracks are drawn. */
  get head() {
    const { steps } = this.panel;
    return steps ? place(steps, this.stage.head) : this.stage.head;
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
    const wide = this.stage.scale;
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
        points[2 * i] = px(track.x ? track.x[i % track.x.length] : this.panel.steps?.[i] ?? i);
        points[2 * i + 1] = py(track.y[i]);
      }
      return { ...track, width: track.width * wide, points, n, sparse: spacing(points, n) > 7 };
    });
  }

  draw() {
    if (!this.drawn) return;
    this.cards.draw(this.head);
    this.project();
    const [xaxis, yaxis] = this.axes();
    this.area = { left: xaxis._offset, top: yaxis._offset, right: xaxis._offset + xaxis._length, bottom: yaxis._offset + yaxis._length };
    this.type = this.stage.scene.type * this.stage.scale;
    this.font = `600 ${this.type}px ${this.panel.figure.layout.font.family}`;
    this.stage.onto(this.canvas, this.node.clientWidth, this.node.clientHeight, (ctx) => this.picture(ctx));
  }

  /** Draw what moves, at the clock's head, on a context whose unit is a pixel of the page. */
  picture(ctx) {
    ctx.lineJoin = ctx.lineCap = "round";
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
    this.brush?.draw(ctx);
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

  /** The line up to the head; a track with `take` is a line of so many points for every step, and shows the head's. */
  trace(ctx, track, head) {
    const { points, n, take } = track;
    const first = take ? take * Math.min(Math.floor(head), n / take - 1) : 0;
    const whole = take ? first + take - 1 : Math.min(Math.floor(head), n - 1);
    let pen = false;
    ctx.beginPath();
    for (let i = first; i <= whole; i++) {
      const x = points[2 * i];
      const y = points[2 * i + 1];
      if (!(Math.abs(x) < 1e7 && Math.abs(y) < 1e7)) {
        // nan ends a line; a very distant point is moved closer in the same direction, because coordinates overflow
        const [u, v] = [points[2 * i - 2], points[2 * i - 1]];
        const far = Math.hypot(x - u, y - v) / 1e5;
        if (pen && Number.isFinite(far)) ctx.lineTo(u + (x - u) / far, v + (y - v) / far);
        pen = false;
        continue;
      }
      if (pen) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      pen = true;
    }
    const end = !take && head > whole && this.at(track, head);
    if (pen && end) ctx.lineTo(...end);
  }

  shade(ctx) {
    const head = this.head;
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
    const { head } = this;
    const { palette } = this.stage;
    for (const track of this.tracks) {
      if (track.faint || track.scatter || track.cloud) continue;
      this.trace(ctx, track, head);
      ctx.strokeStyle = this.halo;
      ctx.globalAlpha = 0.75;
      ctx.lineWidth = track.width + 2.5;
      ctx.stroke();
    }
    for (const track of this.tracks) {
      if (track.scatter) this.dots(ctx, track); // points that are not joined
      if (track.cloud) this.cloud(ctx, track);
      if (track.scatter || track.cloud) continue;
      this.trace(ctx, track, head);
      if (track.fill !== undefined) {
        const floor = this.toPixels(0, track.fill)[1];
        const [first, last] = [track.points[0], track.points.at(-2)];
        ctx.lineTo(last, floor);
        ctx.lineTo(first, floor);
        ctx.fillStyle = coloured(track.color, palette);
        ctx.globalAlpha = 0.2;
        ctx.fill();
        this.trace(ctx, track, head);
      }
      ctx.globalAlpha = track.faint ? 0.45 : 1;
      ctx.strokeStyle = coloured(track.color, palette);
      ctx.lineWidth = track.width;
      ctx.setLineDash(track.dash ?? []);
      if (track.width) ctx.stroke(); // the edge of a band is no line; a canvas would take 0 for the width before
      ctx.setLineDash([]);
      if (this.panel.dots && track.sparse) this.dots(ctx, track);
      ctx.globalAlpha = 1;
    }
  }

  /** Every step of a path as a small dot, if steps are far enough apart to be distinguished. */
  dots(ctx, track) {
    ctx.fillStyle = coloured(track.color, this.stage.palette);
    const last = Math.min(Math.floor(this.head), track.n - 1);
    for (let i = 0; i <= last; i++) {
      ctx.beginPath();
      ctx.arc(track.points[2 * i], track.points[2 * i + 1], track.width * 0.95, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /** Many runs as one track, `cloud` points for every step: their positions, and pale lines over their last `trail` steps. */
  cloud(ctx, track) {
    const { points, cloud: many } = track;
    const last = track.n / many - 1;
    const step = Math.min(Math.floor(this.head), last);
    const part = step < last ? this.head - step : 0;
    const radius = track.width;
    const at = (walker, k) => 2 * (k * many + walker);
    const ends = Array.from({ length: many }, (_, walker) => {
      const [i, j] = [at(walker, step), at(walker, Math.min(step + 1, last))];
      return [points[i] + (points[j] - points[i]) * part, points[i + 1] + (points[j + 1] - points[i + 1]) * part];
    });
    ctx.strokeStyle = ctx.fillStyle = coloured(track.color, this.stage.palette);
    ctx.beginPath();
    ends.forEach((end, walker) => {
      const from = Math.max(0, step - track.trail);
      for (let k = from; k <= step; k++) {
        const i = at(walker, k);
        ctx[k > from ? "lineTo" : "moveTo"](points[i], points[i + 1]);
      }
      ctx.lineTo(...end);
    });
    ctx.lineWidth = 1;
    ctx.globalAlpha = 0.28;
    ctx.stroke();
    ctx.beginPath();
    for (const [x, y] of ends) {
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.globalAlpha = 0.85;
    ctx.fill();
    ctx.globalAlpha = 1;
  }

  tipOf(ctx, track) {
    if (!track.marker) return;
    const end = this.at(track, Math.min(this.head, track.n - 1));
    if (!end || !this.holds(end)) return;
    const { palette } = this.stage;
    marker(ctx, track.marker, ...end, 6 * this.stage.scale);
    ctx.fillStyle = coloured(track.color, palette);
    ctx.strokeStyle = this.halo;
    ctx.lineWidth = 1.5;
    ctx.fill();
    ctx.stroke();
  }

  /** @param {number[]} at */
  holds([x, y]) {
    const { left, top, right, bottom } = this.area;
    return x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  }

  stars(ctx) {
    const { palette } = this.stage;
    for (const [x, y] of this.panel.stars ?? []) {
      marker(ctx, "star", ...this.toPixels(x, y), 8 * this.stage.scale);
      ctx.fillStyle = palette.star;
      ctx.strokeStyle = this.halo;
      ctx.lineWidth = 1.5;
      ctx.fill();
      ctx.stroke();
    }
  }

  /** Vertical dotted lines with a label, and signs on a curve (best epoch, early stop), once the head has reached them. */
  marks(ctx) {
    const head = this.panel.steps ? this.stage.head : this.head;
    const { palette } = this.stage;
    const { left, top, right, bottom } = this.area;
    ctx.font = this.font;
    /** @type {DrawnMark[]} */
    const marks = (this.panel.marks ?? []).map((mark) => {
      const [x] = this.toPixels(mark.x ?? mark.at, 1); // a mark has its own x if the axis does not show the clock
      return { ...mark, x, start: top, from: x, wide: 0, up: top, color: coloured(mark.color, palette), reached: mark.at <= head + 1e-9 };
    }).filter(({ x }) => x >= left && x <= right);
    const labelled = marks.filter((mark) => mark.label);
    for (const mark of labelled) mark.wide = ctx.measureText(mark.label).width;
    rows(labelled, this.area, this.type + 5);
    this.tags = marks.filter((mark) => mark.label && mark.reached);
    for (const { x, start, color } of marks.filter((mark) => !mark.sign && mark.reached)) {
      ctx.strokeStyle = color;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([2, 4]);
      ctx.beginPath();
      ctx.moveTo(x, start);
      ctx.lineTo(x, bottom);
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.textBaseline = "top";
    for (const { label, from, up, color } of this.tags) this.written(ctx, label, from, up, color);
    for (const mark of marks) if (mark.sign && mark.reached) this.sign(ctx, mark);
  }

  /** Early stopping on a curve: a ring where weights are kept, a cross where training stops. */
  /** @param {CanvasRenderingContext2D} ctx  @param {DrawnMark} mark */
  sign(ctx, { x, y, sign, color }) {
    const at = [x, this.toPixels(1, y)[1]];
    if (!Number.isFinite(at[1]) || !this.holds(at)) return;
    const r = 5.5 * this.stage.scale;
    const shape = () => {
      ctx.beginPath();
      if (sign === "kept") ctx.arc(at[0], at[1], r, 0, 2 * Math.PI);
      else for (const [u, v] of [[-1, -1], [-1, 1]]) {
        ctx.moveTo(at[0] + u * r * 0.8, at[1] + v * r * 0.8);
        ctx.lineTo(at[0] - u * r * 0.8, at[1] - v * r * 0.8);
      }
    };
    shape();
    ctx.strokeStyle = ctx.fillStyle = this.halo;
    ctx.lineWidth = 6;
    ctx.stroke();
    if (sign === "kept") ctx.fill();
    shape();
    ctx.strokeStyle = color;
    ctx.lineWidth = 2.6;
    ctx.stroke();
  }

  /** Text in a track's colour, made readable, with an outline in the background colour. */
  written(ctx, text, x, y, color) {
    ctx.lineWidth = 4;
    ctx.strokeStyle = this.halo;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = ink(color, this.stage.palette);
    ctx.fillText(text, x, y);
  }

  /** Direct labels at the line ends, moved apart where they would overlap. */
  names(ctx) {
    const { head } = this;
    const { palette } = this.stage;
    const size = this.type;
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
      const y = Math.max(top + size / 2, Math.min(bottom - size / 2, end[1]));
      const buttons = this.zooms.length && !this.stage.fixed && y < top + 125 ? 40 : 0; // a name beside them, not behind
      const x = Math.max(left, Math.min(end[0] + 11, this.panel.crowd ? right - wide - 4 - buttons : room - wide - 2));
      placed.push({ track, x, y, wide, outside, wished: y });
    }
    for (const label of placed) // a curve that ends early may end among the labels of marks
      for (const { from, wide, up } of this.tags ?? [])
        if (label.x < from + wide + 6 && from < label.x + label.wide + 6 && Math.abs(label.y - up - size / 2) < size + 2) label.y = up + 1.5 * size + 4;
    placed.sort((a, b) => a.y - b.y);
    const gap = size + 2.5;
    const kept = this.panel.crowd ? sift(placed, gap, bottom) : spread(placed, gap, top + size / 2, bottom - size / 2);
    for (const { track, x, y } of kept) this.written(ctx, track.name, x, y, coloured(track.color, palette));
  }

  lastFinite(track, head) {
    for (let i = Math.min(Math.floor(head), track.n - 1); i >= 0; i--) {
      const end = [track.points[2 * i], track.points[2 * i + 1]];
      if (Number.isFinite(end[0]) && Number.isFinite(end[1])) return end;
    }
    return null;
  }

  ring(ctx, start = this.drag ?? this.moved ?? this.panel.start) {
    if (!start) return;
    const { palette } = this.stage;
    const [x, y] = this.toPixels(...start);
    this.grip.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    if (!this.holds([x, y])) return;
    for (const [color, width] of [[this.halo, 5], [palette.text, 2.25]]) {
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
      if (!this.drawn || event.button || event.target.closest("button, .dl-card")) return;
      this.down = where(event);
      if (this.brush?.active) {
        this.brush.press(this.down);
        this.node.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const start = this.stage.send && this.panel.start;
      if (start && near(this.toPixels(...start), this.down, RING + (event.pointerType === "touch" ? 16 : 7))) {
        this.drag = start;
        this.node.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.stopPropagation();
      }
    }, true);
    const mine = (event) => {
      if (!this.drag && !(this.down && this.brush?.active)) return;
      event.stopPropagation(); // not for Plotly
      if (event.type === "touchstart" && event.cancelable) event.preventDefault(); // nor for the page, which would scroll
    };
    this.node.addEventListener("mousedown", mine, true);
    this.node.addEventListener("touchstart", mine, { capture: true, passive: false });
    this.node.addEventListener("pointermove", (event) => {
      if (!this.drawn) return;
      const at = where(event);
      if (this.down && this.brush?.active) this.brush.press(at);
      else if (this.drag) {
        this.drag = this.toData(at);
        this.ask(this.drag, true);
        this.stage.redraw();
      } else this.point(at);
    });
    this.up = (event) => {
      if (!this.drawn || !this.down) return;
      const at = where(event);
      const moved = !near(this.down, at, 4);
      this.down = null;
      if (this.brush?.active) this.brush.lift();
      else if (this.drag) {
        const start = this.drag;
        this.drag = null;
        if (moved) this.ask(start, false);
      } else if (!moved && this.holds(at)) this.click(at);
    };
    window.addEventListener("pointerup", this.up, true); // while a button is down Plotly covers the page
    this.node.addEventListener("pointercancel", () => (this.drag = this.down = null));
    this.node.addEventListener("pointerleave", () => this.point(null));
  }

  /** @param {number[]} at */
  toData([x, y]) {
    const [xaxis, yaxis] = this.axes();
    return [xaxis.p2d(x - xaxis._offset), yaxis.p2d(y - yaxis._offset)];
  }

  click(at) {
    if (this.panel.start) this.stage.send && this.ask(this.toData(at), false);
    else if (this.panel.along) this.stage.jump(Math.round(this.toData(at)[0]));
  }

  /** An arrow key on the ring moves the start by 2 % of what is shown. */
  nudge(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by || !this.drawn) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.moved ?? this.panel.start;
    const to = this.axes().map(({ range }, i) => from[i] + 0.02 * by[i] * (range[1] - range[0]));
    this.moved = this.ask(to, false);
    this.stage.wish = "show";
    this.stage.redraw();
  }

  /** Request a new starting point, and return it. While dragging, the next request is sent after the answer to the last.

      @param {number[]} at  @param {boolean} dragging */
  ask([x, y], dragging) {
    const round = (v, axis) => Number(v.toPrecision(Math.max(3, Math.ceil(Math.log10(Math.abs(v / axis) + 1)) + 3)));
    const [xaxis, yaxis] = this.axes();
    const start = [round(x, xaxis.range[1] - xaxis.range[0]), round(y, yaxis.range[1] - yaxis.range[0])];
    const now = performance.now();
    if (dragging && this.asked === this.panel && now - this.askedAt < 600) return start;
    this.asked = this.panel;
    this.askedAt = now;
    this.stage.wish = dragging ? "show" : "play";
    this.stage.send("start", { at: start, dragging });
    return start;
  }

  /** Exact numbers under the pointer: the nearest point of a path, or all curves at one step. */
  point(at) {
    const { stage } = this;
    const before = stage.hover;
    stage.hover = null;
    this.tip.hide();
    if (at && this.drawn && this.tracks && this.holds(at)) {
      if (this.panel.along) stage.hover = Math.max(0, Math.min(stage.scene.clock.last, Math.round(this.toData(at)[0])));
      else this.nearest(at);
    }
    if (stage.hover !== before && stage.scene) stage.redraw();
  }

  nearest(at) {
    let best = null;
    let distance = 12;
    const head = Math.floor(this.head);
    for (const track of this.tracks)
      for (let i = 0; i <= Math.min(head, track.n - 1) && !track.take && !track.cloud; i++) {
        const d = Math.hypot(track.points[2 * i] - at[0], track.points[2 * i + 1] - at[1]);
        if (d < distance) [distance, best] = [d, { track, i }];
      }
    if (!best) return;
    const { track, i } = best;
    const { clock } = this.stage.scene;
    const values = track.values ? ` · f = ${number(track.values[i])}` : "";
    const step = this.panel.steps?.[i] ?? i;
    this.tip.say(`${track.title} · ${clock.name} ${step} · (${number(track.x[i])}, ${number(track.y[i])})${values}`, at, this.node.clientWidth);
  }
}

/** Scale font sizes and margins of a Plotly layout, in place; `coloured` has made a copy. */
function enlarge(layout, stage) {
  for (const side of Object.keys(layout.margin)) layout.margin[side] *= stage.scale;
  const axes = ["xaxis", "yaxis", "zaxis"].map((axis) => layout.scene?.[axis].tickfont ?? {});
  for (const font of [layout.font, ...(layout.annotations ?? []).map((note) => note.font), ...axes]) font.size = stage.type(font.size);
}

/* A search for hyper-parameters: its cells in the colours of their scores, the curves of one, the folds over the rows. */

import { CLASSES, coloured, contrast, ink, make, mixed, number } from "./draw.js";
import { Panel } from "./panels.js";

/** Curves that stand there whole, with a line at the epoch that the other panels show. */
export class Whole extends Panel {
  get head() {
    return Infinity;
  }

  cross(ctx) {
    const { hover, head, scene, palette } = this.stage;
    if (!this.panel.along || scene.clock.last < 1) return;
    const [x] = this.toPixels(hover ?? Math.floor(head + 1e-9), 1);
    const { top, bottom } = this.area;
    ctx.strokeStyle = palette.quiet;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
  }
}

/** The cells at the clock's epoch: squares of a grid with their numbers in them, or dots that were drawn at random. */
export class Grid extends Panel {
  async update(panel) {
    await super.update(panel);
    this.node.classList.toggle("dl-pick", Boolean(this.stage.send));
  }

  /** The epoch that is shown; -1 before there is any. */
  get epoch() {
    const { hover, head } = this.stage;
    return Math.min(hover ?? Math.floor(head + 1e-9), this.panel.values.length - 1);
  }

  value(cell) {
    return this.epoch < 0 ? NaN : this.panel.values[this.epoch][cell];
  }

  /** The pixels of a cell: [left, top, width, height]. */
  box(cell) {
    const { x, y, half } = this.panel;
    const [u, v] = this.toPixels(x[cell], y[cell]);
    const [a, b] = half ? [0, 1].map((i) => Math.abs(this.toPixels(x[cell] + half[0], y[cell] + half[1])[i] - [u, v][i])) : [this.radius, this.radius];
    return [u - a, v - b, 2 * a, 2 * b];
  }

  get radius() {
    return 13 * this.stage.scale;
  }

  color(value) {
    const { stops, low, high } = this.panel;
    const { palette } = this.stage;
    if (!Number.isFinite(value)) return palette.paper;
    const place = Math.max(0, Math.min(1, (value - low) / (high - low))) * (stops.length - 1);
    const stop = Math.min(Math.floor(place), stops.length - 2);
    return mixed(coloured(stops[stop], palette), coloured(stops[stop + 1], palette), place - stop);
  }

  lines(ctx) {
    const { x, half } = this.panel;
    const { palette } = this.stage;
    for (let cell = 0; cell < x.length; cell++) {
      const [left, top, width, height] = this.box(cell);
      const value = this.value(cell);
      ctx.fillStyle = this.color(value);
      ctx.strokeStyle = half ? palette.paper : palette.text;
      ctx.lineWidth = half ? 2 : 1;
      ctx.beginPath();
      if (half) ctx.rect(left, top, width, height);
      else ctx.arc(left + width / 2, top + height / 2, width / 2, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
      if (half) this.tell(ctx, cell, value, [left, top, width, height]);
    }
    const { best, chosen, cells } = this.panel;
    if (chosen !== cells[best]) cells.forEach((cell, i) => cell === chosen && this.frame(ctx, i, palette.text, 2, [5, 4]));
    if (best >= 0) this.frame(ctx, best, palette.text, 3.5, []);
  }

  /** A cell's number in it, and for the winner at which epoch it is best. */
  tell(ctx, cell, value, [left, top, width, height]) {
    const { best, win } = this.panel;
    const size = Math.min(this.type, (width - 14) / 3.2, height / 1.6);
    if (size < 8) return;
    const color = this.color(value);
    const { paper, text } = this.stage.palette;
    ctx.fillStyle = [paper, text].sort((a, b) => contrast(b, color) - contrast(a, color))[0];
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.font = this.font.replace(/[\d.]+px/, `${size}px`);
    const told = cell === best && height > 3.2 * size;
    const y = top + height / 2 - (told ? size * 0.65 : 0);
    ctx.fillText(Number.isFinite(value) ? value.toFixed(3).replace("-", "−") : "–", left + width / 2, y);
    if (told) {
      ctx.font = this.font.replace(/[\d.]+px/, `${Math.min(size * 0.9, (size * (width - 18)) / ctx.measureText(win).width)}px`);
      ctx.fillText(win, left + width / 2, y + size * 1.35);
    }
    ctx.textAlign = "start";
  }

  /** A line round a cell, inside of its borders. */
  frame(ctx, cell, color, width, dash) {
    const [left, top, across, up] = this.box(cell);
    const inset = this.panel.half ? 4 : -4;
    for (const [stroke, wide] of [[this.halo, width + 3], [color, width]]) {
      ctx.strokeStyle = stroke;
      ctx.lineWidth = wide;
      ctx.setLineDash(stroke === color ? dash : []);
      ctx.beginPath();
      if (this.panel.half) ctx.rect(left + inset, top + inset, across - 2 * inset, up - 2 * inset);
      else ctx.arc(left + across / 2, top + up / 2, across / 2 - inset, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  }

  /** The cell under the pointer, or the nearest dot; -1 where there is none. */
  under(at) {
    let [best, distance] = [-1, Infinity];
    for (let cell = 0; cell < this.panel.x.length; cell++) {
      const [left, top, width, height] = this.box(cell);
      const [a, b] = [Math.abs(at[0] - left - width / 2), Math.abs(at[1] - top - height / 2)];
      const inside = this.panel.half ? a <= width / 2 && b <= height / 2 : Math.hypot(a, b) < 2 * this.radius;
      if (inside && Math.hypot(a, b) < distance) [best, distance] = [cell, Math.hypot(a, b)];
    }
    return best;
  }

  click(at) {
    const cell = this.under(at);
    if (cell >= 0) this.stage.send?.("pick", { cell: this.panel.cells[cell] });
  }

  point(at) {
    this.tip.hidden = true;
    if (!at || !this.drawn || !this.holds(at)) return;
    const cell = this.under(at);
    if (cell < 0) return;
    const { names, sd, title } = this.panel;
    const spread = this.epoch < 0 ? NaN : sd[this.epoch][cell];
    this.tip.textContent = `${names[cell]} · ${title} ${number(this.value(cell))} ± ${number(spread)}`;
    this.tip.hidden = false;
    const left = Math.min(at[0] + 14, this.node.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, at[1] - 38)}px)`;
  }
}

/** A strip a fold: the rows it learns from, those it holds out in its colour, and the test part behind a lock. */
export class Folds {
  constructor(stage) {
    this.stage = stage;
    this.canvas = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.node = make("figure", { class: "dl-panel dl-broad" }, this.canvas);
  }

  leave() {}

  async update(panel) {
    this.panel = panel;
    const { scale } = this.stage;
    this.node.style.setProperty("--dl-height", `${(panel.labels.length * (panel.labels.length > 6 ? 15 : 21) + 36) * scale}px`);
  }

  resize() {}

  draw() {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width) this.stage.onto(this.canvas, width, height, (ctx) => this.picture(ctx, width, height));
  }

  picture(ctx, width, height) {
    const { roles, targets, colors, labels, values, words: said } = this.panel;
    const { palette, scale, head } = this.stage;
    const type = this.stage.type(14);
    const font = (weight, size) => `${weight} ${size}px ${getComputedStyle(this.node).fontFamily}`;
    ctx.font = font(400, type);
    const left = Math.max(...labels.map((label) => ctx.measureText(label).width)) + 10;
    const right = ctx.measureText("0.000").width + 12;
    const top = 26 * scale;
    const gap = 3 * scale;
    const tall = (height - top - 8 * scale) / labels.length - gap;
    const many = roles[0].length;
    const x = (row) => left + ((width - left - right) * row) / many;
    ctx.textBaseline = "middle";
    labels.forEach((label, fold) => {
      const y = top + fold * (tall + gap);
      const size = Math.min(type, tall);
      ctx.font = font(400, size);
      ctx.fillStyle = palette.text;
      ctx.textAlign = "right";
      ctx.fillText(label, left - 8, y + tall / 2);
      this.blocks(roles[fold], (role, from, to) => {
        ctx.fillStyle = role === 1 ? coloured(colors[fold], palette) : role === 2 ? palette.grid : mixed(palette.quiet, palette.paper, 0.68);
        ctx.fillRect(x(from), y, x(to) - x(from), tall);
      });
      const curve = values[fold];
      const value = curve.length ? curve[Math.min(Math.floor((this.stage.hover ?? head) + 1e-9), curve.length - 1)] : NaN;
      ctx.fillStyle = palette.text;
      ctx.textAlign = "left";
      if (curve.length) ctx.fillText(Number.isFinite(value) ? value.toFixed(3).replace("-", "−") : "–", width - right + 8, y + tall / 2);
    });
    targets.forEach((target, row) => {
      ctx.fillStyle = palette[`class${target % CLASSES}`];
      ctx.fillRect(x(row), height - 6 * scale, Math.max(x(row + 1) - x(row), 0.5), 4 * scale);
    });
    if (!many) return;
    ctx.font = font(400, type);
    ctx.fillStyle = palette.text;
    ctx.textAlign = "left";
    const score = Math.min(width - right + 8, width - ctx.measureText(said.score).width);
    ctx.fillText(said.score, score, top / 2);
    this.heads(ctx, x, score - 10, top / 2, type);
  }

  /** What is what: above the blocks of the first strip where they can carry a word, else in a row. */
  heads(ctx, x, last, y, type) {
    const { roles, words: said, colors } = this.panel;
    const { palette } = this.stage;
    const texts = [said.train, said.val, said.test];
    const wide = texts.map((text, role) => ctx.measureText(text).width + (role === 2 ? type * 1.1 : 0));
    const first = []; // of every role, the first block that can carry its word
    this.blocks(roles[0], (role, from, to) => {
      if (x(to) - x(from) >= wide[role] || role === 2) first[role] ??= role === 2 ? Math.min(x(from), last - wide[role]) : x(from);
    });
    const order = [0, 1, 2].sort((a, b) => first[a] - first[b]);
    const clash = order.some((role, i) => !(first[role] >= (i ? first[order[i - 1]] + wide[order[i - 1]] + 8 : 0)));
    const row = clash && [0, 1, 2].map((role) => x(0) + wide.slice(0, role).reduce((sum, part) => sum + part + type, 0));
    texts.forEach((text, role) => {
      const start = (row || first)[role];
      ctx.fillStyle = role === 1 ? ink(coloured(colors[0], palette), palette) : palette.text;
      if (role === 2) padlock(ctx, start, y, type);
      ctx.fillText(text, start + (role === 2 ? type * 1.1 : 0), y);
    });
  }

  /** Call `act(role, from, to)` for every run of neighbours that have one role. */
  blocks(roles, act) {
    for (let from = 0, to = 0; from < roles.length; from = to) {
      while (to < roles.length && roles[to] === roles[from]) to++;
      act(roles[from], from, to);
    }
  }
}

/** A padlock as high as the type, its left edge at x. */
function padlock(ctx, x, y, type) {
  const wide = type * 0.72;
  ctx.strokeStyle = ctx.fillStyle;
  ctx.lineWidth = type * 0.12;
  ctx.fillRect(x, y - type * 0.08, wide, type * 0.5);
  ctx.beginPath();
  ctx.arc(x + wide / 2, y - type * 0.1, wide * 0.3, Math.PI, 0);
  ctx.stroke();
}

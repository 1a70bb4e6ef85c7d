/* The folds of a search over the rows of its data. */

import { CLASSES, coloured, ink, make, mixed } from "../draw.js";

/** A strip per fold: the training rows, the validation rows in the fold's colour, and the test set with a padlock. */
export default class Folds {
  /** What is shown. @type {import("../contract.js").FoldsPanel} */
  panel;

  constructor(stage) {
    this.stage = stage;
    this.canvas = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.node = make("figure", { class: "dl-panel dl-broad" }, this.canvas);
  }

  leave() {}

  /** @param {import("../contract.js").FoldsPanel} panel */
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

  /** The legend: above the blocks of the first strip if the words fit there, otherwise in a row. */
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

  /** Call `act(role, from, to)` for every group of adjacent rows with the same role. */
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

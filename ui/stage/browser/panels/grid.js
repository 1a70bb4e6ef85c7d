/* A search for hyperparameters: its cells in the colours of their scores. */

import { coloured, contrast, mixed, number } from "../draw.js";
import { Panel } from "../panel.js";

/** The cells at the clock's epoch: squares of a grid with their numbers in them, or dots that were drawn at random.

    @extends {Panel<import("../contract.js").GridPanel>} */
export default class Grid extends Panel {
  /** @param {import("../contract.js").GridPanel} panel */
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

  /** The number in a cell, and in the best cell also its best epoch. */
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

  /** An outline of a cell, inside its borders. */
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

  /** The cell under the pointer, or the nearest dot; -1 if there is none. */
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
    const cell = at && this.drawn && this.holds(at) ? this.under(at) : -1;
    if (cell < 0) return this.tip.hide();
    const { names, sd, title } = this.panel;
    const deviation = this.epoch < 0 ? NaN : sd[this.epoch][cell];
    this.tip.say(`${names[cell]} · ${title} ${number(this.value(cell))} ± ${number(deviation)}`, at, this.node.clientWidth);
  }
}

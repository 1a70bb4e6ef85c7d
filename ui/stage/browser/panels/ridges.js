/* Ridges: a histogram for every layer (a row) of every network (a column), at the clock's epoch. */

import { coloured, ink, number } from "../draw.js";
import { Sheet } from "../sheet.js";

const GAP = 14; // px between networks

/** The moment, among the epochs at which a run was looked at, that the head has reached; a fraction between two. */
export function momentAt(moments, head) {
  let last = 0;
  while (last + 1 < moments.length && moments[last + 1] <= head + 1e-9) last++;
  if (last + 1 >= moments.length) return last;
  return last + Math.max(0, head - moments[last]) / (moments[last + 1] - moments[last]);
}

/** Panel: title, columns [{label, style}], rows (labels), bins, ticks [[share of the way, text]], moments (epochs),
    heights and told, a row for each cell, column by column, with all its moments one after the other:
    `bins` heights, and (size, share lost, share below, share above).

    @extends {Sheet<import("../contract.js").RidgesPanel>} */
export default class Ridges extends Sheet {
  /** @param {import("../contract.js").RidgesPanel} panel */
  async update(panel) {
    await super.update(panel);
    this.node.style.height = this.stage.narrow() ? `${this.bands(window.innerWidth - 30) * (46 * panel.rows.length + 62) + 24}px` : "";
  }

  /** The number of rows into which the columns are broken so that they are wide enough to read. */
  bands(width) {
    const n = this.panel.columns.length;
    return Math.ceil(n / Math.max(1, Math.floor((width - 30) / 150)));
  }

  picture() {
    const { columns, rows, title } = this.panel;
    const bands = this.stage.narrow() ? this.bands(this.width) : 1;
    const across = Math.ceil(columns.length / bands);
    const { type } = this;
    const left = Math.max(...rows.map((row) => this.wide(row))) + 10;
    const [head, foot] = [type + 9, type + 8];
    const wide = (this.width - left - GAP * (across - 1) - 2) / across;
    const above = this.type + 5;
    const band = (this.height - above) / bands;
    this.text(title, 0, this.type, { color: "quiet" });
    const high = (band - head - foot) / rows.length;
    this.cells = [];
    columns.forEach((column, i) => {
      const x = left + (i % across) * (wide + GAP);
      const top = above + Math.floor(i / across) * band;
      this.heading(column, x, top + type + 1, wide);
      rows.forEach((row, j) => {
        if (i % across === 0) this.text(row, left - 8, top + head + high * (j + 1) - 3, { align: "right", color: "quiet" });
        this.cell(column, i * rows.length + j, x, top + head + high * j, wide, high);
        this.cells.push({ i, j, x, y: top + head + high * j, wide, high });
      });
      this.ticks(x, top + head + high * rows.length, wide);
    });
  }

  heading({ label, style }, x, y, wide) {
    const color = ink(coloured(style.color, this.stage.palette), this.stage.palette);
    const { ctx } = this;
    ctx.fillStyle = coloured(style.color, this.stage.palette);
    ctx.fillRect(x, y + 4, wide, 2.5);
    this.text(label, x, y - 1, { weight: 600, color, size: this.type });
  }

  ticks(x, y, wide) {
    this.panel.ticks.forEach(([share, words]) => {
      const align = share <= 0.02 ? "left" : share >= 0.98 ? "right" : "center";
      this.text(words, x + share * wide, y + 4, { align, baseline: "top", color: "quiet" });
    });
  }

  /** The moment before the head, the one after it, and how far it is between them. */
  get between() {
    const { moments } = this.panel;
    const at = momentAt(moments, this.stage.head);
    const i = Math.floor(at);
    return [i, Math.min(i + 1, moments.length - 1), at - i];
  }

  cell(column, index, x, y, wide, high) {
    const { ctx } = this;
    const { palette } = this.stage;
    const { bins } = this.panel;
    const color = coloured(column.style.color, palette);
    const strip = this.type + 1;
    const floor = y + high - 2;
    const room = high - strip - 4;
    ctx.strokeStyle = palette.grid;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, floor);
    ctx.lineTo(x + wide, floor);
    ctx.stroke();
    if (!this.panel.moments.length) return;
    const heights = this.panel.heights[index];
    const [now, next, part] = this.between;
    ctx.beginPath();
    ctx.moveTo(x, floor);
    for (let b = 0; b < bins; b++) {
      const height = heights[now * bins + b] * (1 - part) + heights[next * bins + b] * part;
      const top = floor - (height / 255) * room;
      ctx.lineTo(x + (b / bins) * wide, top);
      ctx.lineTo(x + ((b + 1) / bins) * wide, top);
    }
    ctx.lineTo(x + wide, floor);
    ctx.closePath();
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.4;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.2;
    ctx.stroke();
    this.written(index, now, x, y + strip - 3, wide);
  }

  /** Above a histogram, if there is room: its spread, and the shares of dead or saturated units and of values beyond it. */
  written(index, now, x, y, wide) {
    const [size, ...shares] = this.numbers(index, now);
    const { words: said } = this.panel;
    if (Number.isNaN(size)) {
      this.text(said.diverged, x, y, { color: "pull", weight: 600 });
      return;
    }
    const left = x + this.text(`${said.size} ${number(Number(size.toPrecision(2)))}`, x, y) + 7;
    const parts = ["lost", "below", "above"].map((name, i) => ({ name, share: shares[i] })).filter(({ name, share }) => said[name] && share >= 0.005);
    if (!parts.length) return; // one is enough above a histogram: the tip tells all
    const { name, share } = parts[0];
    const brief = `${Math.round(100 * share)}%`;
    const fits = [said[name].replace("{share}", brief), brief].find((text) => left + this.wide(text) <= x + wide + 1);
    if (fits) this.text(fits, x + wide, y, { align: "right", color: share >= 0.5 ? "pull" : "quiet" });
  }

  numbers(index, moment) {
    return this.panel.told[index].subarray(4 * moment, 4 * moment + 4);
  }

  told([x, y]) {
    const cell = this.cells.find((c) => x >= c.x && x <= c.x + c.wide && y >= c.y && y < c.y + c.high);
    if (!cell || !this.panel.moments.length) return null;
    const { columns, rows, words: said, moments } = this.panel;
    const [now] = this.between;
    const [size, ...shares] = this.numbers(cell.i * rows.length + cell.j, now);
    const parts = ["lost", "below", "above"].map((name, i) => ({ name, share: shares[i] })).filter(({ name, share }) => said[name] && share > 0);
    const more = parts.map(({ name, share }) => said[name].replace("{share}", `${number(100 * share)}%`));
    const where = `${columns[cell.i].label} · ${rows[cell.j]} · ${this.stage.scene.clock.name} ${moments[now]}`;
    return [where, Number.isNaN(size) ? said.diverged : `${said.size} ${number(size)}`, ...more].join(" · ");
  }
}

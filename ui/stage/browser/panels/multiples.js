/* Small multiples: many little charts with the same axes, whose curves grow together with the clock. */

import { coloured, make, marker, number, place, sample } from "../draw.js";
import { Sheet } from "../sheet.js";

/** Panel: columns (how many across), cells [{label, brief, tracks: [{y, color, marker, width}]}], lines [{label, style}],
    steps (the epochs of the curves' points, where not all are there), x (the last epoch), y [from, to], ticks {x, y}, level (a dotted line), titles [across, up].

    @extends {Sheet<import("../contract.js").MultiplesPanel>} */
export default class Multiples extends Sheet {
  constructor(stage) {
    super(stage);
    this.legend = make("figcaption", { class: "dl-key" });
    this.node.append(this.legend);
  }

  /** @param {import("../contract.js").MultiplesPanel} panel */
  async update(panel) {
    await super.update(panel);
    this.node.style.height = this.stage.narrow() ? `${Math.ceil(panel.cells.length / panel.columns) * 96 + 90}px` : "";
    const key = panel.lines.map(({ label, style }) => make("span", {}, sample(style, this.stage), label));
    this.legend.replaceChildren(...key, make("span", {}, panel.note));
  }

  picture(ctx) {
    const { cells, columns, titles, ticks } = this.panel;
    const { type } = this;
    const rows = Math.ceil(cells.length / columns);
    const left = type * 1.4 + Math.max(...ticks.y.map((value) => this.wide(String(value)))) + 10;
    const [top, bottom, gap, strip] = [this.legend.offsetHeight + 6, 2.6 * type + 6, 12, type + 4];
    const wide = (this.width - left - 4 - gap * (columns - 1)) / columns;
    const high = (this.height - top - bottom) / rows - strip;
    this.boxes = cells.map((cell, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      return { cell, column, row, x: left + column * (wide + gap), y: top + row * (high + strip) + strip, wide, high };
    });
    for (const box of this.boxes) this.cell(ctx, box, box.row === rows - 1);
    this.text(titles[0], left + (this.width - left) / 2, this.height - 4, { align: "center", color: "quiet" });
    ctx.save();
    ctx.translate(type * 0.9, top + (this.height - top - bottom) / 2);
    ctx.rotate(-Math.PI / 2);
    this.text(titles[1], 0, 0, { align: "center", color: "quiet" });
    ctx.restore();
  }

  cell(ctx, box, lowest) {
    const { x, y, wide, high, cell, column } = box;
    const { palette, head } = this.stage;
    const { ticks, level, steps } = this.panel;
    const across = (epoch) => x + (epoch / this.panel.x) * wide;
    const [from, to] = this.panel.y;
    const up = (value) => y + high * (1 - (value - from) / (to - from));
    ctx.lineWidth = 1;
    ctx.strokeStyle = palette.grid;
    ctx.strokeRect(x, y, wide, high);
    for (const value of ticks.y) {
      this.line(ctx, x, up(value), x + wide, up(value));
      if (!column && (value > from || lowest)) this.text(String(value), x - 6, up(value), { align: "right", baseline: "middle", color: "quiet" });
    }
    if (lowest)
      for (const epoch of ticks.x.filter((tick) => tick || !column)) {
        const align = epoch === 0 ? "left" : epoch === this.panel.x ? "right" : "center";
        this.text(String(epoch), across(epoch), y + high + 4, { align, baseline: "top", color: "quiet" });
      }
    ctx.strokeStyle = palette.quiet;
    ctx.setLineDash([2, 4]);
    this.line(ctx, x, up(level), x + wide, up(level));
    ctx.setLineDash([]);
    for (const track of cell.tracks) this.curve(ctx, track, (i) => across(steps ? this.epoch(i) : i), up, steps ? place(steps, head) : head);
    this.text(this.wide(cell.label, 600) > wide ? cell.brief : cell.label, x + 1, y - 4, { weight: 600 });
  }

  /** The epoch of a curve's point, or between two of them. */
  epoch(i) {
    const { steps } = this.panel;
    const first = Math.floor(i);
    return steps[first] + (i - first) * ((steps[first + 1] ?? steps[first]) - steps[first]);
  }

  line(ctx, ...[x, y, u, v]) {
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(u, v);
    ctx.stroke();
  }

  /** A curve up to the head, between two epochs on a straight line; where it has diverged it ends in a cross. */
  curve(ctx, track, across, up, head) {
    const last = Math.min(Math.floor(head), track.y.length - 1);
    const next = Math.min(last + 1, track.y.length - 1);
    let end = null;
    ctx.beginPath();
    for (let i = 0; i <= last && Number.isFinite(track.y[i]); i++) {
      end = [across(i), up(track.y[i])];
      ctx.lineTo(...end);
    }
    if (!end) return;
    const value = track.y[last] + (track.y[next] - track.y[last]) * Math.min(1, head - last);
    if (Number.isFinite(value)) ctx.lineTo(...(end = [across(Math.min(head, next)), up(value)]));
    ctx.strokeStyle = ctx.fillStyle = coloured(track.color, this.stage.palette);
    ctx.lineWidth = track.width * this.stage.scale;
    ctx.stroke();
    marker(ctx, Number.isFinite(value) ? track.marker : "cross", ...end, (Number.isFinite(value) ? 3.4 : 5) * this.stage.scale);
    ctx.fill();
  }

  told([x, y]) {
    const box = this.boxes.find((b) => x >= b.x && x <= b.x + b.wide && y >= b.y && y <= b.y + b.high);
    if (!box) return null;
    const { tracks } = box.cell;
    const { steps } = this.panel;
    const at = Math.max(0, Math.round(((x - box.x) / box.wide) * this.panel.x));
    const point = Math.min(steps ? Math.floor(place(steps, at)) : at, tracks[0].y.length - 1);
    const epoch = steps?.[point] ?? point;
    const parts = this.panel.lines.map(({ label }, i) => `${label} ${number(tracks[i].y[point])}`);
    return [box.cell.label, `${this.stage.scene.clock.name} ${epoch}`, ...parts].join(" · ");
  }
}

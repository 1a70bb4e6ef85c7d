/* Curves with early stopping: the patience is counted down, and starts again with every better epoch. */

import { coloured, make, place } from "../draw.js";
import { Panel } from "../panel.js";

/** A panel of curves; the patience of one network is counted down, and its curves are pale after the early stop.

    @extends {Panel<import("../contract.js").PatiencePanel>} */
export default class Patience extends Panel {
  constructor(stage, library) {
    super(stage, library);
    this.fill = make("i");
    this.says = make("span");
    this.count = make("div", { class: "dl-countdown", hidden: "" }, make("div", { class: "dl-patience" }, this.fill), this.says);
    this.node.append(this.count);
  }

  /** That network's tracks twice: normal up to the early stop, paler beyond it. */
  lines(ctx) {
    const { tracks } = this;
    const { patience } = this.panel;
    const { top, bottom, left, right } = this.area;
    this.count.hidden = !patience;
    if (!patience) return super.lines(ctx);
    const within = (from, to, chosen) => {
      ctx.save();
      ctx.beginPath();
      ctx.rect(from, top, to - from, bottom - top);
      ctx.clip();
      this.tracks = chosen;
      super.lines(ctx);
      ctx.restore();
    };
    const end = patience.stop < 0 ? right : this.toPixels(patience.stop, 1)[0];
    const watched = tracks.filter((_, i) => patience.tracks.includes(i));
    within(end, right, watched.map((track) => ({ ...track, faint: true })));
    within(left, end, watched);
    within(left, right, tracks.filter((track) => !watched.includes(track)));
    this.tracks = tracks;
    this.wait(ctx);
  }

  /** The epochs without improvement at the head: a bar that begins at the best epoch and is as long as the patience. */
  wait(ctx) {
    const { patience, steps } = this.panel;
    const { best, stop, of } = patience;
    const over = stop >= 0 && this.stage.head >= stop;
    const head = over ? stop : Math.floor(this.stage.head + 1e-9);
    const index = Math.min(steps ? Math.floor(place(steps, head)) : head, best.length - 1);
    const [epoch, from] = [steps?.[index] ?? index, best[index]];
    const waited = epoch - from;
    const color = coloured(patience.color, this.stage.palette);
    this.fill.style.width = `${(100 * Math.min(waited, of)) / of}%`;
    this.fill.style.background = color;
    this.count.classList.toggle("dl-over", over);
    const text = over ? patience.stopped : patience.waiting.replace("{count}", String(waited));
    if (this.says.textContent !== text) this.says.textContent = text;

    const first = steps ? Math.round(place(steps, from)) : from;
    const y = this.tracks[patience.tracks[1]].points[2 * first + 1];
    const x = (at) => this.toPixels(at, 1)[0];
    this.bar = { text: patience.bar.replace("{count}", String(waited)), x: x(from), y, color };
    if (!this.holds([x(from), y])) return;
    const wide = this.stage.scale;
    const line = (to, width, alpha) => {
      ctx.beginPath();
      ctx.moveTo(x(from), y);
      ctx.lineTo(x(to), y);
      for (const end of [from, to]) {
        ctx.moveTo(x(end), y - 5 * wide);
        ctx.lineTo(x(end), y + 5 * wide);
      }
      ctx.lineWidth = width * wide;
      ctx.globalAlpha = alpha;
      ctx.stroke();
      ctx.globalAlpha = 1;
    };
    ctx.save();
    ctx.lineCap = "butt";
    ctx.strokeStyle = color;
    line(from + of, 3, 0.35);
    line(epoch, 3, 1);
    ctx.restore();
  }

  /** Names at the ends of curves and, where there is room below the bar of patience, what it is. */
  names(ctx) {
    super.names(ctx);
    const { bar, area, type } = this;
    if (!this.panel.patience || !this.holds([bar.x, bar.y])) return;
    const wide = ctx.measureText(bar.text).width;
    if (wide > area.right - area.left - 4) return; // on a phone; it is said below the axis too
    const x = Math.min(bar.x, area.right - wide - 2);
    let y = bar.y + 8 * this.stage.scale;
    for (const { from, wide: other, up } of [...this.tags].sort((a, b) => a.up - b.up))
      if (x < from + other + 6 && from < x + wide + 6 && Math.abs(y - up) < type + 3) y = up + type + 4;
    ctx.textBaseline = "top";
    this.written(ctx, bar.text, x, y + type < area.bottom ? y : bar.y - 8 * this.stage.scale - type, bar.color);
  }
}

/* Curves watched by early stopping: patience runs out, or begins anew with every better epoch. */

import { coloured, make } from "./draw.js";
import { Panel } from "./panels.js";

/** A panel of curves; those of one network are counted down, and pale after the epoch at which they would have ended. */
export class Patience extends Panel {
  constructor(stage, library) {
    super(stage, library);
    this.fill = make("i");
    this.says = make("span");
    this.count = make("div", { class: "dl-countdown", hidden: "" }, make("div", { class: "dl-patience" }, this.fill), this.says);
    this.node.append(this.count);
  }

  /** The watched tracks twice: in full up to where they are stopped, paler beyond, which would not have been. */
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

  /** How long the head's epoch has waited for a better one: a bar from the best epoch on, as long as patience is. */
  wait(ctx) {
    const { patience } = this.panel;
    const { best, stop, of } = patience;
    const over = stop >= 0 && this.head >= stop;
    const epoch = Math.min(over ? stop : Math.floor(this.head + 1e-9), best.length - 1);
    const waited = epoch - best[epoch];
    const color = coloured(patience.color, this.stage.palette);
    this.fill.style.width = `${(100 * Math.min(waited, of)) / of}%`;
    this.fill.style.background = color;
    this.count.classList.toggle("dl-over", over);
    const text = over ? patience.stopped : patience.waiting.replace("{count}", waited);
    if (this.says.textContent !== text) this.says.textContent = text;

    const y = this.tracks[patience.tracks[1]].points[2 * best[epoch] + 1];
    const x = (at) => this.toPixels(at, 1)[0];
    if (!Number.isFinite(y)) return;
    const line = (to, width, alpha) => {
      ctx.beginPath();
      ctx.moveTo(x(best[epoch]), y);
      ctx.lineTo(x(to), y);
      ctx.lineWidth = width * this.stage.scale;
      ctx.globalAlpha = alpha;
      ctx.stroke();
      ctx.globalAlpha = 1;
    };
    ctx.save();
    ctx.lineCap = "butt";
    ctx.strokeStyle = color;
    line(best[epoch] + of, 7, 0.25);
    line(epoch, 7, 0.85);
    ctx.restore();
  }
}

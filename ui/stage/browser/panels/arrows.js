/* One step on a surface seen from above: the view follows a path's point and draws as arrows what moves it. */

import { coloured, make, number } from "../draw.js";
import Plane from "./plane.js";

/** @import { Panel } from "../panel.js" */

const ROLES = { pull: "@pull", memory: "@memory" };

/** The surface round the point of the contender chosen, as many pixels to a unit of x as to one of y.

    @extends {Plane<import("../contract.js").ArrowsPanel>} */
export default class Arrows extends Plane {
  constructor(stage, library) {
    super(stage, library);
    this.closer = 1; // what the reader's zoom makes of a contender's reach
    this.whole = false; // or all of the surface
    this.legend = make("figcaption", { class: "dl-legend" });
    this.node.append(this.legend);
  }

  /** @param {import("../contract.js").ArrowsPanel} panel */
  async update(panel) {
    const before = this.mark;
    await super.update(panel);
    if (this.mark !== before) this.framed = null; // the static part was drawn again
    this.told = null;
  }

  /** @param {Panel} shown */
  async turn(shown) {
    if (shown instanceof Arrows) Object.assign(this, { closer: shown.closer, whole: shown.whole });
  }

  get walker() {
    return this.panel.walkers[this.stage.chosen];
  }

  zoom(factor) {
    if (!factor) this.whole = !this.whole;
    else if (this.whole) return super.zoom(factor);
    else this.closer *= factor;
    this.framed = null;
    if (this.whole) super.zoom(null);
    this.stage.redraw();
  }

  draw() {
    if (!this.drawn) return;
    if (!this.whole) this.follow();
    super.draw();
    this.tell();
    this.report();
  }

  picture(ctx) {
    super.picture(ctx);
    this.labels = [];
    this.inside(ctx, () => this.forces(ctx));
    this.captions(ctx);
    this.ring(ctx);
  }

  /** Keep the point near the middle. The picture moves only when a step has left it: moving costs more than a frame. */
  follow() {
    const track = this.panel.tracks[this.stage.chosen];
    const step = this.lastStep(track, Math.floor(this.stage.head));
    const point = [track.x[step], track.y[step]];
    const [xaxis, yaxis] = this.axes();
    const size = [xaxis._length, yaxis._length];
    const unit = (2 * this.walker.reach * this.closer) / Math.min(...size); // of the surface, for a pixel
    const shown = `${this.stage.chosen} ${unit} ${size}`;
    const away = point.some((v, i) => !(Math.abs(v - this.centre?.[i]) < 0.22 * size[i] * unit));
    if (!away && shown === this.framed) return;
    this.framed = shown;
    this.centre = point;
    const [x, y] = point.map((v, i) => [v - (unit * size[i]) / 2, v + (unit * size[i]) / 2]);
    this.library.relayout(this.plot, { "xaxis.range": x, "yaxis.range": y });
  }

  /** The last step up to `step` at which a path is still finite. */
  lastStep(track, step) {
    while (step > 0 && !(Number.isFinite(track.x[step]) && Number.isFinite(track.y[step]))) step--;
    return step;
  }

  /** The future of the paths, in a pale colour, below their past. */
  lines(ctx) {
    for (const track of this.tracks) {
      this.trace(ctx, track, track.n - 1);
      ctx.globalAlpha = 0.3;
      ctx.strokeStyle = coloured(track.color, this.stage.palette);
      ctx.lineWidth = 1.5;
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    super.lines(ctx);
  }

  forces(ctx) {
    const { palette, chosen, scale } = this.stage;
    const step = Math.floor(this.stage.head);
    this.panel.walkers.forEach((walker, i) => {
      if (i !== chosen) this.arrow(ctx, i, step, walker.step, coloured(this.panel.tracks[i].color, palette), 2.5 * scale, "");
    });
    const { rates, arrows, plain, step: own } = this.walker;
    if (rates) this.ellipse(ctx, step, rates);
    arrows.forEach((arrow, i) =>
      this.arrow(ctx, chosen, step, arrow, coloured(ROLES[arrow.role], palette), (i ? 2.5 : 6) * scale, arrow.label, { beside: arrow.role === "memory" }));
    if (plain) this.arrow(ctx, chosen, step, plain, palette.quiet, 2 * scale, this.panel.says.plain, { dash: [6, 5] });
    this.arrow(ctx, chosen, step, own, coloured(this.panel.tracks[chosen].color, palette), 4 * scale, "Δw");
  }

  origin(i, step) {
    const { points } = this.tracks[i];
    return [points[2 * step], points[2 * step + 1]];
  }

  /** Half-axes in the surface's units, which are as long across as upwards only while the picture follows. */
  ellipse(ctx, step, { x, y }) {
    const [px, py] = this.origin(this.stage.chosen, step);
    const [xaxis, yaxis] = this.axes();
    const wide = Math.abs(xaxis.d2p(x[step]) - xaxis.d2p(0));
    const high = Math.abs(yaxis.d2p(y[step]) - yaxis.d2p(0));
    if (![px, py, wide, high].every(Number.isFinite)) return;
    ctx.beginPath();
    ctx.ellipse(px, py, Math.min(wide, 1e5), Math.min(high, 1e5), 0, 0, 2 * Math.PI);
    ctx.fillStyle = ctx.strokeStyle = this.stage.palette.spread;
    ctx.globalAlpha = 0.1;
    ctx.fill();
    ctx.globalAlpha = 0.9;
    ctx.lineWidth = 1.5 * this.stage.scale;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /** An arrow from a point of contender `i` by {x, y}[step]; its label waits for `captions`. */
  arrow(ctx, i, step, { x, y }, color, width, label, { dash = [], beside = false } = {}) {
    const from = this.origin(i, step);
    const [xaxis, yaxis] = this.axes();
    const along = [xaxis.d2p(x[step]) - xaxis.d2p(0), yaxis.d2p(y[step]) - yaxis.d2p(0)];
    let length = Math.hypot(...along);
    if (![...from, length].every(Number.isFinite) || length < 1) return;
    const far = Math.min(1, 4000 / length); // where it ends is out of the picture anyhow
    const [dx, dy] = along.map((v) => v * far);
    length *= far;
    const tip = Math.min(length, 5 + 2.4 * width);
    const [ux, uy] = [dx / length, dy / length];
    const end = [from[0] + dx, from[1] + dy];
    const neck = [end[0] - ux * tip * 0.8, end[1] - uy * tip * 0.8];
    const shape = () => {
      ctx.beginPath();
      ctx.moveTo(...end);
      ctx.lineTo(end[0] - ux * tip - uy * tip * 0.45, end[1] - uy * tip + ux * tip * 0.45);
      ctx.lineTo(...neck);
      ctx.lineTo(end[0] - ux * tip + uy * tip * 0.45, end[1] - uy * tip - ux * tip * 0.45);
      ctx.closePath();
    };
    ctx.lineCap = dash.length ? "butt" : "round";
    for (const [paint, more] of [[this.halo, 2], [color, 0]]) {
      ctx.strokeStyle = ctx.fillStyle = paint;
      ctx.lineWidth = width + more;
      ctx.setLineDash(dash);
      ctx.beginPath();
      ctx.moveTo(...from);
      ctx.lineTo(...neck);
      ctx.stroke();
      ctx.setLineDash([]);
      shape();
      ctx.lineWidth = more || 0.5;
      ctx.stroke();
      ctx.fill();
    }
    ctx.lineCap = "round";
    if (label && (!this.whole || length > 20)) this.labels.push({ label, color, from, end, ux, uy, beside });
  }

  /** Labels stand beyond the tips, those of means beside them; one that would cover another moves away. */
  captions(ctx) {
    const { left, top, right, bottom } = this.area;
    const placed = [];
    ctx.font = this.font;
    ctx.textBaseline = "middle";
    const own = this.labels.at(-1);
    for (const { label, color, from, end, ux, uy, beside } of this.labels) {
      const wide = ctx.measureText(label).width;
      const room = this.type * 0.9;
      const side = own.ux * -uy + own.uy * ux > 0 ? -1 : 1; // away from the step
      const [tx, ty] = beside ? [-uy * side, ux * side] : [ux, uy];
      let [x, y] = [end[0] + tx * (room + wide / 2), end[1] + ty * room];
      x = Math.max(left + wide / 2 + 4, Math.min(right - wide / 2 - 4, x));
      y = Math.max(top + room, Math.min(bottom - room, y));
      if (!this.holds(from)) continue;
      for (const other of placed)
        if (Math.abs(other.y - y) < this.type * 1.1 && Math.abs(other.x - x) < (other.wide + wide) / 2 + 4) x = other.x + (other.wide + wide) / 2 + 8;
      if (x + wide / 2 > right) [x, y] = [right - wide / 2 - 4, y + this.type * 1.3];
      placed.push({ x, y, wide });
      this.written(ctx, label, x - wide / 2, y, color);
    }
  }

  /** Send the page the step at which the reader has stopped, for its sentence and its address. */
  report() {
    const { stage } = this;
    const step = Math.floor(stage.head) + 1;
    if (stage.fixed || stage.playing || step === (this.reported ?? stage.scene.clock.at + 1)) return clearTimeout(this.waiting);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.reported = step;
      stage.send?.("pick", { at: step });
    }, 500);
  }

  leave() {
    clearTimeout(this.waiting);
    super.leave();
  }

  /** The legend: what is to scale and what is not. */
  tell() {
    const { walker, panel } = this;
    if (this.told === walker) return;
    this.told = walker;
    const { says } = panel;
    const labels = walker.arrows.map((arrow) => arrow.label).join(", ");
    const lines = [says.true, `${labels}: × ${number(walker.scale)}`];
    if (walker.rates) lines.push(walker.alike ? says.alike : says.rates);
    this.legend.replaceChildren(...lines.flatMap((line) => [make("span", {}, line), " "]));
  }
}

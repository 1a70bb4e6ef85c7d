/* The brush paints hills and pits on a surface that is drawn by hand; each stroke is sent to the server as one event. */

import { coloured, icon, make } from "./draw.js";

const MODES = ["move", "hill", "pit"];

/** A tool bar with three modes; the panel passes on pointer events while a brush is selected. */
export class Brush {
  constructor(panel) {
    this.panel = panel;
    this.mode = "move";
    this.buttons = MODES.map((mode) => make("button", { type: "button", class: "dl-button", onclick: () => this.choose(mode) }, icon(mode)));
    this.node = make("div", { class: "dl-brush", role: "group", hidden: "" }, ...this.buttons);
    panel.node.append(this.node);
  }

  update(paint) {
    const { words } = this.panel.stage.scene;
    this.paint = paint;
    this.stroke = null; // the painted stroke is now part of the surface that the server sent
    this.node.hidden = !paint || !this.panel.stage.send;
    if (!paint) this.mode = "move";
    if (paint) MODES.forEach((mode, i) => this.panel.stage.title(this.buttons[i], words[mode]));
    this.choose(this.mode);
  }

  get active() {
    return this.mode !== "move";
  }

  choose(mode) {
    this.mode = mode;
    MODES.forEach((name, i) => this.buttons[i].setAttribute("aria-pressed", String(name === mode)));
    this.panel.node.classList.toggle("dl-painting", this.active);
  }

  /** Add the position (in pixels) of a pressed pointer to the stroke, if it is a third of the brush away from the last. */
  press(at) {
    this.stroke ??= [];
    const last = this.stroke.at(-1);
    if (!last || Math.hypot(at[0] - last[0], at[1] - last[1]) > this.radius() / 3) this.stroke.push(at);
    this.panel.stage.redraw();
  }

  lift() {
    const points = this.stroke.slice(0, 60).map((at) => this.panel.toData(at).map((v) => Number(v.toFixed(3))));
    this.panel.stage.wish = "show";
    this.panel.stage.send("paint", { points, up: this.mode === "hill" });
  }

  radius() {
    const [a] = this.panel.toPixels(0, 0);
    const [b] = this.panel.toPixels(this.paint.radius, 0);
    return Math.abs(b - a);
  }

  draw(ctx) {
    if (!this.stroke || !this.paint) return;
    const { palette } = this.panel.stage;
    ctx.fillStyle = coloured(this.mode === "hill" ? "@high" : "@contour", palette);
    ctx.strokeStyle = palette.text;
    ctx.lineWidth = 1;
    ctx.globalAlpha = 0.4;
    for (const [x, y] of this.stroke) {
      ctx.beginPath();
      ctx.arc(x, y, this.radius(), 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }
}

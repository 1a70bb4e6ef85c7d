/* A sheet is a panel without Plotly: pictures side by side, and a tooltip with the numbers under the pointer. */

import { make } from "./draw.js";
import { Tip } from "./tip.js";

/** @template {import("./contract.js").Panel} P */
export class Sheet {
  /** What is shown. @type {P} */
  panel;

  constructor(stage) {
    this.stage = stage;
    this.canvas = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.tip = new Tip(38);
    this.node = make("figure", { class: "dl-panel dl-sheet" }, this.canvas, this.tip.node);
    this.node.addEventListener("pointermove", (event) => this.point(event));
    this.node.addEventListener("pointerleave", () => this.tip.hide());
  }

  leave() {}

  resize() {}

  /** @param {P} panel */
  async update(panel) {
    this.panel = panel;
    this.tip.hide();
  }

  /** What a kind of sheet draws, in pixels of the page. @param {CanvasRenderingContext2D} _ctx */
  picture(_ctx) {}

  /** The tooltip at a position, or null. @param {number[]} _at @returns {string | null} */
  told(_at) {
    return null;
  }

  draw() {
    if (!this.panel || !this.node.clientWidth) return;
    this.width = this.node.clientWidth;
    this.height = this.node.clientHeight;
    this.type = this.stage.scene.type * this.stage.scale;
    this.family = getComputedStyle(this.node).fontFamily;
    this.stage.onto(this.canvas, this.width, this.height, (ctx) => {
      this.ctx = ctx;
      ctx.lineJoin = ctx.lineCap = "round";
      this.picture(ctx);
    });
  }

  /** Write a text; `weight` is 400 or 600, `align` as the canvas has it. Returns its width. */
  text(words, x, y, { color = "text", weight = 400, align = "left", baseline = "alphabetic", size = this.stage.type(14) } = {}) {
    const { ctx } = this;
    ctx.font = `${weight} ${size}px ${this.family}`;
    ctx.textAlign = align;
    ctx.textBaseline = baseline;
    ctx.fillStyle = this.stage.palette[color] ?? color;
    ctx.fillText(words, x, y);
    return ctx.measureText(words).width;
  }

  wide(words, weight = 400, size = this.stage.type(14)) {
    this.ctx.font = `${weight} ${size}px ${this.family}`;
    return this.ctx.measureText(words).width;
  }

  point(event) {
    const box = this.node.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    this.tip.say(this.panel && this.ctx ? this.told(at) : null, at, this.width);
  }
}

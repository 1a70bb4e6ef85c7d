/* Histograms of the weights of several networks, side by side, at the clock's epoch. */

import { coloured } from "../draw.js";
import { Pictures } from "../pictures.js";

/** Every network's weights as bars around 0, each histogram as high as its highest bar.

    @extends {Pictures<import("../contract.js").HistogramsPanel>} */
export default class Histograms extends Pictures {
  /** @param {CanvasRenderingContext2D} ctx  @param {number} size  @param {import("../contract.js").Histogram} field  @param {number} moment */
  paint(ctx, size, field, moment) {
    const { palette } = this.stage;
    const shares = field.values[moment];
    const type = this.stage.type(14);
    const floor = size - type - 7;
    const wide = size / shares.length;
    const top = Math.max(...shares, 1e-9);
    ctx.fillStyle = coloured(field.color, palette);
    shares.forEach((share, i) => ctx.fillRect(i * wide + 0.3, floor - (floor - 4) * (share / top), Math.max(wide - 0.6, 0.8), (floor - 4) * (share / top)));
    ctx.fillStyle = ctx.strokeStyle = palette.quiet;
    ctx.fillRect(0, floor, size, 1);
    ctx.font = `${type}px ${getComputedStyle(this.node).fontFamily}`;
    ctx.textBaseline = "top";
    const zero = 100 * field.zeros[moment];
    const end = (this.panel.width * (shares.length - 1)) / 2;
    const reach = String(Number(end.toPrecision(2)));
    const middle = `0: ${zero < 10 ? zero.toFixed(1) : zero.toFixed(0)}%`;
    /** @type {[string, CanvasTextAlign, number][]} */
    const labels = [[`−${reach}`, "left", 0], [middle, "center", size / 2], [reach, "right", size]];
    for (const [text, align, x] of labels) {
      ctx.textAlign = align;
      ctx.fillText(text, x, floor + 5);
    }
  }
}

/* Curves of a hyperparameter search: those of one combination, or scores without a clock. */

import { Panel } from "../panel.js";

/** Curves that are drawn completely, with a line at the epoch that the other panels show.

    @extends {Panel<import("../contract.js").WholePanel>} */
export default class Whole extends Panel {
  get head() {
    return Infinity;
  }

  cross(ctx) {
    const { hover, head, scene, palette } = this.stage;
    if (!this.panel.along || scene.clock.last < 1) return;
    const [x] = this.toPixels(hover ?? Math.floor(head + 1e-9), 1);
    const { top, bottom } = this.area;
    ctx.strokeStyle = palette.quiet;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
  }
}

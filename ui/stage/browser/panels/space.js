/* A surface in 3-D. */

import { coloured } from "../draw.js";
import { Panel } from "../panel.js";

/** The surface in 3-D, as Plotly traces; the paths are traces too, whose arrays get longer as the clock runs.

    @extends {Panel<import("../contract.js").SpacePanel>} */
export default class Space extends Panel {
  /** @param {import("../contract.js").SpacePanel} panel */
  async update(panel) {
    await super.update(panel);
    this.drawnHead = null;
  }

  draw() {
    if (!this.drawn) return;
    const { head, playing, palette } = this.stage;
    this.cards.draw(head);
    const now = performance.now();
    if (this.drawnHead === head && this.drawnPanel === this.panel) return;
    if (playing && now - (this.drawnAt ?? 0) < 45) return; // WebGL buffers are rebuilt at each call: 20 a second suffice
    this.drawnAt = now;
    this.drawnHead = head;
    this.drawnPanel = this.panel;
    this.show();
    const last = Math.floor(head) + 1;
    const { tracks, first } = this.panel;
    const cut = (name) => tracks.map((t) => Array.from(t[name].subarray(0, last)));
    const tips = (name) => tracks.map((t) => [t[name][Math.min(last, t[name].length) - 1]]);
    const lines = tracks.map((_, i) => first + i);
    const heads = tracks.map((_, i) => first + tracks.length + i);
    this.library.restyle(this.plot, {
      x: [...cut("x"), ...tips("x")], y: [...cut("y"), ...tips("y")], z: [...cut("z"), ...tips("z")],
      "line.color": [...tracks, ...tracks].map((t) => coloured(t.color, palette)),
    }, [...lines, ...heads]);
  }

  /** Plotly's canvas can be read only right after it was drawn. */
  show() {
    const { glplot } = this.plot._fullLayout.scene._scene;
    const { clientWidth: width, clientHeight: height } = this.node;
    const draw = (ctx) => {
      glplot.redraw();
      ctx.drawImage(glplot.canvas, 0, 0, width, height);
    };
    glplot.canvas.picture = { width, height, draw };
  }

  /** @param {Panel} shown */
  async turn({ plot }) {
    await this.library.relayout(this.plot, { "scene.camera": plot._fullLayout.scene._scene.getCamera() });
  }

  listen() {} // Plotly turns the scene
  point() {}
}

/* A surface from above. */

import { Brush } from "../brush.js";
import { icon, make } from "../draw.js";
import { Panel } from "../panel.js";

/** The surface from above: a panel with buttons to zoom, since the wheel scrolls the page (ctrl + wheel zooms).

    @template {import("../contract.js").Charted & { paint?: import("../contract.js").Brush | null }} [P=import("../contract.js").PlanePanel]
    @extends {Panel<P>} */
export default class Plane extends Panel {
  constructor(stage, library) {
    super(stage, library);
    const button = (name, act) => make("button", { type: "button", class: "dl-button", onclick: act }, icon(name));
    this.zooms = [button("plus", () => this.zoom(0.7)), button("minus", () => this.zoom(1 / 0.7)), button("home", () => this.zoom(null))];
    this.node.append(make("div", { class: "dl-zoom" }, ...this.zooms));
    this.brush = new Brush(this);
    this.node.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = this.node.getBoundingClientRect();
      this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.toData([event.clientX - box.left, event.clientY - box.top]));
    }, { passive: false });
  }

  /** @param {P} panel */
  async update(panel) {
    await super.update(panel);
    const { words } = this.stage.scene;
    this.brush.update(panel.paint);
    [words.closer, words.farther, words.whole].forEach((text, i) => this.stage.title(this.zooms[i], text));
  }

  zoom(factor, centre) {
    const [xaxis, yaxis] = this.axes();
    const { layout } = this.panel.figure;
    const about = (axis, c) => axis.range.map((v) => c + (v - c) * factor);
    const middle = (axis) => (axis.range[0] + axis.range[1]) / 2;
    const [cx, cy] = centre ?? [middle(xaxis), middle(yaxis)];
    this.library.relayout(this.plot, {
      "xaxis.range": factor ? about(xaxis, cx) : [...layout.xaxis.range],
      "yaxis.range": factor ? about(yaxis, cy) : [...layout.yaxis.range],
    });
  }
}

/* Decision regions: what networks say at every point of the plane, beside the points they learn from. */

import { CLASSES, make } from "./draw.js";

const NO_CLASS = 255; // the outputs of a network at this point are not numbers

/** Decision regions of several networks, side by side: pictures that follow the run.

    With `moments` every field has one picture for each of these epochs, and the clock chooses among them. */
export class Fields {
  constructor(stage) {
    this.stage = stage;
    this.title = make("p", { class: "dl-moment" });
    this.node = make("figure", { class: "dl-panel dl-fields" });
    this.cells = [];
    this.columns = 1;
  }

  leave() {}

  /** The number of columns that makes the pictures largest. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.node;
    const n = this.cells.length;
    const caption = 26 * this.stage.scale;
    const title = this.title.hidden ? 0 : this.title.offsetHeight + 10;
    let best = 0;
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns);
      const side = Math.min((width - 10 * (columns - 1)) / columns, (height - title - 10 * (rows - 1)) / rows - caption);
      if (side > best) [best, this.columns] = [side, columns];
    }
    // On a phone panels are stacked and the page scrolls: there the width decides.
    this.node.style.gridTemplateColumns = this.stage.narrow() || best < 60 ? "" : `repeat(${this.columns}, ${Math.floor(best)}px)`;
  }

  async update(panel) {
    this.panel = panel;
    if (this.cells.length !== panel.fields.length) {
      this.cells = panel.fields.map(() => {
        const canvas = make("canvas");
        const name = make("figcaption");
        const node = make("div", { class: "dl-field", role: "img" }, canvas, name);
        return { canvas, name, node };
      });
      this.node.replaceChildren(this.title, ...this.cells.map((c) => c.node));
    }
    this.title.hidden = !panel.title;
    this.title.textContent = panel.title ?? "";
    this.resize();
    panel.fields.forEach((field, i) => {
      this.cells[i].name.textContent = field.label;
      this.cells[i].node.setAttribute("aria-label", field.label);
    });
  }

  /** Which of the moments that were written down is the last not after the head; null where a field has but one. */
  moment() {
    const { moments } = this.panel;
    if (!moments) return null;
    let at = moments.length - 1;
    while (at > 0 && moments[at] > this.stage.head + 1e-9) at--;
    return at;
  }

  draw() {
    const moment = this.moment();
    const state = [this.panel, moment, this.stage.drawnMode, this.node.clientWidth, this.node.clientHeight];
    if (this.state?.every((part, i) => part === state[i])) return;
    this.state = state;
    if (moment !== null) this.title.textContent = this.panel.title.replace("{epoch}", this.panel.moments[moment]);
    this.panel.fields.forEach((field, i) => {
      const { canvas } = this.cells[i];
      const size = canvas.clientWidth;
      this.stage.onto(canvas, size, size, (ctx) => this.paint(ctx, size, field, moment));
    });
  }

  paint(ctx, size, field, moment) {
    const { points, labels, held, extent, side, classes } = this.panel;
    const { palette } = this.stage;
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(this.image(moment === null ? field.values : field.values[moment], side, classes), 0, 0, size, size);
    const [[x0, x1], [y0, y1]] = extent;
    for (let i = 0; i < labels.length; i++) {
      const x = ((points[2 * i] - x0) / (x1 - x0)) * size;
      const y = size - ((points[2 * i + 1] - y0) / (y1 - y0)) * size;
      ctx.beginPath();
      ctx.arc(x, y, Math.max(1.7, size / 120), 0, 2 * Math.PI);
      ctx.fillStyle = ctx.strokeStyle = palette[`class${labels[i] % CLASSES}`];
      ctx.lineWidth = held[i] ? 1.4 : 0.6;
      if (held[i]) {
        ctx.fillStyle = palette.paper;
        ctx.fill();
        ctx.stroke();
      } else {
        ctx.fill();
        ctx.strokeStyle = palette.halo;
        ctx.stroke();
      }
    }
  }

  /** Output over the grid -> a small image: the tint of the predicted class, or of two classes a blend of their tints. */
  image(values, side, classes) {
    const { palette } = this.stage;
    const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const tints = Array.from({ length: CLASSES }, (_, c) => rgb(palette[`tint${c}`]));
    const paper = rgb(palette.paper);
    const canvas = make("canvas", { width: side, height: side });
    const ctx = canvas.getContext("2d");
    const image = ctx.createImageData(side, side);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const value = values[(side - 1 - row) * side + column]; // grid rows go up, image rows go down
        const at = 4 * (row * side + column);
        for (let c = 0; c < 3; c++) {
          let colour;
          if (classes > 2) colour = value === NO_CLASS ? paper[c] : tints[value % CLASSES][c];
          else {
            const p = value / 255; // through the paper's colour at the boundary
            colour = p < 0.5 ? tints[0][c] + (paper[c] - tints[0][c]) * (2 * p) : paper[c] + (tints[1][c] - paper[c]) * (2 * p - 1);
          }
          image.data[at + c] = colour;
        }
        image.data[at + 3] = 255;
      }
    ctx.putImageData(image, 0, 0);
    return canvas;
  }
}

/* Decision boundaries: the predictions of networks at every point of the plane, with the points they learn from. */

import { CLASSES, make } from "../draw.js";
import { Pictures } from "../pictures.js";

const NO_CLASS = 255; // the outputs of a network at this point are not numbers

/** The output of every network over the plane. @extends {Pictures<import("../contract.js").FieldsPanel>} */
export default class Fields extends Pictures {
  /** @param {CanvasRenderingContext2D} ctx  @param {number} size  @param {import("../contract.js").Field} field  @param {number | null} moment */
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

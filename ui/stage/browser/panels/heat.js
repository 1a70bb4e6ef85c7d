/* A map: cells in the colours of their results, or curves over a learning rate. A click requests the race at that point. */

import { coloured, make, mixed, number } from "../draw.js";
import { Panel } from "../panel.js";

const HATCH = 7; // px between the lines over cells that diverged

/** The cells are painted on a canvas below Plotly's axes and contours; paths and the ring are drawn above them.

    @extends {Panel<import("../contract.js").HeatPanel>} */
export default class Heat extends Panel {
  constructor(stage, library) {
    super(stage, library);
    this.under = make("canvas", { class: "dl-canvas", "aria-hidden": "true" });
    this.legend = make("figcaption", { class: "dl-key" });
    this.node.prepend(this.under);
    this.node.append(this.legend);
  }

  /** @param {import("../contract.js").HeatPanel} panel */
  async update(panel) {
    await super.update(panel);
    this.node.classList.toggle("dl-pick", Boolean(this.stage.send));
    this.painted = null;
    const { palette } = this.stage;
    const items = (panel.key ?? []).map(({ text, color, hatch }) => {
      const swatch = make(hatch ? "canvas" : "span", { class: "dl-swatch" });
      if (hatch) this.stage.onto(swatch, 22, 13, (ctx) => strokes(ctx, 22, 13, 5, palette.quiet));
      else if (color) swatch.style.background = blend(color, palette);
      return make("span", {}, ...(color ? [swatch] : []), text);
    });
    this.legend.replaceChildren(...(panel.caption ? [make("b", {}, panel.caption)] : []), ...items);
  }

  get grounded() {
    return Boolean(this.panel.cells) || super.grounded;
  }

  /** Curves that are the map itself are drawn completely; a path over the cells follows the clock. */
  get head() {
    return this.panel.whole ? Infinity : this.stage.head;
  }

  draw() {
    if (!this.drawn) return;
    super.draw();
    if (this.panel.cells) this.paint();
  }

  picture(ctx) {
    super.picture(ctx);
    this.inside(ctx, () => this.trials(ctx));
    this.labels(ctx);
  }

  /** The rates that were tried: a dot where each ends, a ring round the best, a cross for one that diverged. */
  trials(ctx) {
    const { scale, palette } = this.stage;
    for (const { x, y, lost, best, color } of this.panel.trials ?? []) {
      ctx.strokeStyle = ctx.fillStyle = coloured(color, palette);
      x.forEach((value, i) => {
        const [u, v] = this.toPixels(value, y[i]);
        const circle = (radius) => {
          ctx.beginPath();
          ctx.arc(u, v, radius * scale, 0, 2 * Math.PI);
        };
        ctx.lineWidth = 2;
        if (lost[i]) {
          ctx.beginPath();
          for (const [a, b] of [[-4, -4], [-4, 4]]) {
            ctx.moveTo(u + a * scale, v + b * scale);
            ctx.lineTo(u - a * scale, v - b * scale);
          }
          ctx.stroke();
          return;
        }
        circle(4);
        ctx.fill();
        if (i !== best) return;
        circle(9);
        ctx.stroke();
      });
    }
  }

  labels(ctx) {
    ctx.font = this.font;
    ctx.textBaseline = "top";
    ctx.textAlign = "center";
    for (const { at, text } of this.panel.labels ?? []) {
      const [x, y] = this.toPixels(...at);
      const half = ctx.measureText(text).width / 2 + 3;
      const { left, right, bottom } = this.area;
      const below = y + 12 * this.stage.scale;
      const top = below + this.type > bottom ? y - 12 * this.stage.scale - this.type : below;
      this.written(ctx, text, Math.max(left + half, Math.min(right - half, x)), top, this.stage.palette.text);
    }
    ctx.textAlign = "start";
  }

  ring(ctx) {
    super.ring(ctx, this.panel.at);
  }

  /** Once for every map, size and theme: an image of a pixel a cell, enlarged without smoothing, and its hatching. */
  paint() {
    const { left, top, right, bottom } = this.area;
    const { clientWidth: width, clientHeight: height } = this.node;
    const mark = [left, top, right, bottom, width, height].join();
    if (mark === this.painted) return;
    this.painted = mark;
    const colors = this.panel.colors.map((color) => [...rgb(blend(color, this.stage.palette)), 255]);
    const picture = image(this.panel.cells, (index) => colors[index]);
    this.stage.onto(this.under, width, height, (ctx) => {
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(picture, left, top, right - left, bottom - top);
      this.hatch(ctx);
    });
  }

  /** Lines over the cells that are to be hatched. */
  hatch(ctx) {
    const { cells, hatch } = this.panel;
    const { left, top, right, bottom } = this.area;
    const high = (bottom - top) / cells.length;
    const wide = (right - left) / cells[0].length;
    ctx.save();
    ctx.beginPath();
    cells.forEach((row, up) => {
      for (let from = 0, to = 0; from < row.length; from = to) {
        while (to < row.length && row[to] === row[from]) to++;
        if (row[from] === hatch) ctx.rect(left + from * wide, bottom - (up + 1) * high, (to - from) * wide, high);
      }
    });
    ctx.clip();
    ctx.translate(left, top);
    ctx.globalAlpha = 0.75;
    strokes(ctx, right - left, bottom - top, HATCH * this.stage.scale, this.stage.palette.quiet);
    ctx.restore();
  }

  click(at) {
    if (!this.stage.send) return;
    const [x, y] = this.toData(at);
    this.stage.wish = "play";
    this.stage.send("pick", { panel: this.stage.panels.indexOf(this), at: [x, y].map((v) => Number(v.toPrecision(6))) });
  }

  /** Exact numbers of the cell under the pointer, or of the nearest point of a curve. */
  point(at) {
    const inside = at && this.drawn && this.holds(at);
    this.tip.say(inside ? (this.panel.cells ? this.tellCell(at) : this.tellCurve(at)) : null, at ?? [0, 0], this.node.clientWidth);
  }

  tellCell([x, y]) {
    const { left, top, right, bottom } = this.area;
    const { cells, x: columns, y: rows, names, told } = this.panel;
    const column = Math.min(columns.length - 1, Math.floor(((x - left) / (right - left)) * columns.length));
    const row = Math.min(cells.length - 1, Math.floor(((bottom - y) / (bottom - top)) * cells.length));
    const parts = [`${names[0]} = ${number(columns[column])}`, `${names[1]} = ${number(rows[row])}`];
    for (const { name, values } of told) {
      const value = values[row][column];
      if (Number.isFinite(value) && value !== -1) parts.push(`${name} ${number(value)}`);
    }
    return parts.join(" · ");
  }

  tellCurve(at) {
    let best = null;
    let distance = 16;
    for (const track of this.tracks)
      for (let i = 0; i < track.n; i++) {
        const d = Math.hypot(track.points[2 * i] - at[0], track.points[2 * i + 1] - at[1]);
        if (d < distance) [distance, best] = [d, { track, i }];
      }
    if (!best) return null;
    const { track, i } = best;
    const { names } = this.panel;
    return `${track.title} · ${names[0]} = ${number(track.x[i])} · ${names[1]} = ${number(track.y[i])}`;
  }
}

/** [a, b, share] -> colour a with the share of colour b. */
function blend([a, b, share], palette) {
  return mixed(coloured(a, palette), coloured(b, palette), share);
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Slanting lines over a rectangle from (0, 0), `gap` px apart. */
function strokes(ctx, width, height, gap, color) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = -height; x < width; x += gap) {
    ctx.moveTo(x, height);
    ctx.lineTo(x + height, 0);
  }
  ctx.stroke();
}

/** One pixel a cell; rows of cells go up, rows of an image go down. */
function image(cells, colour) {
  const [height, width] = [cells.length, cells[0].length];
  const canvas = make("canvas", { width, height });
  const ctx = canvas.getContext("2d");
  const pixels = ctx.createImageData(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      pixels.data.set(colour(cells[height - 1 - row][column]), 4 * (row * width + column));
  ctx.putImageData(pixels, 0, 0);
  return canvas;
}

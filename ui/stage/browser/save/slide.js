/* A slide is a stage of a fixed size with large type, off the screen, that is saved as a picture or as SVG. */

import { make } from "../draw.js";
import { Stage } from "../stage.js";
import { paint } from "./paint.js";
import { qr } from "./qr.js";
import { VectorContext } from "./vector.js";

// Of the height under the title; a table that takes more leaves too little for the picture.
const LEAST = 150; // px of the page below: a panel that is lower takes the table's room
const MOST = { wide: 0.42, middle: 0.36, tall: 0.26 };

// A slide is laid out like a page whose type is 15 px, and enlarged as a whole: lines, markers and dashes with the type.
const PAGE = 600; // the shorter side of that page, px: type of 15 becomes 27 px on a slide 1080 px high, labels 24

/** The options of a slide, with their defaults. */
export const OPTIONS = {
  width: 1920, height: 1080, mode: "light", clear: false,
  title: true, sentence: false, table: true, caption: true, qr: false,
  base: document.baseURI, // of the address that is shown; none: no address is shown
};

/** A slide of a scene; if a stage that shows it is given, its rotation and zoom are used. */
export async function open(scene, options = {}, stage = null) {
  const slide = new Slide(scene, { ...OPTIONS, ...options });
  await slide.lay(stage);
  return slide;
}

class Slide {
  constructor(scene, options) {
    const { width, height, mode, clear } = options;
    this.scene = scene;
    this.options = options;
    this.width = width;
    this.height = height;
    this.scale = Math.min(width, height) / PAGE;
    const { text, paper } = scene.palettes[mode];
    this.paper = clear ? null : paper;
    this.box = make("div", { class: "dl-slide", inert: "", "aria-hidden": "true", lang: scene.lang });
    this.box.dataset.shape = width > 1.5 * height ? "wide" : width > 1.1 * height ? "middle" : "tall";
    const looks = { width: `${width / this.scale}px`, height: `${height / this.scale}px`, "font-family": scene.font };
    const theme = { "--st-text-color": text, "--st-background-color": paper, "--st-primary-color": text, "--st-font": scene.font };
    for (const [name, value] of Object.entries({ ...looks, ...theme })) this.box.style.setProperty(name, value);
    this.stage = new Stage(make("div", { class: "dl-slide-stage" }), { mode, clear });
    this.box.append(...this.heading(), this.stage.root, ...this.foot());
    document.body.append(this.box);
  }

  heading() {
    const { title, question } = this.scene.about;
    if (!this.options.title || !title) return [];
    return [make("div", { class: "dl-slide-head" }, make("span", { class: "dl-slide-title" }, title), " ", make("span", {}, question))];
  }

  /** The sentence that describes the picture, the settings that differ from the defaults, and the link to them. */
  foot() {
    const { about, alt, palettes } = this.scene;
    const { sentence, caption, qr: square, mode, base } = this.options;
    const link = about.link && base && new URL(about.link, base).href;
    const told = make("div", { class: "dl-slide-caption" });
    const parts = [told];
    if (sentence) told.append(make("div", { class: "dl-slide-sentence" }, alt));
    if (caption && about.settings?.length) told.append(make("div", {}, about.settings.join(" · ")));
    if (caption && link) told.append(make("div", {}, link.replace(/^https?:\/\//, "")));
    if (square && link) {
      const code = make("canvas", { class: "dl-slide-qr" });
      this.stage.onto(code, 96, 96, (ctx) => dots(ctx, qr(link), 96, palettes[mode]));
      parts.push(code);
    }
    return told.firstChild || parts.length > 1 ? [make("div", { class: "dl-slide-foot" }, ...parts)] : [];
  }

  async lay(shown) {
    const { stage } = this;
    await stage.update(this.scene);
    const { tableBox, panelBox, panels } = stage;
    tableBox.hidden = !this.options.table || tableBox.offsetHeight > MOST[this.box.dataset.shape] * panelBox.offsetHeight;
    const squeezed = panels.some(({ node }) => !node.matches(".dl-broad, .dl-equation") && node.clientHeight < LEAST);
    if (squeezed) tableBox.hidden = true;
    stage.chosen = shown?.chosen ?? stage.chosen;
    for (const [i, panel] of panels.entries()) {
      await panel.resize();
      if (shown?.panels[i]) await panel.turn?.(shown.panels[i]);
    }
    this.at(shown?.head ?? stage.head);
    const equation = this.box.querySelector(".dl-equation");
    this.box.classList.toggle("dl-brief", equation?.scrollHeight > equation?.clientHeight + 1);
    for (const panel of panels) await panel.resize(); // numbers have come into the table, which may have grown
    this.at(stage.head);
  }

  /** Move the clock to a step, which may lie between two. */
  at(step) {
    const { stage } = this;
    stage.head = Math.max(0, Math.min(this.scene.clock.last, step));
    for (const panel of stage.panels) panel.draw();
    stage.tell();
  }

  /** The steps at which a film's pictures stand; see film.js for the options. */
  async steps(options) {
    const { times } = await import("./film.js");
    return times(this.scene.clock, options);
  }

  /** Draw the slide onto a context of the same size. */
  paint(ctx) {
    ctx.save();
    ctx.scale(this.scale, this.scale);
    if (this.paper) {
      ctx.fillStyle = this.paper;
      ctx.fillRect(0, 0, this.width / this.scale, this.height / this.scale);
    }
    paint(ctx, this.box, this.box.getBoundingClientRect());
    ctx.restore();
  }

  /** The slide as a canvas, `ratio` of its pixels for one of the slide's. */
  canvas(ratio = 1) {
    const canvas = make("canvas", { width: Math.round(this.width * ratio), height: Math.round(this.height * ratio) });
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    this.paint(ctx);
    return canvas;
  }

  svg() {
    const ctx = new VectorContext(this.width, this.height, getComputedStyle(this.box).fontFamily);
    this.paint(ctx);
    return ctx.toString();
  }

  leave() {
    this.stage.leave();
    this.box.remove();
  }
}

/** The squares of a QR code, dark on a light ground whatever the paper: readers need it so. */
function dots(ctx, rows, size, { paper, text }) {
  const quiet = 2; // modules of margin; the slide's paper gives the rest
  const unit = size / (rows.length + 2 * quiet);
  const dark = [paper, text].sort((a, b) => bright(a) - bright(b));
  ctx.fillStyle = dark[1];
  ctx.fillRect(0, 0, size, size);
  ctx.fillStyle = dark[0];
  ctx.beginPath();
  rows.forEach((row, y) => {
    for (let from = 0, to = 0; from < row.length; from = to) {
      while (to < row.length && row[to] === row[from]) to++;
      if (row[from]) ctx.rect((quiet + from) * unit, (quiet + y) * unit, (to - from) * unit, unit);
    }
  });
  ctx.fill();
}

function bright(hex) {
  return [1, 3, 5].reduce((sum, i) => sum + parseInt(hex.slice(i, i + 2), 16), 0);
}

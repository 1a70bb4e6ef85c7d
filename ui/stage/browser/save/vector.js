/* VectorContext has the methods of a canvas's 2-D context that our pictures use, and writes SVG. */

/** @type {{ fillStyle: string, strokeStyle: string, lineWidth: number, lineCap: CanvasLineCap, lineJoin: CanvasLineJoin, globalAlpha: number, font: string,
    textAlign: CanvasTextAlign, textBaseline: CanvasTextBaseline, imageSmoothingEnabled: boolean, dash: number[], clipped: number | null }} */
const DEFAULTS = {
  fillStyle: "#000000", strokeStyle: "#000000", lineWidth: 1, lineCap: "butt", lineJoin: "miter", globalAlpha: 1,
  font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic", imageSmoothingEnabled: true, dash: [], clipped: null,
};
const ANCHORS = { center: "middle", right: "end", end: "end" };

const real = document.createElement("canvas").getContext("2d", { willReadFrequently: true }); // measures text, reads colours
const colors = new Map();

/** Any CSS colour as [#rrggbb, opacity], because programs other than browsers know few forms of CSS colours. */
export function plain(color) {
  if (!colors.has(color)) {
    real.clearRect(0, 0, 1, 1);
    real.fillStyle = color;
    real.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = real.getImageData(0, 0, 1, 1).data;
    colors.set(color, [`#${[r, g, b].map((c) => c.toString(16).padStart(2, "0")).join("")}`, Number((a / 255).toFixed(3))]);
  }
  return colors.get(color);
}

/** A number of units of the paper: hundredths are finer than any screen or printer. */
const brief = (value) => String(Math.round(value * 100) / 100);
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export class VectorContext {
  constructor(width, height, font) {
    this.width = width;
    this.height = height;
    this.family = font;
    /** @type {string | { stops: string[], line: string }} */
    this.fillStyle = DEFAULTS.fillStyle;
    /** @type {string | { stops: string[], line: string }} */
    this.strokeStyle = DEFAULTS.strokeStyle;
    this.lineWidth = DEFAULTS.lineWidth;
    /** @type {CanvasLineCap} */
    this.lineCap = DEFAULTS.lineCap;
    /** @type {CanvasLineJoin} */
    this.lineJoin = DEFAULTS.lineJoin;
    this.globalAlpha = DEFAULTS.globalAlpha;
    this.font = DEFAULTS.font;
    /** @type {CanvasTextAlign} */
    this.textAlign = DEFAULTS.textAlign;
    /** @type {CanvasTextBaseline} */
    this.textBaseline = DEFAULTS.textBaseline;
    this.imageSmoothingEnabled = DEFAULTS.imageSmoothingEnabled;
    this.dash = DEFAULTS.dash;
    this.clipped = DEFAULTS.clipped;
    this.matrix = new DOMMatrix();
    this.saved = [];
    this.body = [];
    this.clips = [];
    this.gradients = [];
    this.within = null; // the clip of the group that is open
    this.beginPath();
  }

  /* state */

  save() {
    this.saved.push(Object.fromEntries([...Object.keys(DEFAULTS), "matrix"].map((name) => [name, this[name]])));
  }

  restore() {
    Object.assign(this, this.saved.pop());
  }

  translate(x, y) {
    this.matrix = this.matrix.translate(x, y);
  }

  scale(x, y) {
    this.matrix = this.matrix.scale(x, y);
  }

  rotate(angle) {
    this.matrix = this.matrix.rotate((angle * 180) / Math.PI);
  }

  transform(...parts) {
    this.matrix = this.matrix.multiply(new DOMMatrix(parts));
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  /** How long a unit is on the paper. */
  get unit() {
    return Math.hypot(this.matrix.a, this.matrix.b);
  }

  /* paths, written in the paper's units */

  beginPath() {
    this.path = [];
    this.open = false;
  }

  place(x, y) {
    const { a, b, c, d, e, f } = this.matrix;
    return `${brief(a * x + c * y + e)} ${brief(b * x + d * y + f)}`;
  }

  moveTo(x, y) {
    this.path.push(`M${this.place(x, y)}`);
    this.open = true;
  }

  lineTo(x, y) {
    if (!this.open) return this.moveTo(x, y);
    const step = `L${this.place(x, y)}`;
    if (this.path.at(-1).slice(1) !== step.slice(1)) this.path.push(step); // points that fall together are one
    else if (this.path.at(-1)[0] === "M") this.path.push(step);
  }

  bezierCurveTo(...points) {
    this.path.push(`C${[0, 2, 4].map((i) => this.place(points[i], points[i + 1])).join(" ")}`);
  }

  quadraticCurveTo(...points) {
    this.path.push(`Q${[0, 2].map((i) => this.place(points[i], points[i + 1])).join(" ")}`);
  }

  closePath() {
    this.path.push("Z");
  }

  rect(x, y, width, height) {
    this.moveTo(x, y);
    for (const corner of [[x + width, y], [x + width, y + height], [x, y + height]]) this.lineTo(...corner);
    this.closePath();
  }

  roundRect(x, y, width, height, radius) {
    const r = Math.min(radius, width / 2, height / 2);
    this.moveTo(x + r, y);
    for (const [cx, cy, from] of [[x + width - r, y + r, -0.5], [x + width - r, y + height - r, 0], [x + r, y + height - r, 0.5], [x + r, y + r, 1]])
      this.arc(cx, cy, r, from * Math.PI, (from + 0.5) * Math.PI);
    this.closePath();
  }

  arc(x, y, radius, from, to, back = false) {
    this.ellipse(x, y, radius, radius, 0, from, to, back);
  }

  ellipse(x, y, across, up, turn, from, to, back = false) {
    const full = 2 * Math.PI;
    const sweep = Math.abs(to - from) >= full ? full : ((((back ? from - to : to - from) % full) + full) % full);
    const at = (angle) => {
      const [u, v] = [across * Math.cos(angle), up * Math.sin(angle)];
      return [x + u * Math.cos(turn) - v * Math.sin(turn), y + u * Math.sin(turn) + v * Math.cos(turn)];
    };
    this.lineTo(...at(from));
    const tilt = turn * 180 / Math.PI + (Math.atan2(this.matrix.b, this.matrix.a) * 180) / Math.PI;
    const radii = `${brief(across * this.unit)} ${brief(up * this.unit)} ${brief(tilt)}`;
    const parts = sweep > Math.PI ? 2 : 1; // an arc of SVG cannot be a whole circle
    for (let i = 1; i <= parts; i++) this.path.push(`A${radii} 0 ${back ? 0 : 1} ${this.place(...at(from + ((back ? -1 : 1) * sweep * i) / parts))}`);
  }

  /** A path that is given as SVG has it; `fill`, `stroke` and `clip` take it, as a canvas takes a Path2D. */
  shape(d) {
    return { d: d.replace(/\d+\.\d{2,}/g, brief) };
  }

  /** The attributes that say where a shape is: the path drawn so far, or a given one in its own units. */
  where(shape) {
    if (!shape) return `d="${this.path.join("")}"`;
    return `d="${shape.d}"${this.moved()}`;
  }

  /** The transformation of what is written in units `unit` times as small as the present ones. */
  moved(unit = 1) {
    const { e, f } = this.matrix;
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => this.matrix[name] / unit);
    const parts = [a, b, c, d, e, f].map((v, i) => (i < 4 ? String(Math.round(v * 1e5) / 1e5) : brief(v)));
    if (b === 0 && c === 0 && a === 1 && d === 1) return e || f ? ` transform="translate(${parts[4]} ${parts[5]})"` : "";
    return ` transform="matrix(${parts.join(" ")})"`;
  }

  /* ink */

  /** A gradient in the units of the shape that it fills. */
  createLinearGradient(x1, y1, x2, y2) {
    const stops = [];
    const addColorStop = (offset, color) => stops.push(`<stop offset="${Math.round(offset * 1e4) / 1e4}" stop-color="${plain(color)[0]}"/>`);
    return { addColorStop, stops, line: `gradientUnits="userSpaceOnUse" x1="${brief(x1)}" y1="${brief(y1)}" x2="${brief(x2)}" y2="${brief(y2)}"` };
  }

  paint(name, color) {
    if (color.stops) {
      this.gradients.push(`<linearGradient id="g${this.gradients.length + 1}" ${color.line}>${color.stops.join("")}</linearGradient>`);
      return ` ${name}="url(#g${this.gradients.length})"`;
    }
    const [hex, own] = plain(color);
    const opacity = own * this.globalAlpha;
    return opacity === 0 ? null : ` ${name}="${hex}"${opacity < 1 ? ` ${name}-opacity="${brief(opacity)}"` : ""}`;
  }

  fill(shape) {
    const ink = this.paint("fill", this.fillStyle);
    if (ink && (shape || this.path.length)) this.add(`<path ${this.where(shape)}${ink}/>`);
  }

  stroke(shape) {
    const ink = this.paint("stroke", this.strokeStyle);
    if (!ink || !(shape || this.path.length > 1)) return;
    const unit = shape ? 1 : this.unit; // a shape is moved as a whole
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.map((part) => brief(part * unit)).join(" ")}"` : "";
    const ends = (this.lineCap === "butt" ? "" : ` stroke-linecap="${this.lineCap}"`) + (this.lineJoin === "miter" ? "" : ` stroke-linejoin="${this.lineJoin}"`);
    this.add(`<path ${this.where(shape)} fill="none"${ink} stroke-width="${brief(this.lineWidth * unit)}"${dash}${ends}/>`);
  }

  /** Restrict what is drawn next to the inside of the path and of the earlier clip. */
  clip(shape) {
    const inside = this.clipped ? ` clip-path="url(#c${this.clipped})"` : "";
    const text = `${inside}><path ${this.where(shape)}/></clipPath>`;
    const known = this.clips.findIndex((clip) => clip.endsWith(text));
    if (known < 0) this.clips.push(`<clipPath id="c${this.clips.length + 1}"${text}`);
    this.clipped = known < 0 ? this.clips.length : known + 1;
  }

  fillRect(x, y, width, height) {
    const before = this.path;
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
    this.path = before;
  }

  strokeRect(x, y, width, height) {
    const before = this.path;
    this.beginPath();
    this.rect(x, y, width, height);
    this.stroke();
    this.path = before;
  }

  drawImage(image, x, y, width, height) {
    const canvas = document.createElement("canvas");
    const [across, down] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
    // Cells with sharp edges are enlarged here: few programs can be told not to blur them.
    const times = this.imageSmoothingEnabled ? 1 : Math.max(1, Math.ceil((width * this.unit) / across));
    Object.assign(canvas, { width: across * times, height: down * times });
    const ctx = canvas.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(image, 0, 0, canvas.width, canvas.height);
    this.save();
    this.translate(x, y);
    const faint = this.globalAlpha < 1 ? ` opacity="${brief(this.globalAlpha)}"` : "";
    this.add(`<image width="${brief(width)}" height="${brief(height)}" preserveAspectRatio="none"${faint}${this.moved()} href="${canvas.toDataURL()}"/>`);
    this.restore();
  }

  /* text */

  measureText(text) {
    real.font = this.font;
    real.textBaseline = this.textBaseline;
    real.textAlign = "start";
    return real.measureText(text);
  }

  fillText(text, x, y) {
    const ink = this.paint("fill", this.fillStyle);
    if (ink) this.write(text, x, y, ink);
  }

  strokeText(text, x, y) {
    const ink = this.paint("stroke", this.strokeStyle);
    if (ink) this.write(text, x, y, ` fill="none"${ink} stroke-width="${brief(this.lineWidth * this.unit)}" stroke-linejoin="round"`);
  }

  write(text, x, y, ink) {
    const [, style, weight, size, family] = /^(italic |normal )?\s*(\w+ )?\s*([\d.]+)px (.*)$/.exec(this.font);
    // Text stands on the line of its letters: other places on it are not known everywhere.
    const rise = this.measureText(text).fontBoundingBoxAscent;
    real.textBaseline = "alphabetic";
    const base = y - rise + real.measureText(text).fontBoundingBoxAscent;
    const { a, b, c, d } = this.matrix;
    const turned = b !== 0 || c !== 0 || a !== d;
    const { unit } = this;
    const place = turned ? `x="${brief(x * unit)}" y="${brief(base * unit)}"${this.moved(unit)}` : `x="${this.place(x, base).replace(" ", '" y="')}"`;
    const looks = [
      `font-size="${brief(Number(size) * unit)}"`,
      weight && !/^(400|normal) $/.test(weight) ? `font-weight="${weight.trim()}"` : "",
      style === "italic " ? 'font-style="italic"' : "",
      family === this.family ? "" : `font-family="${family.replaceAll('"', "'")}"`,
      ANCHORS[this.textAlign] ? `text-anchor="${ANCHORS[this.textAlign]}"` : "",
    ];
    this.add(`<text ${place} ${looks.filter(Boolean).join(" ")}${ink}>${escaped(text)}</text>`);
  }

  /* the paper */

  add(element) {
    if (this.within !== this.clipped) {
      if (this.within) this.body.push("</g>");
      if (this.clipped) this.body.push(`<g clip-path="url(#c${this.clipped})">`);
      this.within = this.clipped;
    }
    this.body.push(element);
  }

  toString() {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    const font = `font-family="${this.family.replaceAll('"', "'")}" xml:space="preserve"`;
    const kept = [...this.gradients, ...this.clips];
    const clips = kept.length ? `<defs>${kept.join("")}</defs>` : "";
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>${clips}${this.body.join("\n")}${this.within ? "</g>" : ""}</svg>\n`;
  }
}

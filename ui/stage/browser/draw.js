/* Helpers for drawing: colours, numbers, markers, icons, and small elements of the page around the picture. */

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const CLASSES = 10; // how many classes have a colour of their own in the palette; further ones repeat them
export const coarse = () => matchMedia("(pointer: coarse)").matches;

/** Replace every "@name" in a figure by the palette's colour. */
export function coloured(value, palette) {
  if (typeof value === "string") return value[0] === "@" ? palette[value.slice(1)] ?? value : value;
  if (Array.isArray(value)) return value.map((v) => coloured(v, palette));
  if (value && typeof value === "object" && !ArrayBuffer.isView(value))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, palette)]));
  return value;
}

/** #rrggbb colours a and b, mixed with the given share of b. */
export function mixed(a, b, share) {
  const channel = (hex, i) => parseInt(hex.slice(i, i + 2), 16);
  return `#${[1, 3, 5].map((i) => Math.round(channel(a, i) * (1 - share) + channel(b, i) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** The contrast of two #rrggbb colours, from 1 to 21 (WCAG 2.1). */
export function contrast(a, b) {
  const light = (hex) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
      const value = parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
      return sum + part * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    }, 0);
  const [dark, bright] = [light(a), light(b)].sort((u, v) => u - v);
  return (bright + 0.05) / (dark + 0.05);
}

const inks = new Map(); // cached, because labels are drawn in every frame

/** A colour for text: mixed with the text colour until it is readable on the background (WCAG AA).

    @param {string} color  @param {Record<string, string>} palette */
export function ink(color, { text, paper }) {
  const name = `${color} ${text} ${paper}`;
  for (let share = 0.35; !inks.has(name); share += 0.05) {
    const mix = mixed(color, text, Math.min(1, share));
    if (share >= 1 || contrast(mix, paper) >= 4.5) inks.set(name, mix);
  }
  return inks.get(name);
}

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** A number as text, in the same format as in Python (`number` in figures/scene.py): three significant digits, all digits
    of whole numbers below 100,000, and a power of ten below 0.0001 and from 100,000 on.

    @param {number} value */
export function number(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const [sign, size] = [value < 0 ? "−" : "", Math.abs(value)];
  const whole = Math.round(size);
  if (size === 0 || (whole >= 1000 && whole < 100_000)) return sign + whole;
  const [mantissa, power] = size.toExponential(2).split("e").map(Number);
  if (power >= -4 && power < 3) return sign + Number(`${mantissa}e${power}`);
  return `${sign}${mantissa}×10${[...String(power)].map((digit) => SUPERSCRIPT[digit]).join("")}`;
}

/** Path of a marker of the given shape around (x, y), radius r. */
export function marker(ctx, shape, x, y, r) {
  const polygon = (n, turn, inner) => {
    for (let i = 0; i < n; i++) {
      const radius = inner && i % 2 ? r * inner : r;
      const angle = turn + (2 * Math.PI * i) / n;
      ctx[i ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    ctx.closePath();
  };
  ctx.beginPath();
  if (shape === "square") ctx.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (shape === "diamond") polygon(4, 0);
  else if (shape === "up") polygon(3, -Math.PI / 2);
  else if (shape === "down") polygon(3, Math.PI / 2);
  else if (shape === "star") polygon(10, -Math.PI / 2, 0.45);
  else if (shape === "cross") polygon(8, Math.PI / 4, 0.5);
  else if (shape === "hexagon") polygon(6, 0);
  else ctx.arc(x, y, r, 0, 2 * Math.PI);
}

/** A short sample of a track's line with its marker, for the table. */
export function sample(style, stage) {
  const canvas = make("canvas", { "aria-hidden": "true", class: "dl-sample" });
  stage.onto(canvas, 38, 12, (ctx) => {
    ctx.strokeStyle = ctx.fillStyle = coloured(style.color, stage.palette);
    ctx.lineWidth = 2.2;
    ctx.setLineDash(style.dash ?? []);
    ctx.beginPath();
    ctx.moveTo(1, 6);
    ctx.lineTo(37, 6);
    ctx.stroke();
    ctx.setLineDash([]);
    marker(ctx, style.marker, 19, 6, 4.4);
    ctx.fill();
  });
  return canvas;
}

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M6 6h2v12H6zM19 6v12l-9-6z",
  forward: "M5 6v12l9-6zM16 6h2v12h-2z",
  save: "M11 3h2v9l3.300-3.300 1.400 1.400L12 15.800l-5.700-5.700 1.400-1.400L11 12zM4 15h2v4h12v-4h2v6H4z",
  full: "M5 5h6v2H7v4H5zM13 5h6v6h-2V7h-4zM5 13h2v4h4v2H5zM17 13h2v6h-6v-2h4z",
  present: "M2 4h20v2h-1v9q0 1-1 1h-7v1.600l3 3.400h-2.500L12 19.300 10.500 21H8l3-3.400V16H4q-1 0-1-1V6H2zM5 6v8h14V6zM10 7.500v5l4.500-2.500z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  move: "M12 2l3.5 4H13v5h5V8.5L22 12l-4 3.5V13h-5v5h2.5L12 22l-3.500-4H11v-5H6v2.500L2 12l4-3.500V11h5V6H8.500z",
  hill: "M2 19c4 0 5-13 10-13s6 13 10 13z",
  pit: "M2 6c4 0 5 13 10 13S18 6 22 6v2c-3 0-5 13-10 13S5 8 2 8z",
  home: "M12 4l8 7h-2v8h-4v-5h-4v5H6v-8H4z",
};
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** The Latin letter of a key, even if the keyboard layout has another script. */
export function letter({ key, code }) {
  return (/^[\x20-\x7e]$/.test(key) ? key : code.replace("Key", "")).toLowerCase();
}

/** The position of a number among ascending ones: the index of the last that is not above it, and the fraction to the next. */
export function place(rising, at) {
  let [low, high] = [0, rising.length - 1];
  if (at >= rising[high]) return high;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= at) low = middle;
    else high = middle;
  }
  return low + Math.max(0, (at - rising[low]) / (rising[high] - rising[low]));
}

/** @param {number[]} one  @param {number[]} other  @param {number} distance */
export function near([x, y], [u, v], distance) {
  return Math.hypot(x - u, y - v) <= distance;
}

export function spacing(points, n) {
  let length = 0;
  let count = 0;
  for (let i = 1; i < n; i++) {
    const d = Math.hypot(points[2 * i] - points[2 * i - 2], points[2 * i + 1] - points[2 * i - 1]);
    if (d > 0.5 && d < 1e5) [length, count] = [length + d, count + 1];
  }
  return count ? length / count : 0;
}

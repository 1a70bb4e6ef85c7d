/* The painter draws a part of the document onto a 2-D context: that of a canvas, or one that writes SVG. */

// Where Unicode's mathematical italics begin, for letters from the first to the last of each range.
/** @type {[string, string, number][]} */
const ITALIC = [["A", "Z", 0x1d434], ["a", "z", 0x1d44e], ["Α", "Ω", 0x1d6e2], ["α", "ω", 0x1d6fc], ["ϵ", "ϵ", 0x1d716], ["∂", "∂", 0x1d715], ["∇", "∇", 0x1d6fb]];

/** Draw an element and all that is in it, `origin` (of the viewport) at the context's (0, 0). */
export function paint(ctx, node, origin) {
  if (node.nodeType === Node.TEXT_NODE) return write(ctx, node, origin);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  ctx.save();
  ctx.globalAlpha *= Number(style.opacity);
  if (node instanceof SVGElement) drawn(ctx, node, origin);
  else {
    const box = node.getBoundingClientRect();
    const [x, y] = [box.left - origin.left, box.top - origin.top];
    if (node instanceof HTMLCanvasElement) canvas(ctx, node, x, y, box);
    else if (box.width && box.height) {
      frame(ctx, style, x, y, box.width, box.height);
      if (style.overflowX === "hidden") inside(ctx, x, y, box.width, box.height);
    }
    if (node.namespaceURI.endsWith("MathML")) strokes(ctx, node, style, origin);
    for (const child of node.childNodes) paint(ctx, child, origin);
  }
  ctx.restore();
}

function inside(ctx, x, y, width, height) {
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
}

/** One of our canvases draws its picture again, sharp at any size; a canvas of Plotly is copied. */
function canvas(ctx, node, x, y, box) {
  const { picture } = node;
  if (!picture) return node.width && box.width && ctx.drawImage(node, x, y, box.width, box.height);
  inside(ctx, x, y, box.width, box.height);
  ctx.translate(x, y);
  ctx.scale(box.width / picture.width, box.height / picture.height);
  picture.draw(ctx);
}

/* boxes */

const seen = (color) => !/^rgba\(.*, 0\)$|^transparent$|\/ 0\)$/.test(color);

/** The background of a box, and its borders where they have a colour. */
function frame(ctx, style, x, y, width, height) {
  const radius = parseFloat(style.borderTopLeftRadius) || 0;
  if (seen(style.backgroundColor)) {
    ctx.fillStyle = style.backgroundColor;
    ctx.beginPath();
    ctx.roundRect(x, y, width, height, radius);
    ctx.fill();
  }
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) => {
    const there = style[`border${side}Style`] !== "none" && seen(style[`border${side}Color`]);
    return { width: there ? parseFloat(style[`border${side}Width`]) : 0, color: style[`border${side}Color`] };
  });
  const [top, right, bottom, left] = sides;
  if (sides.every((side) => side.width && side.width === top.width && side.color === top.color)) {
    const half = top.width / 2;
    ctx.strokeStyle = top.color;
    ctx.lineWidth = top.width;
    ctx.beginPath();
    ctx.roundRect(x + half, y + half, width - 2 * half, height - 2 * half, Math.max(0, radius - half));
    ctx.stroke();
    return;
  }
  const bars = [
    [top, x, y, width, top.width], [right, x + width - right.width, y, right.width, height],
    [bottom, x, y + height - bottom.width, width, bottom.width], [left, x, y, left.width, height],
  ];
  for (const [side, ...bar] of bars) {
    ctx.fillStyle = side.color;
    if (side.width) ctx.fillRect(...bar);
  }
}

/* text */

/** The lines of a text as they are broken on the page: [{ text, left, top, bottom }]. */
function lines(node) {
  const range = document.createRange();
  const found = [];
  let at = 0;
  for (const letter of node.data) {
    range.setStart(node, at);
    range.setEnd(node, (at += letter.length));
    const [box] = range.getClientRects();
    if (!box || (!box.width && /\s/.test(letter))) continue;
    const line = found.at(-1);
    const mark = /\s/.test(letter) ? " " : letter;
    if (line && Math.abs(box.top - line.top) < box.height / 2) line.text += mark;
    else found.push({ text: mark, left: box.left, top: box.top, bottom: box.bottom });
  }
  return found;
}

function write(ctx, node, origin) {
  if (!node.data.trim()) return;
  const style = getComputedStyle(node.parentElement);
  ctx.font = `${style.fontStyle === "italic" ? "italic " : ""}${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.fillStyle = style.color;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  if (node.parentElement.localName === "mo") return operator(ctx, node, origin);
  for (const { text, left, top, bottom } of lines(node)) {
    const shown = style.textTransform === "math-auto" ? slanted(text) : text;
    const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = ctx.measureText(shown);
    const room = (bottom - top - ascent - descent) / 2; // 0, but for the rounding of either
    ctx.fillText(shown.trimEnd(), left - origin.left, top - origin.top + room + ascent);
  }
}

/** A sign of a formula, whose box is as high as its ink: arrows, hats and brackets may be moved and stretched. */
function operator(ctx, node, origin) {
  const sign = node.data.trim();
  const box = node.parentElement.getBoundingClientRect();
  const { actualBoundingBoxAscent: ascent, actualBoundingBoxDescent: descent } = ctx.measureText(sign);
  const stretched = Math.max(1, (box.height - 1) / (ascent + descent)); // boxes are rounded to whole pixels
  const [text] = lines(node);
  ctx.save();
  ctx.translate(text.left - origin.left, box.top - origin.top);
  if (stretched > 1.2) ctx.scale(1, stretched);
  ctx.fillText(sign, 0, ascent);
  ctx.restore();
}

/** A letter as MathML shows it where it stands alone: from Unicode's mathematical italics. */
function slanted(letter) {
  if ([...letter].length > 1) return letter;
  if (letter === "h") return "ℎ"; // Unicode encoded it earlier, elsewhere
  const range = ITALIC.find(([first, last]) => letter >= first && letter <= last);
  return range ? String.fromCodePoint(range[2] + letter.codePointAt(0) - range[0].codePointAt(0)) : letter;
}

/** The lines of a formula that are not text: fraction bars and roots. */
function strokes(ctx, node, style, origin) {
  const place = (box) => ({ left: box.left - origin.left, right: box.right - origin.left, top: box.top - origin.top, bottom: box.bottom - origin.top });
  const size = parseFloat(style.fontSize);
  const box = place(node.getBoundingClientRect());
  ctx.strokeStyle = style.color;
  ctx.lineWidth = size * 0.055;
  ctx.lineJoin = ctx.lineCap = "butt";
  ctx.lineJoin = "miter";
  ctx.beginPath();
  if (node.localName === "mfrac") {
    const [above, below] = [...node.children].map((child) => place(child.getBoundingClientRect()));
    const y = (above.bottom + below.top) / 2;
    ctx.moveTo(box.left + size * 0.05, y);
    ctx.lineTo(box.right - size * 0.05, y);
    ctx.stroke();
  } else if (node.localName === "msqrt") {
    const parts = [...node.children].map((child) => place(child.getBoundingClientRect()));
    const left = Math.min(...parts.map((part) => part.left));
    const wide = left - box.left;
    const [top, bottom] = [box.top + size * 0.06, Math.max(...parts.map((part) => part.bottom))];
    ctx.moveTo(box.left + wide * 0.08, top + (bottom - top) * 0.58);
    ctx.lineTo(box.left + wide * 0.3, top + (bottom - top) * 0.5);
    ctx.lineTo(box.left + wide * 0.6, bottom);
    ctx.lineTo(box.left + wide * 0.97, top);
    ctx.lineTo(box.right, top);
    ctx.stroke();
  }
}

/* SVG: what Plotly draws */

const GROUPS = ["svg", "g", "a"];

/** Draw an element of an SVG; a shape is drawn in its own units, as the page has moved them. */
function drawn(ctx, node, origin) {
  const name = node.localName;
  if (name === "svg" && node.parentElement instanceof HTMLElement) {
    const box = node.getBoundingClientRect();
    inside(ctx, box.left - origin.left, box.top - origin.top, box.width, box.height);
  }
  const clip = named(node.getAttribute("clip-path"));
  if (clip) {
    const units = own(node, origin);
    move(ctx, units);
    ctx.clip(outline(ctx, clip.firstElementChild));
    move(ctx, units.inverse());
  }
  if (GROUPS.includes(name)) {
    for (const child of node.children) paint(ctx, child, origin);
    return;
  }
  if (name === "text") move(ctx, own(node, origin)), letters(ctx, node);
  else if (SHAPES[name]) move(ctx, own(node, origin)), shape(ctx, node);
}

/** An element's units, from the origin on. */
function own(node, { left, top }) {
  return new DOMMatrix().translate(-left, -top).multiply(node.getScreenCTM());
}

function move(ctx, { a, b, c, d, e, f }) {
  ctx.transform(a, b, c, d, e, f);
}

const at = (node, ...names) => names.map((name) => Number(node.getAttribute(name) ?? 0));
const SHAPES = {
  path: (node) => node.getAttribute("d") ?? "",
  rect: (node) => {
    const [x, y, width, height] = at(node, "x", "y", "width", "height");
    return `M${x} ${y}h${width}v${height}h${-width}Z`;
  },
  line: (node) => {
    const [x, y, u, v] = at(node, "x1", "y1", "x2", "y2");
    return `M${x} ${y}L${u} ${v}`;
  },
  circle: (node) => {
    const [x, y, r] = at(node, "cx", "cy", "r");
    return `M${x - r} ${y}a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0Z`;
  },
};

function outline(ctx, node) {
  const d = SHAPES[node.localName](node);
  return ctx.shape?.(d) ?? new Path2D(d);
}

function shape(ctx, node) {
  const style = getComputedStyle(node);
  const path = outline(ctx, node);
  const alpha = ctx.globalAlpha;
  if (style.fill !== "none" && seen(style.fill)) {
    ctx.globalAlpha = alpha * Number(style.fillOpacity);
    ctx.fillStyle = gradient(ctx, style.fill, node) ?? style.fill;
    ctx.fill(path);
  }
  if (style.stroke !== "none" && seen(style.stroke) && parseFloat(style.strokeWidth)) {
    ctx.globalAlpha = alpha * Number(style.strokeOpacity);
    ctx.strokeStyle = style.stroke;
    ctx.lineWidth = parseFloat(style.strokeWidth);
    ctx.lineCap = style.strokeLinecap;
    ctx.lineJoin = style.strokeLinejoin;
    ctx.setLineDash(style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[\s,]+/).map(parseFloat));
    ctx.stroke(path);
  }
  ctx.globalAlpha = alpha;
}

/** A fill that runs from colour to colour along a line, as a colour bar's. */
function gradient(ctx, fill, node) {
  const found = named(fill);
  if (!found) return null;
  const { x, y, width, height } = node.getBBox(); // its line is in shares of what it fills
  const [x1, y1, x2, y2] = at(found, "x1", "y1", "x2", "y2");
  const made = ctx.createLinearGradient(x + x1 * width, y + y1 * height, x + x2 * width, y + y2 * height);
  for (const stop of found.querySelectorAll("stop")) made.addColorStop(stop.offset.baseVal, getComputedStyle(stop).stopColor);
  return made;
}

/** The element that url("#name") means. */
function named(text) {
  const name = /url\(["']?[^#]*#([^"')]+)/.exec(text ?? "");
  return name && document.getElementById(name[1]);
}

/** The letters of an SVG text, run by run: raised exponents are runs of their own. */
function letters(ctx, node) {
  const runs = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  let before = 0;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  while (runs.nextNode()) {
    const { data, parentElement } = /** @type {Text} */ (runs.currentNode);
    const style = getComputedStyle(parentElement);
    ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    ctx.fillStyle = style.fill;
    if (/[^\s\u200b]/.test(data)) {
      const { x, y } = node.getStartPositionOfChar(before);
      ctx.fillText(data, x, y);
    }
    before += data.length;
  }
}

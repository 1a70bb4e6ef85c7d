/* An animated GIF: one palette for all pictures, and of each picture only the part that has changed. */

const COLOURS = 255; // and one that means "as in the picture before"
const SAME = 0; // its place in the palette
const LONGEST = 4096; // codes of LZW, then it begins anew

/** How often each colour, as 0xbbggrr, occurs in pictures; the palette is computed from this. */
export class Colours {
  constructor() {
    this.seen = new Map();
  }

  /** Count a picture's colours; `pixels` is its RGBA as Uint32Array. Flat pictures come in runs of one colour. */
  add(pixels) {
    const { seen } = this;
    for (let i = 0, from = 0; i < pixels.length; from = i) {
      const color = pixels[i++];
      while (i < pixels.length && pixels[i] === color) i++;
      const key = color & 0xffffff;
      seen.set(key, (seen.get(key) ?? 0) + i - from);
    }
  }

  /** At most 255 colours for all counted colours: the box with the largest error is split until there are enough.

      Heckbert (1982), "Color image quantization for frame buffer display", cut at the mean along the widest channel. */
  palette() {
    const colors = [...this.seen].map(([key, count]) => [key & 255, (key >> 8) & 255, key >> 16, Math.sqrt(count)]);
    const boxes = [box(colors)]; // with the square root, thin lines count enough beside the large background
    while (boxes.length < COLOURS) {
      const worst = boxes.reduce((a, b) => (b.error > a.error ? b : a));
      if (!worst.error) break;
      const { channel, mean } = worst;
      boxes[boxes.indexOf(worst)] = box(worst.colors.filter((c) => c[channel] <= mean));
      boxes.push(box(worst.colors.filter((c) => c[channel] > mean)));
    }
    return boxes.map(({ color }) => color);
  }
}

/** A part of the colours, [r, g, b, weight] each: the channel in which they differ most, and the colour for all of them. */
function box(colors) {
  const weight = colors.reduce((sum, c) => sum + c[3], 0);
  const spread = [0, 1, 2].map((channel) => {
    const mean = colors.reduce((sum, c) => sum + c[3] * c[channel], 0) / weight;
    return { channel, mean, error: colors.reduce((sum, c) => sum + c[3] * (c[channel] - mean) ** 2, 0) };
  });
  const widest = spread.reduce((a, b) => (b.error > a.error ? b : a));
  const most = colors.reduce((a, b) => (b[3] > a[3] ? b : a)); // a plain background keeps its exact colour
  const color = most[3] > 0.5 * weight ? most.slice(0, 3) : spread.map(({ mean }) => Math.round(mean));
  return { colors, color, channel: widest.channel, mean: widest.mean, error: colors.length > 1 ? widest.error : 0 };
}

export class Gif {
  constructor(width, height, palette, { loop = true } = {}) {
    this.width = width;
    this.height = height;
    this.palette = palette;
    this.places = new Uint8Array(1 << 24); // colour -> its place in the palette, once it is known
    this.tree = new Uint16Array(LONGEST << 8);
    const table = new Uint8Array(3 * 256);
    palette.forEach((color, i) => table.set(color, 3 * (i + 1)));
    this.parts = [text("GIF89a"), Uint8Array.of(...short(width), ...short(height), 0xf7, 0, 0), table];
    if (loop) this.parts.push(Uint8Array.of(0x21, 0xff, 11), text("NETSCAPE2.0"), Uint8Array.of(3, 1, 0, 0, 0)); // 0: for ever
  }

  /** Append a picture, RGBA as Uint32Array, shown for so many hundredths of a second. */
  add(pixels, hundredths) {
    const { width, height, before } = this;
    const now = new Uint8Array(width * height);
    for (let i = 0; i < now.length; i++) now[i] = i && pixels[i] === pixels[i - 1] ? now[i - 1] : this.place(pixels[i] & 0xffffff);
    const { left, top, right, bottom } = before ? changed(before, now, width) : { left: 0, top: 0, right: width, bottom: height };
    this.before = now;
    if (right <= left) return this.stay(hundredths);
    const part = new Uint8Array((right - left) * (bottom - top));
    for (let y = top, i = 0; y < bottom; y++)
      for (let at = y * width + left; at < y * width + right; at++) part[i++] = before?.[at] === now[at] ? SAME : now[at];
    this.duration = hundredths;
    // It stays for the next to be drawn upon (4), and has a colour that leaves what was there (1).
    this.control = Uint8Array.of(0x21, 0xf9, 4, 4 | 1, ...short(hundredths), SAME, 0);
    const place = Uint8Array.of(0x2c, ...short(left), ...short(top), ...short(right - left), ...short(bottom - top), 0, 8);
    this.parts.push(this.control, place, ...blocks(this.lzw(part)), Uint8Array.of(0));
  }

  /** Show the last picture for longer. */
  stay(hundredths) {
    this.duration += hundredths;
    this.control.set(short(this.duration), 4);
  }

  blob() {
    return new Blob([...this.parts, Uint8Array.of(0x3b)], { type: "image/gif" });
  }

  /** The palette's nearest to a colour. */
  place(color) {
    if (this.places[color]) return this.places[color];
    const [r, g, b] = [color & 255, (color >> 8) & 255, color >> 16];
    let [best, distance] = [0, Infinity];
    this.palette.forEach(([u, v, w], i) => {
      const d = (r - u) ** 2 + (g - v) ** 2 + (b - w) ** 2;
      if (d < distance) [best, distance] = [i, d];
    });
    return (this.places[color] = best + 1);
  }

  /** Compress places of the palette by LZW as GIF has it: codes from 9 to 12 bits, the least significant bit first. */
  lzw(places) {
    const { tree } = this; // tree[code << 8 | next] is the code of code's string and one more; 0: none yet
    const [clear, end] = [256, 257];
    const out = new Uint8Array(places.length * 1.5 + 16);
    let [size, bits, held, filled] = [0, 9, 0, 0];
    const put = (code) => {
      held |= code << filled;
      for (filled += bits; filled >= 8; filled -= 8, held >>>= 8) out[size++] = held & 255;
    };
    tree.fill(0);
    put(clear);
    let next = end + 1;
    let code = places[0];
    for (let i = 1; i < places.length; i++) {
      const longer = (code << 8) | places[i];
      if (tree[longer]) {
        code = tree[longer];
        continue;
      }
      put(code);
      code = places[i];
      if (next < LONGEST) {
        if (next === 1 << bits) bits++; // the decoder is one code behind
        tree[longer] = next++;
        continue;
      }
      put(clear);
      tree.fill(0);
      [next, bits] = [end + 1, 9];
    }
    put(code);
    if (next === 1 << bits && bits < 12) bits++;
    put(end);
    if (filled) out[size++] = held & 255;
    return out.subarray(0, size);
  }
}

const text = (letters) => new TextEncoder().encode(letters);
const short = (value) => [value & 255, value >> 8];

/** GIF's data comes in blocks of up to 255 bytes, each after its length. */
function* blocks(bytes) {
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    yield Uint8Array.of(block.length);
    yield block;
  }
}

/** The smallest rectangle in which two pictures differ; an empty one if they are equal. */
function changed(before, now, width) {
  let [left, right, top, bottom] = [width, 0, -1, 0];
  for (let i = 0; i < now.length; i++) {
    if (before[i] === now[i]) continue;
    const x = i % width;
    const y = (i - x) / width;
    if (top < 0) top = y;
    bottom = y + 1;
    if (x < left) left = x;
    if (x >= right) right = x + 1;
  }
  return { left, top, right, bottom };
}

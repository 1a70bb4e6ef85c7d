/* MP4: pictures encoded as H.264 as a file of boxes (ISO 14496-12 and -15), each its length, a name and what is in it. */

const SCALE = 90_000; // units of time in a second, in which all usual rates are whole
const BT709 = 1; // as ISO 23001-8 numbers it
const STRAIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]; // the picture is neither turned nor moved

/** Return a film as bytes, in parts. `chunks`: [{ data, key }], `seconds` how long each is shown, `description` how a
    decoder is set up. The list of pictures stands before them: it plays while it loads. */
export function mp4({ chunks, width, height, seconds, description }) {
  const each = Math.round(seconds * SCALE);
  const lasts = each * chunks.length;
  const n = chunks.length;
  const sizes = chunks.map(({ data }) => data.byteLength);
  const keys = chunks.flatMap(({ key }, i) => (key ? [i + 1] : []));
  const start = box("ftyp", letters("isom"), word(0x200), letters("isomiso2avc1mp41"));

  const looks = box("avc1", zeros(6), half(1), zeros(16), half(width), half(height), word(0x480000, 0x480000, 0), half(1), zeros(32), half(24, 0xffff),
    box("avcC", new Uint8Array(description)),
    box("colr", letters("nclx"), half(BT709, BT709, BT709), zeros(1)));
  const movie = (place) => {
    const table = box("stbl",
      full("stsd", word(1), looks), full("stts", word(1, n, each)), full("stss", word(keys.length, ...keys)),
      full("stsc", word(1, 1, n, 1)), full("stsz", word(0, n, ...sizes)), full("stco", word(1, place)));
    const media = box("mdia",
      full("mdhd", word(0, 0, SCALE, lasts), half(0x55c4, 0)), // no language
      full("hdlr", word(0), letters("vide"), zeros(12), letters("Descent Lab"), zeros(1)),
      box("minf", flagged("vmhd", 1, zeros(8)), box("dinf", full("dref", word(1), flagged("url ", 1))), table));
    const track = box("trak",
      flagged("tkhd", 3, word(0, 0, 1, 0, lasts), zeros(16), word(...STRAIGHT, width * 0x10000, height * 0x10000)), media);
    const head = full("mvhd", word(0, 0, SCALE, lasts, 0x10000), half(0x100), zeros(10), word(...STRAIGHT), zeros(24), word(2));
    return box("moov", head, track);
  };
  const place = length(start) + length(movie(0)) + 8;
  const data = sizes.reduce((sum, size) => sum + size, 0);
  return [start, movie(place), word(8 + data), letters("mdat"), chunks.map((chunk) => chunk.data)].flat(Infinity);
}

function box(name, ...content) {
  return [word(8 + length(content)), letters(name), content];
}

/** A box with a version, which is 0, and flags. */
function flagged(name, flags, ...content) {
  return box(name, word(flags), ...content);
}

function full(name, ...content) {
  return flagged(name, 0, ...content);
}

function length(part) {
  return Array.isArray(part) ? part.reduce((sum, each) => sum + length(each), 0) : part.byteLength;
}

const letters = (text) => new TextEncoder().encode(text);
const zeros = (count) => new Uint8Array(count);
const word = (...values) => wide(values, 4, "setUint32");
const half = (...values) => wide(values, 2, "setUint16");

function wide(values, size, set) {
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => view[set](size * i, value));
  return new Uint8Array(view.buffer);
}

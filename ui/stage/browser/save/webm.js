/* WebM: encoded pictures as a file of Matroska's elements (RFC 9559), each a name, its length and what is in it. */

const ID = {
  ebml: 0x1a45dfa3, version: 0x4286, readVersion: 0x42f7, idLength: 0x42f2, sizeLength: 0x42f3, type: 0x4282, typeVersion: 0x4287, typeReadVersion: 0x4285,
  segment: 0x18538067, info: 0x1549a966, scale: 0x2ad7b1, duration: 0x4489, muxer: 0x4d80, writer: 0x5741,
  tracks: 0x1654ae6b, track: 0xae, number: 0xd7, uid: 0x73c5, kind: 0x83, codec: 0x86, lacing: 0x9c, lasts: 0x23e383,
  video: 0xe0, width: 0xb0, height: 0xba, colour: 0x55b0, matrix: 0x55b1, range: 0x55b9, transfer: 0x55ba, primaries: 0x55bb,
  cues: 0x1c53bb6b, cue: 0xbb, time: 0xb3, where: 0xb7, cueTrack: 0xf7, position: 0xf1,
  cluster: 0x1f43b675, from: 0xe7, block: 0xa3,
};
const BT709 = 1; // as ISO 23001-8 numbers it
const CODECS = { vp09: "V_VP9", av01: "V_AV1", vp8: "V_VP8" };

/** Return a film as bytes, in parts. `chunks`: [{ data, key }], `seconds` how long each is shown. */
export function webm({ chunks, codec, width, height, seconds }) {
  const at = (i) => Math.round(i * seconds * 1000); // milliseconds, Matroska's usual unit
  const head = element(ID.ebml, [
    element(ID.version, 1), element(ID.readVersion, 1), element(ID.idLength, 4), element(ID.sizeLength, 8),
    element(ID.type, "webm"), element(ID.typeVersion, 4), element(ID.typeReadVersion, 2),
  ]);
  const info = element(ID.info, [
    element(ID.scale, 1_000_000), element(ID.duration, float(chunks.length * seconds * 1000)), element(ID.muxer, "Descent Lab"), element(ID.writer, "Descent Lab"),
  ]);
  const colour = element(ID.colour, [
    element(ID.matrix, BT709), element(ID.range, 1), element(ID.transfer, BT709), element(ID.primaries, BT709),
  ]);
  const video = element(ID.video, [element(ID.width, width), element(ID.height, height), colour]);
  const tracks = element(ID.tracks, [element(ID.track, [
    element(ID.number, 1), element(ID.uid, 1), element(ID.kind, 1), element(ID.lacing, 0), element(ID.lasts, Math.round(seconds * 1e9)),
    element(ID.codec, CODECS[codec.split(".")[0]]), video,
  ])]);
  const keys = chunks.flatMap((chunk, i) => (chunk.key ? [i] : []));
  const clusters = keys.map((first, k) => {
    const blocks = chunks.slice(first, keys[k + 1]).map(({ data, key }, i) => {
      const later = at(first + i) - at(first); // 16 bits: half a minute after the cluster's beginning at most
      return element(ID.block, [Uint8Array.of(0x81, later >> 8, later & 255, key ? 0x80 : 0), data]);
    });
    return element(ID.cluster, [element(ID.from, at(first)), ...blocks]);
  });
  // Cues say at which byte of the segment a cluster begins; their own size must not depend on what they say.
  const cued = (places) => element(ID.cues, keys.map((first, k) => element(ID.cue, [
    element(ID.time, at(first)), element(ID.where, [element(ID.cueTrack, 1), element(ID.position, fixed(places[k]))]),
  ])));
  let place = length(info) + length(tracks) + length(cued(keys));
  const places = clusters.map((cluster) => (place += length(cluster)) - length(cluster));
  return [head, element(ID.segment, [info, tracks, cued(places), ...clusters])].flat(Infinity);
}

/** An element, as nested arrays of bytes; its content is a number, a text, bytes or further elements. */
function element(id, content) {
  const inside = typeof content === "number" ? bytes(content) : typeof content === "string" ? new TextEncoder().encode(content) : content;
  return [bytes(id), size(length(inside)), inside];
}

function length(part) {
  return Array.isArray(part) ? part.reduce((sum, each) => sum + length(each), 0) : part.byteLength;
}

/** A whole number, the greatest byte first, in as few as it takes. */
function bytes(value) {
  const found = [value % 256];
  for (let rest = Math.floor(value / 256); rest; rest = Math.floor(rest / 256)) found.unshift(rest % 256);
  return Uint8Array.from(found);
}

/** The same in 8 bytes. */
function fixed(value) {
  const found = bytes(value);
  return Uint8Array.from([...Array(8 - found.length).fill(0), ...found]);
}

/** A length: 8 bytes, of which the first says so. */
function size(value) {
  const found = fixed(value);
  found[0] = 1;
  return found;
}

function float(value) {
  const found = new DataView(new ArrayBuffer(8));
  found.setFloat64(0, value);
  return new Uint8Array(found.buffer);
}

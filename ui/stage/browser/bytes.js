/* Decode what the server sends: one block of bytes with a scene and its arrays. */

const TYPES = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, i4: Int32Array };

/** Bytes -> scene. Layout: uint32 length of the JSON, the JSON, then the arrays, each at a multiple of 4 after it.
    In the JSON an array is {"$": [offset, type, shape]}. */
export function unpack(bytes) {
  const own = bytes.slice(); // the view may start at an odd offset of a shared buffer
  const length = new DataView(own.buffer).getUint32(0, true);
  const base = 4 + length;
  return JSON.parse(new TextDecoder().decode(own.subarray(4, base)), (_name, value) => {
    if (!value || !value.$) return value;
    const [offset, type, shape] = value.$;
    const size = shape.reduce((a, b) => a * b, 1);
    const flat = new TYPES[type](own.buffer, base + offset, size);
    if (shape.length === 1) return flat;
    const width = size / shape[0]; // [k, ...] -> k rows
    return Array.from({ length: shape[0] }, (_row, i) => flat.subarray(i * width, (i + 1) * width));
  });
}

/* QR codes (ISO/IEC 18004): text as bytes, error correction M, the smallest of the 40 versions that holds it. */

// Per version: error-correction bytes of a block, and how many blocks there are, at level M (table 9 of the standard).
const CHECK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49];
const MASKS = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The rows of a text's code, true for dark, without a margin; raises RangeError for more than 2,331 bytes. */
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  const version = CHECK.findIndex((_, i) => room(i + 1) * 8 >= 4 + (i < 9 ? 8 : 16) + 8 * bytes.length) + 1;
  if (!version) throw new RangeError("too long for a QR code");
  const code = interleave(payload(bytes, version), version);
  const plain = frame(version);
  write(plain, code);
  const masked = MASKS.map((_, mask) => finish(plain, mask, version));
  return masked.reduce((best, rows) => (penalty(rows) < penalty(best) ? rows : best));
}

/** Bytes of data that a version holds. */
function room(version) {
  return Math.floor(modules(version) / 8) - CHECK[version - 1] * BLOCKS[version - 1];
}

/** Modules that carry data or error correction. */
function modules(version) {
  const size = 17 + 4 * version;
  const marks = places(version).length;
  const aligned = marks ? 25 * (marks * marks - 3) - 10 * (marks - 2) : 0;
  return size * size - 3 * 64 - 2 * (size - 16) - 31 - aligned - (version > 6 ? 36 : 0);
}

/** Where alignment marks have their middles, across and down. */
function places(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : 2 * Math.ceil((version * 4 + 4) / (2 * count - 2));
  return [6, ...Array.from({ length: count - 1 }, (_, i) => 10 + 4 * version - step * (count - 2 - i))];
}

/** Mode, length and bytes as a stream of bits, filled up to the version's room. */
function payload(bytes, version) {
  const bits = [];
  const put = (value, length) => {
    for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const most = 8 * room(version);
  put(0, Math.min(4, most - bits.length));
  put(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < most; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: most / 8 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0));
}

/** Data in blocks, each with its error correction, byte by byte in turn. */
function interleave(data, version) {
  const [blocks, check] = [BLOCKS[version - 1], CHECK[version - 1]];
  const short = Math.floor(data.length / blocks);
  const long = data.length % blocks; // so many blocks at the end hold one byte more
  const parts = Array.from({ length: blocks }, (_, i) => {
    const extra = Math.max(0, i - (blocks - long));
    return data.slice(i * short + extra, (i + 1) * short + Math.max(0, i + 1 - (blocks - long)));
  });
  const checks = parts.map((part) => remainder(part, check));
  const turns = (rows, length) => Array.from({ length }, (_, i) => rows.filter((row) => i < row.length).map((row) => row[i])).flat();
  return [...turns(parts, short + 1), ...turns(checks, check)];
}

/** Product in the field of 256 elements with x⁸ + x⁴ + x³ + x² + 1. */
function times(a, b) {
  let product = 0;
  for (let i = 7; i >= 0; i--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> i) & 1) * a);
  return product;
}

/** Reed and Solomon's check bytes: the remainder by the product of (x − 2ⁱ). */
function remainder(data, degree) {
  const divisor = [...Array(degree - 1).fill(0), 1];
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2))
    for (let j = 0; j < degree; j++) divisor[j] = times(divisor[j], root) ^ (divisor[j + 1] ?? 0);
  const rest = Array(degree).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    divisor.forEach((part, i) => (rest[i] ^= times(part, factor)));
  }
  return rest;
}

/** The marks that every code of a version has; null where data goes. */
function frame(version) {
  const size = 17 + 4 * version;
  const rows = Array.from({ length: size }, () => Array(size).fill(null));
  const put = (x, y, dark) => x >= 0 && y >= 0 && x < size && y < size && (rows[y][x] = dark);
  const ring = (cx, cy, reach, dark) => {
    for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) put(cx + x, cy + y, dark(Math.max(Math.abs(x), Math.abs(y))));
  };
  for (let i = 0; i < size; i++) rows[6][i] = rows[i][6] = i % 2 === 0;
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) ring(x, y, 4, (far) => far !== 2 && far !== 4);
  const at = places(version);
  const last = at.length - 1;
  for (const [i, x] of at.entries())
    for (const [j, y] of at.entries()) if (!((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))) ring(x, y, 2, (far) => far !== 1);
  told(rows, 0, version); // keeps their places free of data
  return rows;
}

/** The bits of the mask and level, and from version 7 on of the version, each with their check bits. */
function told(rows, mask, version) {
  const size = rows.length;
  let rest = mask; // level M is 00
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  for (let i = 0; i < 15; i++) {
    const dark = ((bits >> i) & 1) === 1;
    rows[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i][8] = dark;
    rows[8][i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i] = dark;
  }
  rows[size - 8][8] = true;
  if (version < 7) return;
  let check = version;
  for (let i = 0; i < 12; i++) check = (check << 1) ^ ((check >> 11) * 0x1f25);
  const all = (version << 12) | check;
  for (let i = 0; i < 18; i++) {
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    rows[a][b] = rows[b][a] = ((all >> i) & 1) === 1;
  }
}

/** Lay the bits in pairs of columns, from the right, up and down in turn; the last few modules may stay light. */
function write(rows, code) {
  const size = rows.length;
  rows.data = rows.map((row) => row.map((module) => module === null));
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const up = ((right + 1) & 2) === 0;
    for (let i = 0; i < size; i++)
      for (const x of [right, right - 1]) {
        const y = up ? size - 1 - i : i;
        if (rows[y][x] !== null) continue;
        rows[y][x] = bit < 8 * code.length && ((code[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
        bit++;
      }
  }
}

function finish(plain, mask, version) {
  const rows = plain.map((row, y) => row.map((dark, x) => dark !== (plain.data[y][x] && MASKS[mask](x, y))));
  told(rows, mask, version);
  return rows;
}

/** The penalty of a code: runs, squares, patterns like a corner mark, and an imbalance of dark and light. */
function penalty(rows) {
  const size = rows.length;
  const columns = rows.map((_, i) => rows.map((row) => row[i]));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map(Number).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
    for (const mark of ["10111010000", "00001011101"]) for (let i = text.indexOf(mark); i >= 0; i = text.indexOf(mark, i + 1)) sum += 40;
  }
  for (let y = 1; y < size; y++)
    for (let x = 1; x < size; x++) if (rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x - 1]) sum += 3;
  const dark = rows.flat().filter(Boolean).length / (size * size);
  return sum + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}

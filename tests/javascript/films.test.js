/* Films: the clock's times, LZW of GIF read back, and the sizes that Matroska and MP4 write down. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { times } from "../../ui/stage/browser/save/film.js";
import { Colours, Gif } from "../../ui/stage/browser/save/gif.js";
import { mp4 } from "../../ui/stage/browser/save/mp4.js";
import { webm } from "../../ui/stage/browser/save/webm.js";

test("a film's clock rises from the first to the last step and rests there", () => {
  for (const options of [{}, { format: "gif" }, { seconds: 2, fps: 30 }, { seconds: 60, fps: 5 }, { seconds: 0.01 }]) {
    const all = times({ last: 40, seconds: 6 }, options);
    const { seconds = 8, fps = options.format === "gif" ? 15 : 30 } = options;
    assert.equal(all.length, Math.max(1, Math.round(seconds * fps)));
    assert.equal(all[0], 0);
    assert.ok(all.every((time, i) => !i || time >= all[i - 1]));
    if (all.length > 2) {
      assert.equal(all.at(-1), 40);
      const rest = all.filter((time) => time === 40).length / fps;
      assert.ok(Math.abs(rest - Math.min(2, seconds / 4)) <= 2 / fps);
    }
  }
  assert.deepEqual(new Set(times({ last: 0, seconds: 6 }, {})), new Set([0]));
});

/** The decoder of GIF89a's appendix F: codes of a growing number of bits -> places of the palette. */
function unlzw(bytes) {
  let [table, size, held, filled, before] = [[], 9, 0, 0, null];
  const out = [];
  const begin = () => {
    table = Array.from({ length: 258 }, (_code, i) => [i]);
    [size, before] = [9, null];
  };
  begin();
  for (const byte of bytes) {
    held |= byte << filled;
    filled += 8;
    while (filled >= size) {
      const code = held & ((1 << size) - 1);
      held >>>= size;
      filled -= size;
      if (code === 257) return out;
      if (code === 256) {
        begin();
        continue;
      }
      const found = table[code] ?? [...before, before[0]];
      for (const value of found) out.push(value);
      if (before && table.length < 4096) table.push([...before, found[0]]);
      if (table.length === 1 << size && size < 12) size++;
      before = found;
    }
  }
  throw new Error("no end");
}

test("LZW is read back by the decoder of the standard, also when its table is full", () => {
  const gif = new Gif(1, 1, [[0, 0, 0]]);
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647);
  for (const [length, colours] of [[1, 2], [7, 1], [300, 2], [20_000, 2], [20_000, 255], [60_000, 17]]) {
    const places = Uint8Array.from({ length }, () => random() % colours);
    assert.deepEqual(unlzw(gif.lzw(places)), [...places]);
  }
});

test("a palette has each colour of a picture with few, and at most 255 of one with many", () => {
  const few = new Colours();
  few.add(Uint32Array.of(0xff0000ff, 0xff0000ff, 0xff00ff00));
  assert.deepEqual(few.palette().map(String).sort(), ["0,255,0", "255,0,0"]);
  const many = new Colours();
  many.add(Uint32Array.from({ length: 5000 }, (_place, i) => 0xff000000 | (i * 3331)));
  assert.equal(many.palette().length, 255);
});

const CHUNKS = [true, false, false, true, false].map((key, i) => ({ key, data: new Uint8Array(10 + 300 * i).fill(i + 1) }));

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** The elements of a WebM, each [id, content's start, end]; a length is as long as its first byte's leading zeros say. */
function elements(bytes, from, to) {
  const found = [];
  for (let at = from; at < to; ) {
    const wide = (byte) => Math.clz32(byte) - 23;
    const number = (start, length, mask) => [...bytes.subarray(start, start + length)].reduce((sum, byte, i) => sum * 256 + (i || !mask ? byte : byte & (0xff >> length)), 0);
    const id = number(at, wide(bytes[at]), false);
    const size = at + wide(bytes[at]);
    const start = size + wide(bytes[size]);
    const end = start + number(size, wide(bytes[size]), true);
    found.push([id, start, end]);
    at = end;
  }
  return found;
}

test("a WebM's elements fill one another, and its cues lead to its clusters", () => {
  const bytes = joined(webm({ chunks: CHUNKS, codec: "vp8", width: 64, height: 48, seconds: 0.04 }));
  const [head, segment] = elements(bytes, 0, bytes.length);
  assert.equal(head[0], 0x1a45dfa3);
  assert.equal(segment[2], bytes.length);
  const parts = elements(bytes, segment[1], segment[2]);
  const clusters = parts.filter(([id]) => id === 0x1f43b675);
  assert.equal(clusters.length, 2);
  const blocks = clusters.flatMap(([, start, end]) => elements(bytes, start, end).filter(([id]) => id === 0xa3));
  assert.deepEqual(blocks.map(([, start, end]) => bytes.slice(start + 4, end)), CHUNKS.map(({ data }) => data));
  const [, cuesStart, cuesEnd] = parts.find(([id]) => id === 0x1c53bb6b);
  const places = elements(bytes, cuesStart, cuesEnd).map(([, start, end]) => {
    const [, inside, last] = elements(bytes, start, end).find(([id]) => id === 0xb7);
    const [, place] = elements(bytes, inside, last).find(([id]) => id === 0xf1);
    return segment[1] + Number(new DataView(bytes.buffer).getBigUint64(place));
  });
  for (const place of places) assert.equal(new DataView(bytes.buffer).getUint32(place), 0x1f43b675);
});

test("an MP4's boxes fill one another, and its table leads to the pictures", () => {
  const bytes = joined(mp4({ chunks: CHUNKS, width: 64, height: 48, seconds: 1 / 25, description: Uint8Array.of(1, 2, 3) }));
  const view = new DataView(bytes.buffer);
  const boxes = (from, to) => {
    const found = {};
    for (let at = from; at < to; at += view.getUint32(at)) found[new TextDecoder().decode(bytes.subarray(at + 4, at + 8))] = [at + 8, at + view.getUint32(at)];
    return found;
  };
  const top = boxes(0, bytes.length);
  assert.deepEqual(Object.keys(top), ["ftyp", "moov", "mdat"]);
  assert.equal(top.mdat[1], bytes.length);
  let inside = boxes(...top.moov);
  for (const name of ["trak", "mdia", "minf", "stbl"]) inside = boxes(...inside[name]);
  assert.equal(view.getUint32(inside.stco[0] + 8), top.mdat[0]);
  const sizes = CHUNKS.map((_chunk, i) => view.getUint32(inside.stsz[0] + 12 + 4 * i));
  assert.deepEqual(sizes, CHUNKS.map(({ data }) => data.byteLength));
});

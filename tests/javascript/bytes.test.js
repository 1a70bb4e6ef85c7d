/* A scene's bytes become arrays again; the bytes here are laid out by hand, as ui/stage/__init__.py documents them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { unpack } from "../../ui/stage/browser/bytes.js";

/** Bytes of a scene: JSON as text, padded with spaces to a multiple of 4, then blocks. */
function packed(text, ...blocks) {
  const json = new TextEncoder().encode(text + " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4));
  const parts = [new Uint8Array(new Uint32Array([json.length]).buffer), json, ...blocks.map((block) => new Uint8Array(block.buffer))];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

test("arrays keep their type, their rows, and what is not finite", () => {
  const bytes = packed('{"a":{"$":[0,"f4",[3]]},"한":[{"$":[12,"i4",[2,2]]}]}', new Float32Array([1.5, NaN, Infinity]), new Int32Array([1, 2, 3, -4]));
  const scene = unpack(bytes);
  assert.deepEqual(scene.a, new Float32Array([1.5, NaN, Infinity]));
  assert.deepEqual(scene["한"], [[new Int32Array([1, 2]), new Int32Array([3, -4])]]);
});

test("a view that begins at an odd offset of its buffer is read as well", () => {
  const bytes = packed('{"a":{"$":[0,"u2",[2]]}}', new Uint16Array([7, 65535]));
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assert.deepEqual(unpack(shifted.subarray(1)).a, new Uint16Array([7, 65535]));
});

test("an empty array of two dimensions has its rows", () => {
  assert.deepEqual(unpack(packed('{"a":{"$":[0,"u1",[2,0]]}}')).a, [new Uint8Array(0), new Uint8Array(0)]);
});

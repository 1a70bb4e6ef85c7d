/* Colours, places among steps and keys. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { coloured, contrast, ink, letter, mixed, place, spacing } from "../../ui/stage/browser/draw.js";

test("names of colours are replaced wherever they stand, arrays of numbers stay as they are", () => {
  const numbers = new Float32Array([1]);
  const found = coloured({ a: "@grid", b: ["@text", "plain", "@unknown"], n: numbers, none: null }, { grid: "#111111", text: "#222222" });
  assert.deepEqual(found, { a: "#111111", b: ["#222222", "plain", "@unknown"], n: numbers, none: null });
  assert.equal(found.n, numbers);
});

test("contrast is that of WCAG: 21 for black on white, 1 for a colour on itself", () => {
  assert.ok(Math.abs(contrast("#000000", "#ffffff") - 21) < 1e-9);
  assert.equal(contrast("#336699", "#336699"), 1);
});

test("ink can be read on every paper", () => {
  for (const [text, paper] of [["#1b2430", "#ffffff"], ["#e9eef4", "#0f141b"]])
    for (const color of ["#E69F00", "#56B4E9", "#009E73", "#f8fafc", "#131a23"])
      assert.ok(contrast(ink(color, { text, paper }), paper) >= 4.5, `${color} on ${paper}`);
});

test("mixed colours begin and end at the two", () => {
  assert.deepEqual([0, 0.5, 1].map((share) => mixed("#000000", "#ff8040", share)), ["#000000", "#804020", "#ff8040"]);
});

test("a place among rising numbers is an index and the share of the way to the next", () => {
  const rising = [0, 10, 20, 40];
  assert.deepEqual([0, 5, 10, 30, 40, 99, -3].map((at) => place(rising, at)), [0, 0.5, 1, 2.5, 3, 3, 0]);
  assert.equal(place([0], 7), 0);
  for (let at = 0; at <= 40; at += 0.5) {
    const i = place(rising, at);
    const [low, part] = [Math.floor(i), i % 1];
    const back = rising[low] + part * ((rising[low + 1] ?? rising[low]) - rising[low]);
    assert.ok(Math.abs(back - at) < 1e-9);
  }
});

test("the space between points leaves out those that lie on one another or far away", () => {
  assert.equal(spacing(new Float32Array([0, 0, 3, 4, 3, 4, 1e9, 0, 1e9, 10]), 5), 7.5);
  assert.equal(spacing(new Float32Array([1, 1]), 1), 0);
});

test("a key has its letter on every keyboard", () => {
  assert.equal(letter({ key: "F", code: "KeyF" }), "f");
  assert.equal(letter({ key: "ㅔ", code: "KeyP" }), "p");
});

/* Labels do not lie on one another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { rows, sift, spread } from "../../ui/stage/browser/labels.js";

const labels = (...heights) => heights.map((y) => ({ x: 0, y, wide: 50, wished: y }));

test("labels beside curves are all shown, at least a gap apart and inside", () => {
  for (const heights of [[10, 10, 10], [90, 95, 99], [0, 50, 51, 100]]) {
    const placed = spread(labels(...heights), 15, 5, 100).map(({ y }) => y);
    assert.equal(placed.length, heights.length);
    placed.forEach((y, i) => assert.ok(y >= 5 && y <= 100 && (!i || y - placed[i - 1] >= 15 - 1e-9)));
  }
});

test("labels that stand side by side keep their heights", () => {
  const placed = [{ x: 0, y: 10, wide: 20, wished: 10 }, { x: 100, y: 10, wide: 20, wished: 10 }];
  assert.deepEqual(spread(placed, 15, 0, 100).map(({ y }) => y), [10, 10]);
});

test("on the surface what would be moved far is left out", () => {
  const kept = sift(labels(10, 11, 12, 13, 14), 17.5, 200);
  assert.ok(kept.length < 5 && kept.length > 1);
  kept.forEach(({ y }, i) => assert.ok(!i || y - kept[i - 1].y >= 16.5));
});

test("labels of upright lines have a row each, and stay inside", () => {
  const marks = [30, 32, 95].map((x) => ({ x, wide: 40, from: 0, up: 0, start: 0 }));
  rows(marks, { left: 0, top: 0, right: 100 }, 20);
  assert.equal(new Set(marks.map(({ up }) => up)).size, 3);
  for (const { from, wide } of marks) assert.ok(from >= 0 && from + wide <= 100);
});

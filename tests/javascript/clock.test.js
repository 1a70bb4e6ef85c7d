/* The clock: what is seen at a time, and where jumps lead. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { headAt, jumped, known } from "../../ui/stage/browser/clock.js";

test("a clock that rests stands still at every step, and passes through every step's end", () => {
  const clock = { last: 5, rest: 0.7 };
  for (let step = 0; step < 5; step++) {
    assert.equal(headAt(clock, step + 0.69), step);
    assert.ok(Math.abs(headAt(clock, step + 0.999999) - (step + 1)) < 1e-3);
  }
  let before = 0;
  for (let time = 0; time <= 5; time += 0.01) {
    assert.ok(headAt(clock, time) >= before);
    before = headAt(clock, time);
  }
  assert.equal(headAt({ last: 5 }, 1.25), 1.25);
});

test("a jump stays within the clock", () => {
  assert.deepEqual([-3, 0, 2, 9].map((step) => jumped({ last: 5 }, 2, step)), [0, 0, 2, 5]);
});

test("a jump ends at a step whose values were sent, and moves on in its direction", () => {
  const clock = { last: 40, steps: Int32Array.of(0, 10, 20, 40) };
  assert.deepEqual([0, 9, 10, 39, 40].map((step) => known(clock, step)), [0, 0, 10, 20, 40]);
  assert.equal(jumped(clock, 10, 11), 20);
  assert.equal(jumped(clock, 20, 19), 10);
  assert.equal(jumped(clock, 40, 99), 40);
});

/* Numbers are written as in the table of cases that Python passes too. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { number } from "../../ui/stage/browser/draw.js";

const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity };

test("every number of the table has its text", () => {
  const cases = JSON.parse(readFileSync(new URL("../numbers.json", import.meta.url), "utf-8"));
  assert.deepEqual(cases.map(([value]) => [value, number(WORDS[value] ?? value)]), cases);
});

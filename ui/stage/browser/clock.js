/* The clock of a scene: which step is shown at which time, and where a jump ends. A time may lie between two steps. */

import { place } from "./draw.js";

/** @import { Clock } from "./contract.js" */

/** The time that is shown: a clock with a `rest` pauses for that share of every step, so that the picture can be read.

    @param {Clock} clock  @param {number} time */
export function headAt({ rest }, time) {
  if (!rest) return time;
  const step = Math.floor(time);
  const part = Math.max(0, (time - step - rest) / (1 - rest));
  return step + part * part * (3 - 2 * part);
}

/** The last step up to this one whose values were sent: for a long training not all are.

    @param {Clock} clock  @param {number} step */
export function known({ steps }, step) {
  return steps ? steps[Math.floor(place(steps, step))] : step;
}

/** Where a jump from `head` to a step ends: inside the clock's range, at the next sent step in the jump's direction.

    @param {Clock} clock  @param {number} head  @param {number} step */
export function jumped(clock, head, step) {
  const to = Math.max(0, Math.min(clock.last, step));
  if (!clock.steps) return to;
  return to > head ? clock.steps[Math.ceil(place(clock.steps, to))] : known(clock, to);
}

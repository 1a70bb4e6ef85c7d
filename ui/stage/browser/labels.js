/* Places labels so that none overlaps another; all numbers are pixels. */

/** A label whose left end is at x and whose middle is at y; its preferred height is `wished`.

    @typedef {{ x: number, y: number, wide: number, wished: number }} Label */

/** @param {Label} a  @param {Label} b */
const beside = (a, b) => a.x < b.x + b.wide + 6 && b.x < a.x + a.wide + 6;

/** Give the label of each vertical line a row and a side of its line, so that labels overlap neither each other nor a line.

    A line begins at its own label or, if labels are wider than the room beside their lines, below all of them.

    @param {{ x: number, wide: number, from: number, up: number, start: number }[]} marks
    @param {{ left: number, top: number, right: number }} area  @param {number} row the height of a row */
export function rows(marks, { left, top, right }, row) {
  const turned = []; // those written to the left of their lines
  const others = [];
  for (const mark of marks.sort((a, b) => b.x - a.x)) {
    const end = mark.x + 6 + mark.wide;
    const turn = end > right || turned.some(({ x }) => x > mark.x && x < end);
    mark.from = turn ? Math.max(left + 2, mark.x - 6 - mark.wide) : mark.x + 6;
    (turn ? turned : others).push(mark);
  }
  const tight = turned.some((mark) => mark.from > mark.x - 6 - mark.wide);
  [...turned, ...others.reverse()].forEach((mark, i) => {
    mark.up = top + 4 + i * row;
    mark.start = tight ? top + 4 + marks.length * row : mark.up;
  });
}

/** On a surface a label without room is left out, because the table names every path. Labels are sorted from top to bottom.

    @template {Label} L  @param {L[]} labels  @param {number} gap  @param {number} bottom  @returns {L[]} */
export function sift(labels, gap, bottom) {
  /** @type {L[]} */
  const kept = [];
  for (const label of labels) {
    const clash = (y) => kept.find((k) => Math.abs(k.y - y) < gap - 0.5 && beside(k, label));
    for (let hit = clash(label.y), tries = 0; hit && tries < 12; hit = clash(label.y), tries++) label.y = hit.y + gap;
    if (label.y - label.wished <= 1.5 * (gap - 2.5)) kept.push(label);
  }
  const over = kept.length ? Math.max(0, kept[kept.length - 1].y - (bottom - 2)) : 0;
  return kept.map((label) => ({ ...label, y: label.y - over }));
}

/** Beside curves all labels are shown, at least `gap` apart: moved down, then up again if they would leave the picture.

    @template {Label} L  @param {L[]} labels  @param {number} gap  @param {number} top  @param {number} bottom  @returns {L[]} */
export function spread(labels, gap, top, bottom) {
  labels.forEach((label, i) => {
    label.y = Math.max(top, label.y, ...labels.slice(0, i).filter((other) => beside(other, label)).map((other) => other.y + gap));
  });
  for (let i = labels.length - 1; i >= 0; i--) {
    const label = labels[i];
    label.y = Math.min(bottom, label.y, ...labels.slice(i + 1).filter((other) => beside(other, label)).map((other) => other.y - gap));
  }
  return labels;
}

/* The table of a scene: one row per track, with the values at the clock's head; screen readers read it too. */

import { make, number, place, sample } from "./draw.js";

export class Table {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.node = make("table", { class: "dl-table" });
    /** @type {{ node: HTMLElement, read(at: number): string }[]} */
    this.live = []; // cells that follow the clock
  }

  /** Show the table of the stage's scene. */
  fill() {
    const { table, clock } = this.stage.scene;
    this.live = [];
    this.node.hidden = !table;
    if (!table) return;
    const head = make("tr", {}, ...table.columns.map((c) => make("th", { scope: "col" }, c)));
    const rows = table.rows.map((row) => {
      const cells = row.cells.map((cell) => {
        const td = make("td", { translate: "no" }); // numbers that change while it plays
        if (typeof cell === "string") td.textContent = cell;
        else if ("values" in cell) {
          const index = (at) => Math.min(clock.steps ? Math.floor(place(clock.steps, at)) : at, cell.values.length - 1);
          this.live.push({ node: td, read: (at) => number(cell.values[index(at)] ?? NaN) });
        } else this.live.push({ node: td, read: (at) => (at >= cell.from ? cell.text : cell.before) });
        return td;
      });
      return make("tr", {}, make("th", { scope: "row" }, ...(row.style ? [sample(row.style, this.stage)] : []), row.label), ...cells);
    });
    this.node.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  }

  /** Show the values at a step. @param {number} at */
  tell(at) {
    for (const { node, read } of this.live) {
      const text = read(at);
      if (node.textContent !== text) node.textContent = text;
    }
  }
}

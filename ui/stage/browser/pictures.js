/* Pictures of networks side by side: one for each, at the clock's epoch. */

import { make } from "./draw.js";

/** Pictures of several networks, side by side, that follow the run.

    With `moments` every field has one picture for each of these epochs, and the clock chooses among them.

    @template {import("./contract.js").FieldsPanel | import("./contract.js").HistogramsPanel} P */
export class Pictures {
  /** What is shown. @type {P} */
  panel;

  constructor(stage) {
    this.stage = stage;
    this.title = make("p", { class: "dl-moment" });
    this.node = make("figure", { class: "dl-panel dl-fields" });
    this.cells = [];
    this.columns = 1;
  }

  leave() {}

  /** The number of columns that makes the pictures largest. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.node;
    const n = this.cells.length;
    const caption = 26 * this.stage.scale;
    const title = this.title.hidden ? 0 : this.title.offsetHeight + 10;
    let best = 0;
    for (let columns = 1; columns <= n; columns++) {
      const rows = Math.ceil(n / columns);
      const side = Math.min((width - 10 * (columns - 1)) / columns, (height - title - 10 * (rows - 1)) / rows - caption);
      if (side > best) [best, this.columns] = [side, columns];
    }
    // On a phone panels are stacked and the page scrolls: there the width decides.
    this.node.style.gridTemplateColumns = this.stage.narrow() || best < 60 ? "" : `repeat(${this.columns}, ${Math.floor(best)}px)`;
  }

  /** @param {P} panel */
  async update(panel) {
    this.panel = panel;
    if (this.cells.length !== panel.fields.length) {
      this.cells = panel.fields.map(() => {
        const canvas = make("canvas");
        const name = make("figcaption");
        const node = make("div", { class: "dl-field", role: "img" }, canvas, name);
        return { canvas, name, node };
      });
      this.node.replaceChildren(this.title, ...this.cells.map((c) => c.node));
    }
    this.title.hidden = !panel.title;
    this.title.textContent = panel.title ?? "";
    this.resize();
    panel.fields.forEach((field, i) => {
      this.cells[i].name.textContent = field.label;
      this.cells[i].node.setAttribute("aria-label", field.label);
    });
  }

  /** The last recorded moment that is not after the head; null if a field has only one. */
  moment() {
    const { moments } = this.panel;
    if (!moments) return null;
    let at = moments.length - 1;
    while (at > 0 && moments[at] > this.stage.head + 1e-9) at--;
    return at;
  }

  draw() {
    const moment = this.moment();
    const state = [this.panel, moment, this.stage.drawnMode, this.node.clientWidth, this.node.clientHeight];
    if (this.state?.every((part, i) => part === state[i])) return;
    this.state = state;
    if (moment !== null) this.title.textContent = this.panel.title.replace("{epoch}", String(this.panel.moments[moment]));
    this.panel.fields.forEach((field, i) => {
      const { canvas } = this.cells[i];
      const size = canvas.clientWidth;
      this.stage.onto(canvas, size, size, (ctx) => this.paint(ctx, size, field, moment));
    });
  }

  /** Draw one network at one of the moments. @param {CanvasRenderingContext2D} _ctx  @param {number} _size  @param {P["fields"][number]} _field  @param {number | null} _moment */
  paint(_ctx, _size, _field, _moment) {}
}

/* The equation of a step, line by line: in symbols, and below with the step's numbers, for x and for y. */

import { coloured, ink, make, number } from "../draw.js";

/** MathML made by the server; in it, elements of class q<i> hold number i of the step under the clock's head. */
export default class Equation {
  /** What is shown. @type {import("../contract.js").EquationPanel} */
  panel;

  constructor(stage) {
    this.stage = stage;
    this.tabs = make("div", { class: "dl-tabs", role: "group" });
    this.lines = make("div", { class: "dl-lines" });
    this.node = make("figure", { class: "dl-panel dl-equation", tabindex: 0 }, this.tabs, this.lines);
  }

  leave() {}

  /** On a slide nothing scrolls: the lines are made as small as they must be. */
  resize() {
    const { style } = this.lines;
    style.fontSize = "";
    if (!this.stage.slide) return;
    const room = this.node.clientHeight - this.tabs.offsetHeight - 6;
    for (let size = 0.95; size > 0.5 && this.lines.offsetHeight > room; size -= 0.05) style.fontSize = `${size}em`;
  }

  /** @param {import("../contract.js").EquationPanel} panel */
  async update(panel) {
    this.panel = panel;
    this.shown = null;
    const { palette } = this.stage;
    for (const role of ["pull", "memory", "spread"]) this.node.style.setProperty(`--dl-${role}`, palette[role]);
    this.tabs.replaceChildren(
      ...panel.contenders.map((one, i) => {
        const tab = make("button", { type: "button", class: "dl-tab", onclick: () => this.choose(i) }, one.title);
        tab.style.setProperty("--dl-own", coloured(one.color, palette));
        return tab;
      }),
    );
    this.tabs.hidden = panel.contenders.length < 2;
  }

  choose(i) {
    this.stage.chosen = i;
    this.stage.redraw();
  }

  draw() {
    if (!this.panel) return;
    const one = this.panel.contenders[this.stage.chosen];
    if (this.shown !== one) this.lay(one);
    const step = Math.floor(this.stage.head + 1e-9);
    if (this.step === step) return;
    this.step = step;
    for (const { node, values, bracketed } of this.places) {
      const text = number(values[step]);
      node.textContent = bracketed.test(text) ? `(${text})` : text;
    }
    for (const { bar, values, most } of this.bars) {
      const share = most > 0 && Number.isFinite(values[step]) ? values[step] / most : 0;
      bar.style.width = `${50 * Math.abs(share)}%`;
      bar.style.left = share < 0 ? `${50 + 50 * share}%` : "50%";
    }
  }

  /** Lay the lines of one contender; `places` and `bars` are what changes with the step. */
  lay(one) {
    this.shown = one;
    this.step = null;
    this.bars = [];
    [...this.tabs.children].forEach((tab, i) => tab.setAttribute("aria-pressed", String(i === this.stage.chosen)));
    this.node.style.setProperty("--dl-step", ink(coloured(one.color, this.stage.palette), this.stage.palette));
    this.lines.replaceChildren(...one.lines.map((line) => this.line(line)));
    this.resize();
    this.places = [...this.lines.querySelectorAll(".q")].map((group) => ({
      node: group.firstElementChild,
      values: one.numbers[Number(/\bq(\d+)\b/.exec(group.getAttribute("class"))[1])],
      bracketed: group.classList.contains("base") ? /^−|×/ : group.classList.contains("held") ? /^−/ : /^$/,
    }));
  }

  line({ role, sentence, symbols, numbers, x, y, most, wide }) {
    const rows = [x, y].map((values, axis) => {
      const bar = make("i");
      this.bars.push({ bar, values, most });
      const math = make("span", { class: "dl-numbers" });
      math.innerHTML = numbers[axis];
      const gauge = make("span", { class: "dl-gauge", "aria-hidden": "true" }, make("b"), bar);
      return make("div", { class: "dl-row" }, make("b", {}, this.panel.axes[axis]), math, gauge);
    });
    const formula = make("div", { class: "dl-formula" });
    formula.innerHTML = symbols;
    const says = make("p", { class: "dl-says" }, sentence);
    return make("section", { class: `dl-line dl-${role}` }, make("div", { class: "dl-said" }, formula, says), make("div", { class: wide ? "dl-rows dl-wide" : "dl-rows" }, ...rows));
  }
}

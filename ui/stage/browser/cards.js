/* Cards lie on a panel and say what happened there: they come up when the clock reaches their step. */

import { coloured, icon, make } from "./draw.js";

/** The cards of one panel: [{ at, style, title, lines, act, wish }]; closed ones stay closed until the scene is another. */
export class Cards {
  constructor(stage, node) {
    this.stage = stage;
    this.box = make("div", { class: "dl-cards", role: "status" });
    node.append(this.box);
  }

  update(cards = []) {
    const { stage } = this;
    if (this.scene !== stage.scene.id) this.closed = new Set();
    this.scene = stage.scene.id;
    this.cards = cards.map((card) => {
      const close = make("button", { type: "button", class: "dl-close", onclick: () => this.close(card) }, icon("close"));
      stage.title(close, stage.scene.words.close);
      const lines = card.lines.map((line) => make("p", {}, line));
      const act = card.act ? [make("button", { type: "button", class: "dl-act", onclick: () => stage.send("pick", card.wish) }, card.act)] : [];
      const node = make("div", { class: "dl-card", hidden: "" }, close, make("strong", {}, card.title), ...lines, ...act);
      node.style.borderLeftColor = coloured(card.style.color, stage.palette);
      return { ...card, node };
    });
    this.box.replaceChildren(...this.cards.map((c) => c.node));
  }

  close(card) {
    this.closed.add(card.title);
    this.stage.redraw();
  }

  draw(head) {
    for (const { node, at, title } of this.cards ?? []) node.hidden = head + 1e-9 < at || this.closed.has(title);
  }
}

/* Cards are notes on a panel about what happened there: they appear when the clock reaches their step. */

import { coloured, make } from "./draw.js";

/** The cards of one panel: [{ at, style, title, lines, act, wish }]; a card can be collapsed to its title, as all are on a phone. */
export class Cards {
  constructor(stage, node) {
    this.stage = stage;
    this.box = make("div", { class: "dl-cards", role: "status" });
    this.open = new Map(); // by title, so that a card stays open or closed with new arrays
    this.cards = [];
    node.append(this.box);
  }

  update(cards = []) {
    const { palette } = this.stage;
    this.cards = cards.map((card) => {
      const lines = card.lines.map((line) => make("p", {}, line));
      const act = () => this.stage.send("pick", card.wish);
      if (card.act) lines.at(-1).append(" ", this.stage.send ? make("button", { type: "button", class: "dl-act", onclick: act }, card.act) : make("b", {}, card.act));
      const node = make("details", { class: "dl-card", hidden: "" }, make("summary", {}, card.title), ...lines);
      node.open = this.open.get(card.title) ?? !this.stage.narrow();
      node.addEventListener("toggle", () => this.open.set(card.title, node.open));
      node.style.borderLeftColor = coloured(card.style.color, palette);
      return { ...card, node };
    });
    this.box.replaceChildren(...this.cards.map((c) => c.node));
  }

  draw(head) {
    for (const { node, at } of this.cards) node.hidden = head + 1e-9 < at;
  }
}

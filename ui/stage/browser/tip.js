/* The tooltip: a line of numbers beside the pointer, inside the panel. */

import { make } from "./draw.js";

export class Tip {
  /** @param {number} above how far above the pointer it stands, in pixels */
  constructor(above) {
    this.above = above;
    this.node = make("div", { class: "dl-tip", hidden: "" });
  }

  hide() {
    this.node.hidden = true;
  }

  /** Show a text at a position of a panel of this width; an empty text hides the tooltip.

      @param {string | null} text  @param {number[]} at  @param {number} width */
  say(text, at, width) {
    this.node.hidden = !text;
    if (!text) return;
    this.node.textContent = text;
    const left = Math.min(at[0] + 14, width - this.node.offsetWidth - 4);
    this.node.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, at[1] - this.above)}px)`;
  }
}

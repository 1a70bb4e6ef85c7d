/* Gradients over the layers, at the clock's epoch. */

import { coloured } from "../draw.js";
import { Panel } from "../panel.js";
import { momentAt } from "./ridges.js";

/** Curves over the layers, one for each network, at the clock's epoch.

    @extends {Panel<import("../contract.js").ProfilePanel>} */
export default class Profile extends Panel {
  get head() {
    return Math.floor(momentAt(this.panel.moments, this.stage.head));
  }

  /** The number, among all points of a track, of the last layer's. */
  last(track) {
    return track.take * (Math.min(this.head, track.n / track.take - 1) + 1) - 1;
  }

  /** Where a line ends; a gradient of 0, which has no place on a logarithmic axis, is named at its foot. */
  at(track) {
    const i = this.last(track);
    const [x, y] = [track.points[2 * i], track.y[i] === 0 ? this.area.bottom : track.points[2 * i + 1]];
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  }

  names(ctx) {
    for (const track of this.tracks) track.name = track.y[this.last(track)] === 0 ? `${track.title}: 0` : track.title;
    super.names(ctx);
  }

  lastFinite() {
    return null;
  }

  dots(ctx, track) {
    const first = track.take * Math.min(this.head, track.n / track.take - 1);
    ctx.fillStyle = coloured(track.color, this.stage.palette);
    for (let i = first; i < first + track.take; i++) {
      if (!Number.isFinite(track.points[2 * i + 1])) continue;
      ctx.beginPath();
      ctx.arc(track.points[2 * i], track.points[2 * i + 1], 3.2 * this.stage.scale, 0, 2 * Math.PI);
      ctx.fill();
    }
  }
}

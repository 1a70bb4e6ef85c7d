/* Saving: the present stage as a file. */

import { open } from "./slide.js";

const WRITERS = {
  png: async (slide) => new Promise((done) => slide.canvas().toBlob(done, "image/png")),
  svg: async (slide) => new Blob([slide.svg()], { type: "image/svg+xml" }),
};

/** The stage's present picture as a file. */
export async function render(stage, options = {}) {
  const slide = await open(stage.scene, options);
  try {
    slide.stage.chosen = stage.chosen;
    slide.at(options.step ?? stage.head);
    return await WRITERS[options.format ?? "png"](slide);
  } finally {
    slide.leave();
  }
}

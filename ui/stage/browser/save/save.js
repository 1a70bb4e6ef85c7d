/* Saving: the current stage as a file, made in the browser. */

import { open } from "./slide.js";

/** A canvas as PNG. */
const png = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));

/** Every way to save, by the ending of its file: `group` and `title` are words of the scene, `asks` the questions of the dialog
    that it heeds, `write(stage, options)` makes the file, `can(stage, options)` says whether this browser does. */
export const FORMATS = {
  png: picture("png_title", (slide) => png(slide.canvas())),
  svg: picture("svg_title", (slide) => new Blob([slide.svg()], { type: "image/svg+xml" })),
  pdf: picture("pdf_title", async (slide) => (await import("./pdf.js")).pdf(slide.canvas(2))),
  mp4: film("mp4"),
  webm: film("webm"),
  gif: film("gif"),
  html: { group: "page", title: "html_title", asks: ["paper"], can: (stage) => Boolean(stage.bytes), write: async (stage, options) => (await import("./copy.js")).copy(stage, options) },
};

function picture(title, draw) {
  return { group: "picture", title, asks: ["size", "paper", "parts"], write: (stage, options) => slid(stage, options, draw) };
}

function film(format) {
  return {
    group: "film", title: `${format}_title`, asks: ["size", "paper", "parts", "seconds", ...(format === "gif" ? ["loop"] : [])],
    share: format === "gif" ? 0.5 : 1, // of the size: what has but 256 colours and is not packed tightly is for small pictures
    can: async (stage, options) => stage.scene.clock.last > 0 && (format === "gif" || Boolean(await (await import("./film.js")).encoder(format, options))),
    write: (stage, options) => slid(stage, options, async (slide) => (await import("./film.js")).film(slide, options), { clear: false }),
  };
}

/** Return what `make` returns for a slide of the stage, which is removed afterwards. */
async function slid(stage, options, make, fixed = {}) {
  const slide = await open(stage.scene, { ...options, ...fixed }, stage);
  try {
    if (options.step !== undefined) slide.at(options.step);
    return await make(slide);
  } finally {
    slide.leave();
  }
}

/** The stage's present picture, or the film of its clock, as a file; see OPTIONS of slide.js and FILM of film.js. */
export async function render(stage, options = {}) {
  const format = options.format ?? "png";
  return FORMATS[format].write(stage, { ...options, format });
}

/** Download a file. */
export function hand(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it late
}

/** The picture as PNG on the clipboard, for a slide that is open beside the browser. */
export async function toClipboard(stage, options) {
  const image = render(stage, { ...options, format: "png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": image })]); // Safari wants the promise, at once
}

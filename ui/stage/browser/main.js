/* The module that the page loads: it mounts stages in Streamlit's elements, and has functions for the command line. */

import { unpack } from "./bytes.js";
import { make } from "./draw.js";
import { Mounts } from "./mounts.js";
import { talk } from "./present.js";
import { Stage } from "./stage.js";
import { keepTranslated } from "./translated.js";

const skip = make("button", { type: "button", class: "dl-skip", onclick: () => stages.newest?.box.focus() }); // over the menus

const stages = new Mounts(
  (element) => {
    document.body.prepend(skip);
    const stage = new Stage(element);
    stage.repaint = (mode) => talk.ask?.("theme", mode);
    return stage;
  },
  (stage) => {
    stage.leave();
    talk.dismiss(stage);
  },
);

const lab = {
  /** The stage of the page; the newest if there are several. */
  get stage() {
    return stages.newest;
  },
  /** The page's stage as a slide, from which pictures are taken one by one; see `open` of save/slide.js. */
  async open(options) {
    const { open } = await import("./save/slide.js");
    return open(lab.stage.scene, options, lab.stage);
  },
  /** The clock's times of a film's pictures; see `times` of save/film.js. */
  async times(options) {
    const { times } = await import("./save/film.js");
    return times(lab.stage.scene.clock, options);
  },
  /** The picture of the page's stage as a file, in base64; see `render` of save/save.js for the options. */
  async render(options) {
    const { render } = await import("./save/save.js");
    return new Uint8Array(await (await render(lab.stage, options)).arrayBuffer()).toBase64();
  },
};
window.descentLab = lab;

/** Show a scene in an element; a stage that is already there continues with it. */
export function show({ data, parentElement, setTriggerValue }) {
  keepTranslated();
  document.documentElement.toggleAttribute("data-plain", !navigator.clipboard); // as over plain http
  const stage = stages.show(parentElement);
  stage.bytes = data;
  let scene;
  try {
    scene = unpack(data);
  } catch (error) {
    stage.fail(error);
  }
  if (scene) {
    skip.textContent = scene.words.skip;
    stage.update(scene, setTriggerValue);
  }
  talk.attend(stage);
}

/** Called when Streamlit cleans up the component of an element, or only mounts it again. */
export function leave(parentElement) {
  stages.leave(parentElement);
}

/* The dialog for saving a picture, with a small preview; it remembers the last choices. */

import { make } from "../draw.js";
import { FORMATS, hand, render, toClipboard } from "./save.js";
import { open } from "./slide.js";

const STORE = "descent-lab save";
const SIZES = { wide: [1920, 1080], middle: [1440, 1080], square: [1080, 1080] };
const PAPERS = {
  light: { mode: "light", clear: false }, dark: { mode: "dark", clear: false },
  clear_light: { mode: "light", clear: true }, clear_dark: { mode: "dark", clear: true },
};
const PARTS = ["title", "sentence", "table", "caption", "qr"];
const USUAL = { format: "png", size: "wide", loop: true, title: true, sentence: false, table: true, caption: true, qr: false, seconds: 6 };
const WIDE = 460; // px of the preview

const dialogs = new WeakMap();

/** Open the stage's dialog. */
export function ask(stage) {
  if (!dialogs.has(stage)) dialogs.set(stage, new Dialog(stage));
  dialogs.get(stage).open();
}

class Dialog {
  constructor(stage) {
    this.stage = stage;
    this.slide = null; // shown in the preview
    this.preview = make("canvas", { class: "dl-preview", role: "img" });
    this.form = make("div", { class: "dl-ask" });
    this.says = make("output", { class: "dl-told" });
    this.node = make("dialog", { class: "dl-save", onclose: () => this.close() });
    stage.root.append(this.node); // beside the stage's box, which handles keys
  }

  get words() {
    return this.stage.scene.words;
  }

  async open() {
    this.chosen = { ...USUAL, paper: this.stage.mode(), ...remembered() };
    const able = await Promise.all(Object.values(FORMATS).map((format) => format.can?.(this.stage, this.options()) ?? true));
    this.able = Object.keys(FORMATS).filter((_, i) => able[i]);
    if (!this.able.includes(this.chosen.format)) this.chosen.format = "png";
    this.lay();
    this.node.showModal();
    this.show();
  }

  close() {
    this.ending?.abort();
    this.slide?.leave();
    this.slide = null;
  }

  lay() {
    const { words } = this;
    this.node.setAttribute("aria-label", words.save);
    this.preview.setAttribute("aria-label", this.stage.scene.alt);
    const groups = [...new Set(this.able.map((format) => FORMATS[format].group))];
    const formats = groups.map((group) => {
      const own = this.able.filter((format) => FORMATS[format].group === group);
      return make("optgroup", { label: words[group] }, ...own.map((format) => make("option", { value: format }, words[FORMATS[format].title])));
    });
    const titled = (keys) => keys.map((key) => make("option", { value: key }, words[key]));
    const parts = PARTS.filter((part) => part !== "table" || this.stage.scene.table);
    this.asked = {
      size: this.choice("size", titled(Object.keys(SIZES))),
      paper: this.choice("paper", titled(Object.keys(PAPERS))),
      seconds: this.labelled("seconds", make("input", { type: "number", min: 2, max: 60, step: 1 })),
      loop: this.tick("loop"),
      parts: make("fieldset", {}, make("legend", {}, words.parts), ...parts.map((part) => this.tick(part))),
    };
    const button = (name, act, more = "") => make("button", { type: "button", class: `dl-do ${more}`, onclick: act }, words[name]);
    const copy = navigator.clipboard?.write && window.ClipboardItem ? [button("copy_picture", () => this.copy())] : []; // none over plain http
    this.buttons = make("div", { class: "dl-dos" }, button("save_file", () => this.save(), "dl-first"), ...copy, button("close", () => this.node.close()));
    this.form.replaceChildren(this.choice("format", formats), ...Object.values(this.asked), this.buttons, this.says);
    this.node.replaceChildren(this.preview, this.form);
    this.says.value = this.stage.scene.clock.last && !window.VideoEncoder ? words.no_film : "";
  }

  /* questions */

  choice(name, options) {
    return this.labelled(name, make("select", {}, ...options));
  }

  labelled(name, input) {
    input.value = this.chosen[name];
    input.addEventListener("change", () => this.choose(name, input.type === "number" ? Math.min(60, Math.max(2, Number(input.value) || 6)) : input.value));
    return make("label", { class: "dl-asked" }, make("span", {}, this.words[`ask_${name}`]), input);
  }

  tick(part) {
    const box = make("input", { type: "checkbox", onchange: () => this.choose(part, box.checked) });
    box.checked = this.chosen[part];
    return make("label", { class: "dl-tick" }, box, this.words[`with_${part}`]);
  }

  choose(name, value) {
    this.chosen[name] = value;
    remember(this.chosen);
    this.show();
  }

  options() {
    const { format, size: shape, paper, seconds, ...parts } = this.chosen;
    const [width, height] = this.size(shape);
    return { format, width, height, seconds, ...parts, ...(PAPERS[paper] ?? PAPERS.light) };
  }

  size(name) {
    return (SIZES[name] ?? SIZES.wide).map((side) => side * (FORMATS[this.chosen.format].share ?? 1));
  }

  /* what it shows and does */

  /** Draw the preview; choices made while one is being laid out are drawn after it. */
  async show() {
    const { asks } = FORMATS[this.chosen.format];
    for (const [name, node] of Object.entries(this.asked)) node.hidden = !asks.includes(name);
    for (const option of this.asked.size.querySelectorAll("option")) option.text = this.words[option.value].replace("{size}", this.size(option.value).join(" × "));
    this.preview.classList.toggle("dl-checked", Boolean(this.options().clear));
    this.late = Boolean(this.laying);
    if (this.laying) return;
    this.laying = true;
    try {
      const slide = await open(this.stage.scene, this.options(), this.stage);
      this.slide?.leave();
      this.slide = slide;
      const small = slide.canvas((WIDE * devicePixelRatio) / slide.width);
      Object.assign(this.preview, { width: small.width, height: small.height });
      this.preview.getContext("2d").drawImage(small, 0, 0);
    } finally {
      this.laying = false;
    }
    if (!this.node.open) this.close();
    else if (this.late) await this.show();
  }

  get name() {
    return `descent-lab-${this.stage.scene.about?.file ?? "picture"}.${this.chosen.format}`;
  }

  async save() {
    await this.busy(async (signal) => {
      const progress = (share) => (this.says.value = `${Math.round(100 * share)}%`);
      const blob = await render(this.stage, { ...this.options(), progress, signal });
      hand(blob, this.name);
      return this.words.saved.replace("{name}", this.name).replace("{size}", size(blob.size));
    });
  }

  async copy() {
    await this.busy(async () => {
      try {
        await toClipboard(this.stage, this.options());
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "NotAllowedError")) throw error;
        return this.words.no_copy; // embedded in another site, or permission was denied
      }
      return this.words.copied;
    });
  }

  /** Run an action that takes a moment, and show its result. */
  async busy(act) {
    this.ending = new AbortController();
    const { signal } = this.ending;
    for (const button of this.buttons.children) button.disabled = button !== this.buttons.lastChild;
    this.says.value = this.words.making;
    try {
      this.says.value = await act(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.says.value = `${this.words.not_saved} ${error instanceof Error ? error.message : error}`;
      console.warn(error);
    } finally {
      for (const button of this.buttons.children) button.disabled = false;
    }
  }
}

/* The last choices, for the next visit; a browser that blocks storage forgets them with the page. */

let last = {};

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return last;
  }
}

function remember(chosen) {
  last = chosen;
  try {
    localStorage.setItem(STORE, JSON.stringify(chosen));
  } catch {
    // nothing to be done
  }
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

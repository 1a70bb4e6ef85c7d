/* Slide mode: only the stage is on the screen, in large type; a presenter's keys move through a lesson's steps.

   All texts of a lesson are here from the start, so that a step never waits for the server. The server is told where the
   talk stands, for the address; it uncovers the picture, and opens another lesson. */

import { icon, letter, make, still } from "./draw.js";

const page = document.documentElement; // its attribute data-slide makes the style sheet hide all but the stage
const TYPING = "input:not([type=range]), textarea, select, [contenteditable=true], [data-testid=stDataFrame], [role=dialog]";
const ON = ["ArrowRight", "ArrowDown", "PageDown", "Enter"];
const BACK = ["ArrowLeft", "ArrowUp", "PageUp"];

class Talk {
  constructor() {
    this.on = false;
    this.at = 1; // the step, from 1
    this.told = null; // what ui/present.py sends: title, question, words, steps
    this.stage = null;
    this.send = null; // say(name, value) stores a value on the server, ask(name, value) sends a request once
    this.ask = null;
    this.build();
    document.addEventListener("keydown", (event) => this.key(event), true);
    document.addEventListener("fullscreenchange", () => this.on && !document.fullscreenElement && this.turn(false));
    window.addEventListener("popstate", () => this.arrive(new URLSearchParams(location.search)));
  }

  build() {
    const button = (name, act) => make("button", { type: "button", class: "dl-button", onclick: act }, icon(name));
    this.button = button("present", () => this.turn(!this.on)); // stands in the stage's bar
    this.buttons = { back: button("back", () => this.step(-1)), forward: button("forward", () => this.step(1)) };
    this.title = make("h1");
    this.question = make("p", { class: "dl-question" });
    this.count = make("output");
    this.steps = make("div", { class: "dl-steps", role: "group" }, this.buttons.back, this.count, this.buttons.forward);
    this.band = make("div", { class: "dl-band" });
    this.head = make("header", { class: "dl-talk" }, make("div", { class: "dl-heading" }, this.title, this.question, this.steps), this.band);
    this.cards = make("section", { class: "dl-choices" }); // over the picture: the choices of the prediction, or what to try next
    this.dark = make("div", { class: "dl-blank", hidden: "" });
  }

  /** Take what the page sends; with another page or lesson that includes the current step. */
  take(told, send, ask) {
    const news = told.place !== this.told?.place;
    const uncovered = told.choice !== null && this.told?.choice === null;
    Object.assign(this, { told, send, ask });
    if (news || uncovered) this.asked = false;
    if (news) this.arrive(new URLSearchParams(told.address));
    else this.show();
  }

  arrive(address) {
    if (!this.told) return;
    this.on = address.get("present") === "1";
    this.at = this.within(Number(address.get("step")) || 1);
    this.show();
  }

  within(at) {
    return Math.max(1, Math.min(this.told.steps.length, at));
  }

  /** Take the page's stage, which contains the elements of slide mode. */
  attend(stage) {
    if (this.stage !== stage) {
      this.stage = stage;
      stage.box.prepend(this.head);
      stage.panelBox.after(this.cards);
      stage.box.append(this.dark);
      stage.bar.insertBefore(this.button, stage.buttons.full);
      for (const node of [stage.buttons.play, stage.scrub, stage.readout, this.button]) node.classList.add("dl-kept");
    }
    this.show();
  }

  dismiss(stage) {
    if (this.stage !== stage) return;
    this.stage = null;
    this.show();
  }

  /* the current step */

  turn(on) {
    this.on = on;
    if (on) {
      if (this.at === 1 && this.told.steps.length && !this.stage.scene.covered) this.at = 2; // the picture is already uncovered
      // A page that embeds the app may forbid full screen; then the slide fills the window.
      if (!document.fullscreenElement) page.requestFullscreen?.().catch(() => {});
    } else if (document.fullscreenElement) document.exitFullscreen();
    this.say();
    this.show();
    this.stage?.box.focus();
  }

  step(by) {
    const { steps, before, after } = this.told;
    if (this.at + by >= 1 && this.at + by <= steps.length) this.to(this.at + by);
    else if (by < 0 ? before : after) this.ask("go", by < 0 ? "before" : "after");
  }

  to(at) {
    const { stage } = this;
    const plays = this.at === 1 && at === 2 && !stage.scene.covered;
    this.at = at;
    this.say();
    this.show();
    stage.spoken.textContent = this.band.querySelector("[data-now]").textContent;
    if (at === 1) stage.pause();
    if (!plays || !stage.scene.clock.play) return;
    stage.jump(still() ? stage.scene.clock.last : 0);
    if (!still()) stage.play();
  }

  choose(number) {
    this.asked = true;
    this.ask("choose", number);
    this.to(2);
  }

  follow(number) {
    this.ask("follow", number);
    this.to(2); // for this lesson with other settings; another lesson has its own current step
  }

  say() {
    this.send("at", { present: this.on, step: this.at });
  }

  /* what is shown */

  show() {
    const { told, stage } = this;
    if (!told) return;
    const words = told.words;
    const slide = this.on && Boolean(stage?.scene);
    page.toggleAttribute("data-slide", slide);
    if (stage) stage.title(this.button, this.on ? words.leave : words.present);
    if (!slide) return;
    const step = told.steps[this.at - 1];
    const covered = stage.scene.covered;
    if (covered && step?.kind !== "ask" && told.choice === null && !this.asked) {
      this.asked = true;
      this.ask("choose", 0); // a later step shows the picture
    }
    this.title.textContent = told.title;
    this.question.textContent = step ? "" : told.question;
    this.steps.hidden = !step;
    this.steps.setAttribute("aria-label", words.steps);
    this.count.value = `${this.at} / ${told.steps.length}`;
    stage.title(this.buttons.back, words.back);
    stage.title(this.buttons.forward, words.forward);
    this.write(step, covered);
    this.offer(step);
    stage.box.toggleAttribute("data-covered", covered || step?.kind === "ask");
  }

  /** The texts of all steps are stacked in one place, so that the longest determines the height and the picture never moves. */
  write(step, covered) {
    const { steps } = this.told;
    const lines = steps.map((each) => ({ now: each === step, parts: this.parts(each, covered) }));
    if (!step) lines.push({ now: true, parts: this.parts({ kind: "play" }, covered) });
    const nodes = lines.map(({ now, parts }) => {
      const node = make("div", now ? { "data-now": "" } : { "aria-hidden": "true" });
      node.append(...parts);
      return node;
    });
    const [was, is] = [this.band.innerHTML, nodes.map((node) => node.outerHTML).join("")];
    if (was === is) return;
    this.band.replaceChildren(...nodes);
    this.band.style.minHeight = "";
    const room = `${this.told.place} ${innerWidth} ${innerHeight}`; // on a slide the text area never shrinks
    if (room !== this.room) this.tall = 0;
    this.room = room;
    this.tall = Math.max(this.tall, this.band.offsetHeight);
    this.band.style.minHeight = `${this.tall}px`;
  }

  /** @param {{ kind: string, lead?: string, text?: string }} step  @param {boolean} covered */
  parts({ kind, lead, text }, covered) {
    if (kind === "ask") return [this.told.question];
    if (covered) return [];
    if (kind === "play") return [this.stage.scene.alt];
    if (kind === "printed") {
      const shown = document.querySelector(".st-key-printed p"); // the page's comparison with the printed numbers
      return shown ? [...shown.cloneNode(true).childNodes] : [];
    }
    return lead ? [make("b", {}, lead), text] : [text ?? ""];
  }

  /** Draw choices and links, large, over the picture. */
  offer(step) {
    const { words, choices, choice } = this.told;
    const asks = step?.kind === "ask";
    const texts = asks ? choices : step?.kind === "next" ? step.ways : [];
    this.cards.hidden = !texts.length;
    const mark = JSON.stringify([step, choices, choice, words]);
    if (mark === this.offered) return;
    this.offered = mark;
    const button = (text, i) => {
      const act = () => (asks ? this.choose(i + 1) : this.follow(i + 1));
      const pressed = asks ? { "aria-pressed": String(choice === i + 1) } : {};
      return make("li", {}, make("button", { type: "button", ...pressed, onclick: act }, make("b", {}, String(i + 1)), make("span", {}, text)));
    };
    this.cards.replaceChildren(make("h2", {}, asks ? words.expect : words.next), make("ol", {}, ...texts.map(button)));
  }

  /* keys */

  key(event) {
    if (!this.told || !this.stage?.scene || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target.closest?.(TYPING) || document.querySelector("[role=dialog]")) return;
    if (!this.act(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** Handle a key, if it has a meaning here. */
  act(event) {
    const { key, target } = event;
    if (letter(event) === "p" && !event.repeat) return this.turn(!this.on), true;
    if (!this.on) return false;
    if (key === "Escape") return this.turn(false), true;
    if (letter(event) === "b" || key === ".") return (this.dark.hidden = !this.dark.hidden), true;
    const by = ON.includes(key) ? 1 : BACK.includes(key) ? -1 : 0;
    if (by) this.dark.hidden = true;
    if (!this.told.steps.length) return key === "PageDown" || key === "PageUp" ? (this.run(by), true) : false;
    if (/^[1-9]$/.test(key)) {
      this.cards.hidden || this.cards.querySelectorAll("button")[Number(key) - 1]?.click();
      return true;
    }
    const own = target.tagName === "BUTTON" && key === "Enter"; // Enter presses the focused button
    const slides = target.matches?.("input, .dl-grip") && key.startsWith("Arrow");
    if (!by || own || slides) return false;
    this.step(by);
    return true;
  }

  /** A presenter's clicker without a lesson: forward plays to the end, or jumps there if it plays already; back goes to 0. */
  run(by) {
    const { stage } = this;
    if (by < 0) stage.jump(0);
    else if (stage.playing || still()) stage.jump(stage.scene.clock.last);
    else stage.play();
  }
}

export const talk = new Talk();

export function show({ data, setStateValue, setTriggerValue }) {
  talk.take(data, setStateValue, setTriggerValue);
}

/* A stage stays for as long as its element is in the page, in whatever order Streamlit mounts and cleans up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Mounts } from "../../ui/stage/browser/mounts.js";

/** An element as far as the mounts use one; observers are told at once. */
class Element {
  isConnected = true;
  children = [];
  observers = [];

  append(child) {
    child.parentNode = this;
    this.children.push(child);
    for (const told of this.observers) told();
  }

  clear() {
    for (const child of this.children) child.parentNode = null;
    this.children = [];
    for (const told of this.observers) told();
  }
}

globalThis.MutationObserver = class {
  constructor(told) {
    this.told = told;
  }

  observe(element) {
    this.element = element;
    element.observers.push(this.told);
  }

  disconnect() {
    this.element.observers = [];
  }
};

function mounts() {
  const dismissed = [];
  const build = (element) => {
    const stage = { box: {} };
    element.append(stage.box);
    return stage;
  };
  return { dismissed, mounts: new Mounts(build, (stage) => dismissed.push(stage)) };
}

for (const [order, act] of Object.entries({
  "clean-up, then the new call": (all, element) => (all.leave(element), all.show(element)),
  "the new call, then the clean-up of the old one": (all, element) => (all.show(element), all.leave(element)),
  "clean-ups alone": (all, element) => (all.leave(element), all.leave(element)),
}))
  test(`an element that is in the page keeps its stage: ${order}`, (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { mounts: all, dismissed } = mounts();
    const element = new Element();
    const stage = all.show(element);
    act(all, element);
    for (let second = 0; second < 5; second++) context.mock.timers.tick(1000);
    assert.deepEqual(dismissed, []);
    assert.equal(all.show(element), stage);
    assert.deepEqual(element.children, [stage.box]);
  });

test("a stage whose element has left the page is dismissed once, also if that takes a while", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { mounts: all, dismissed } = mounts();
  const element = new Element();
  const stage = all.show(element);
  all.leave(element);
  context.mock.timers.tick(1000);
  element.isConnected = false;
  for (let second = 0; second < 3; second++) context.mock.timers.tick(1000);
  assert.deepEqual(dismissed, [stage]);
  assert.equal(all.newest, undefined);
  element.isConnected = true;
  assert.notEqual(all.show(element), stage);
});

test("a stage that something took out of its element is put back", () => {
  const { mounts: all } = mounts();
  const element = new Element();
  const stage = all.show(element);
  element.clear();
  assert.deepEqual(element.children, [stage.box]);
});

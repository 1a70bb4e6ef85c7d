/* A browser's translation replaces each text node by a <font> element, or wraps it in one. React still refers to its own
   text node, so its next change of the page fails or is not visible (issue 11538 of facebook/react).

   Here the <font> stands in for the text node: when React changes the text, the node returns to the page, for the browser
   to translate again; when React removes the node or inserts something before it, that is done with the <font>. */

const { insertBefore, removeChild } = Node.prototype;
const standIns = new WeakMap(); // text that is out of the page -> the <font> in its place
const taken = new WeakSet(); // the values of it

/** Let React and the browser's translation change the same page. */
export function keepTranslated() {
  if (Node.prototype.removeChild !== removeChild) return;
  Node.prototype.removeChild = /** @type {typeof removeChild} */ (/** @this {Node} */ function (/** @type {Node} */ child) {
    if (child?.nodeType !== Node.TEXT_NODE || child.parentNode === this) return removeChild.call(this, child);
    const there = standing(child, this);
    if (there) removeChild.call(this, there);
    return child;
  });
  Node.prototype.insertBefore = /** @type {typeof insertBefore} */ (/** @this {Node} */ function (child, before) {
    const lost = before?.nodeType === Node.TEXT_NODE && before.parentNode !== this;
    return insertBefore.call(this, child, lost ? standing(before, this) : before);
  });
  new MutationObserver(translated).observe(document.body, { childList: true, subtree: true });
}

/** The child of `parent` that now replaces or contains a text node; null if there is none. */
function standing(text, parent) {
  let node = standIns.get(text) ?? text;
  while (node && node.parentNode !== parent) node = node.parentNode;
  return node;
}

function translated(changes) {
  for (const { removedNodes, addedNodes, previousSibling, nextSibling } of changes)
    for (const text of removedNodes) {
      if (text.nodeType !== Node.TEXT_NODE || text.isConnected) continue;
      const font = [...addedNodes, previousSibling, nextSibling].find((node) => node?.nodeName === "FONT" && !taken.has(node));
      if (!font) continue;
      standIns.set(text, font);
      taken.add(font);
      written.observe(text, { characterData: true });
    }
}

const written = new MutationObserver((changes) => {
  for (const { target: text } of changes) {
    standIns.get(text)?.replaceWith(text); // of one that is out of the page this does nothing
    standIns.delete(text);
  }
});

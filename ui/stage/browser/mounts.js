/* Which stage belongs to which element of the page, for as long as the element exists.

   Streamlit also calls a component's clean-up when it only mounts the same element again, before or after the new call,
   and it may replace the element's content. So neither a clean-up nor an empty element means that the stage is no longer
   needed; that is so only when its element has left the page. */

const SOON = 1000; // ms between two checks of an element whose component was cleaned up

/** @template {{ box: Element }} S */
export class Mounts {
  /** `build(element)` makes a stage in an element, `dismiss(stage)` ends one whose element is gone.

      @param {(element: Element) => S} build  @param {(stage: S) => void} dismiss */
  constructor(build, dismiss) {
    this.build = build;
    this.dismiss = dismiss;
    /** @type {Map<Element, { stage: S, looking: ReturnType<typeof setTimeout> | undefined, watched: MutationObserver }>} */
    this.mounted = new Map();
  }

  /** The stage of an element, made if there is none and put back if it was taken out. @param {Element} element */
  show(element) {
    let mount = this.mounted.get(element);
    if (!mount) {
      const watched = new MutationObserver(() => this.restore(element));
      mount = { stage: this.build(element), looking: undefined, watched };
      this.mounted.set(element, mount);
      watched.observe(element, { childList: true });
    }
    clearTimeout(mount.looking);
    this.restore(element);
    return mount.stage;
  }

  /** The component of an element was cleaned up: check whether the element has left the page, until it has or is shown again.

      @param {Element} element */
  leave(element) {
    const mount = this.mounted.get(element);
    if (!mount) return;
    clearTimeout(mount.looking);
    mount.looking = setTimeout(() => {
      if (element.isConnected) this.leave(element);
      else {
        mount.watched.disconnect();
        this.mounted.delete(element);
        this.dismiss(mount.stage);
      }
    }, SOON);
  }

  /** Put a stage back into its element if something else has removed it. @param {Element} element */
  restore(element) {
    const mount = this.mounted.get(element);
    if (mount && mount.stage.box.parentNode !== element) element.append(mount.stage.box);
  }

  /** The newest of the stages, if any. */
  get newest() {
    return [...this.mounted.values()].at(-1)?.stage;
  }
}

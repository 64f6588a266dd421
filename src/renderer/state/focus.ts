// The keyboard's place: a page that is turned to gets the focus at its first heading, and when what had the focus goes away, what was nearest to it gets it.

/** Pages show what they have before all is read; the heading that is there then may still be replaced. */
const SETTLE_MS = 50;
const MAX_TRIES = 40;
const HEADINGS = 'h1, h2, h3';

/** Watches over the focus in the page's main part, for as long as the window lives. */
export function keepFocus(main: HTMLElement): void {
  /** What last had the focus in the page, from the inside out. */
  let path: readonly Element[] = [];
  let page = pageOf(location.hash);
  let isDue = false;

  /** What had the focus when it was disabled, until it is enabled again. */
  const wasDisabled = new WeakSet<Element>();

  const isDialogOpen = (): boolean => document.querySelector('[role$="dialog"]') !== null;
  const isLost = (): boolean => document.activeElement === document.body || document.activeElement === null;

  main.addEventListener('focusin', ({ target }) => {
    path = [];
    for (let at = target as Element | null; at !== null && at !== main; at = at.parentElement) path = [...path, at];
  });

  window.addEventListener('hashchange', () => {
    const next = pageOf(location.hash);
    if (next === page) return;
    page = next;
    path = []; // what goes with the page before is not mended: the new page has its own place
    arrive();
  });

  /** A dialog that turned to the page, such as the palette, gives the focus back first; and a slow page has not its title yet. */
  function arrive(tries = 0): void {
    setTimeout(() => {
      const isEarly = main.querySelector('h1') === null && tries < MAX_TRIES;
      if (isDialogOpen() || isEarly) arrive(tries + 1);
      else if (!main.contains(document.activeElement)) focusHeading(main);
    }, SETTLE_MS);
  }

  /** The focus went away with what had it, or what had it may be used again. */
  function mend(tries = 0): void {
    isDue = false;
    const [last] = path;
    if (!last || !isLost() || isDialogOpen()) return;
    if (last.isConnected) {
      if (!last.matches(':disabled') && wasDisabled.delete(last)) (last as HTMLElement).focus({ preventScroll: true });
      return;
    }
    const near = path.find((one) => one.isConnected && main.contains(one)) ?? main;
    // A heading that goes is followed by another once that is read.
    const isEarly = last.matches(HEADINGS) && near.querySelector(HEADINGS) === null;
    isDue = isEarly && tries < MAX_TRIES;
    if (isDue) setTimeout(mend, SETTLE_MS, tries + 1);
    else focusHeading(near);
  }

  new MutationObserver((changes) => {
    const [last] = path;
    if (last?.matches(':disabled') && changes.some(({ type, target }) => type === 'attributes' && target === last)) wasDisabled.add(last);
    if (isDue || path.length === 0 || !isLost()) return;
    isDue = true;
    setTimeout(mend, SETTLE_MS);
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] });
}

const pageOf = (hash: string): string => /^#\/?([^/?]*)/.exec(hash)?.[1] ?? '';

/** The first heading of a part, or the part itself. It is the first, so that Tab reaches all of a page: on some pages a list comes before what is open. */
export function focusHeading(part: Element): void {
  focusOn(part.querySelector(HEADINGS) ?? part);
}

/** Gives the focus to what is no control: it is read out, and Tab goes on from there. */
function focusOn(element: Element): void {
  if (!element.hasAttribute('tabindex')) element.setAttribute('tabindex', '-1');
  (element as HTMLElement).focus({ preventScroll: true });
}

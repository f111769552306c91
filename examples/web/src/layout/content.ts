/** The id of the content, to which the first link of the page skips. */
export const MAIN = "content";

/** Moves the focus there, from what is gone once it was pressed. */
export function focusContent(): void {
  document.getElementById(MAIN)?.focus({ preventScroll: true });
}

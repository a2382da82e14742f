/** Small helpers over the page that several parts share. */

/** Reads text to people who cannot see the change; the region is in the base template. */
export function announce(text: string): void {
  const region = document.getElementById("live");
  if (region) region.textContent = text.trim();
}

/** Moves focus to something that is not a control, so that reading goes on from there. */
export function focusOn(element: HTMLElement): void {
  if (element.tabIndex < 0) element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: false });
}

export function showDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/** True while the person is writing or choosing: single letters belong to the field then. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

/** Per-browser settings; a browser that forbids storage simply forgets. */
export const remembered = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Nothing to do: the setting lasts until the page closes.
    }
  },
};

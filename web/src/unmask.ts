/** A number shown in full is covered again when its time is over: it leaves the page, not only the eye. */
import htmx from "htmx.org";
import { announce } from "./page";

function cover(shown: HTMLElement): void {
  const masked = shown.querySelector("template")?.content.firstElementChild?.cloneNode(true);
  if (!(masked instanceof HTMLElement)) return;
  const had = shown.contains(document.activeElement);
  shown.replaceWith(masked);
  htmx.process(masked);
  if (had) masked.querySelector("summary")?.focus();
  announce(masked.dataset["coveredAgain"] ?? "");
}

function countDown(shown: HTMLElement): void {
  if (shown.dataset["counting"] !== undefined) return;
  shown.dataset["counting"] = "";
  const until = Date.now() + Number(shown.dataset["seconds"] ?? 60) * 1000;
  const label = shown.querySelector<HTMLElement>("[data-left]");
  const timer = setInterval(() => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (label) label.textContent = String(Math.max(0, seconds));
    if (seconds <= 0 || !shown.isConnected) {
      clearInterval(timer);
      cover(shown);
    }
  }, 250);
}

export function startUnmask(): void {
  const start = (): void => {
    for (const shown of document.querySelectorAll<HTMLElement>("[data-unmasked]")) countDown(shown);
  };
  start();
  document.addEventListener("htmx:afterSettle", start);
  // Coming back through the browser's memory must not show what had been covered.
  window.addEventListener("pagehide", () => {
    for (const shown of document.querySelectorAll<HTMLElement>("[data-unmasked]")) cover(shown);
  });
}

/**
 * Says in time that the session is about to end.
 * The server ends it after <dialog id="idle" data-idle-seconds> without a request; we never stretch that beyond
 * a person's last movement, because a page is only reported as used at the moment of use.
 */
import { announce } from "./page";

const WARN_SECONDS = 90;

export function startIdleWarning(): void {
  const dialog = document.getElementById("idle");
  const limit = Number(dialog?.dataset["idleSeconds"] ?? 0);
  if (!(dialog instanceof HTMLDialogElement) || !(limit > WARN_SECONDS)) return;
  const form = dialog.querySelector<HTMLFormElement>("form[data-stay]");
  if (!form) return;
  const left = dialog.querySelector<HTMLElement>("[data-left]");
  const others = new BroadcastChannel("rongjun.session");
  let reached = Date.now();

  const heard = (): void => {
    reached = Date.now();
    if (dialog.open) dialog.close();
  };
  const reachedServer = (): void => {
    heard();
    others.postMessage("reached");
  };
  const stay = async (): Promise<void> => {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (answer.ok) reachedServer();
  };
  const moved = (): void => {
    if (!dialog.open && Date.now() - reached > (limit * 1000) / 4) {
      reached = Date.now();
      void stay();
    }
  };
  const tick = (): void => {
    const seconds = Math.ceil((reached + limit * 1000 - Date.now()) / 1000);
    if (seconds <= 0) {
      // The server shows the sign-in page now; nothing personal stays on an unattended screen.
      location.assign(location.pathname + location.search);
    } else if (seconds <= WARN_SECONDS) {
      if (left) left.textContent = String(seconds);
      if (!dialog.open) {
        dialog.showModal();
        announce(dialog.querySelector("h2")?.textContent ?? "");
      }
    }
  };

  others.addEventListener("message", heard);
  document.addEventListener("htmx:afterRequest", reachedServer);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void stay();
  });
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, moved, { passive: true });
  others.postMessage("reached");
  setInterval(tick, 1000);
}

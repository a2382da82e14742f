/** htmx, set up for a page without inline code, and what a person notices of an exchange with the server. */
import htmx from "htmx.org";
import { announce, focusOn } from "./page";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.allowScriptTags = false;
htmx.config.selfRequestsOnly = true;
// Pages hold personal data: no copy of one may stay in the browser's storage.
htmx.config.historyCacheSize = 0;
htmx.config.refreshOnHistoryMiss = true;
// A refusal (4xx) is a page part with reasons, so it is shown like any other answer.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "[45]..", swap: true, error: true },
];

interface Exchange {
  xhr: XMLHttpRequest;
  requestConfig: { elt: Element; path: string };
}

const arrived = new WeakSet<XMLHttpRequest>();

function detailOf(event: Event): Exchange {
  return (event as CustomEvent<Exchange>).detail;
}

/** After a swap the reader stands at the heading of what changed; someone typing a search is left alone. */
document.addEventListener("htmx:afterSettle", (event) => {
  const { xhr, requestConfig } = detailOf(event);
  if (!(event.target instanceof HTMLElement) || arrived.has(xhr)) return;
  arrived.add(xhr);
  const place = event.target.matches("[data-focus]")
    ? event.target
    : event.target.querySelector<HTMLElement>("[data-focus], h1, h2, h3");
  if (!place) return;
  // A number shown in full is read where focus stands; it must not linger in the live region.
  if (!place.closest("[data-unmasked]")) announce(place.textContent ?? "");
  if (!requestConfig.elt.closest("[data-keep-focus]")) focusOn(place);
});

/** A session that ended answers with the sign-in page; show it whole, not inside a panel. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = detailOf(event);
  const signIn = document.body.dataset["signIn"];
  if (!signIn || !xhr.responseURL || location.pathname === signIn) return;
  if (new URL(xhr.responseURL).pathname === signIn) {
    event.preventDefault();
    location.assign(`${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
});

document.addEventListener("htmx:sendError", () => {
  const notice = document.getElementById("not-sent");
  if (!notice) return;
  notice.hidden = false;
  announce(notice.textContent ?? "");
});
document.addEventListener("htmx:beforeRequest", () => {
  const notice = document.getElementById("not-sent");
  if (notice) notice.hidden = true;
});

/** Upload progress: a <progress> in the form fills up, and says when the server has the whole file. */
document.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total, lengthComputable } = (event as CustomEvent<ProgressEvent>).detail;
  const form = event.target instanceof Element ? event.target.closest("form[data-upload]") : null;
  const bar = form?.querySelector("progress");
  const note = form?.querySelector<HTMLElement>("[data-upload-note]");
  if (!form || !bar || !note || !lengthComputable || total === 0) return;
  const share = Math.round((loaded / total) * 100);
  bar.hidden = note.hidden = false;
  bar.value = share;
  note.textContent = share < 100 ? (note.dataset["sending"] ?? "").replace("{n}", String(share)) : (note.dataset["reading"] ?? "");
});

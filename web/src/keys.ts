/** Keys for clerks: letters work only outside fields, and a person can switch them off. */
import { isTyping, remembered, showDialog } from "./page";

const OFF = "rongjun.keys-off";
const ROW = "rongjun.row:";

const lettersOff = (): boolean => remembered.get(OFF) === "1";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-rows] tbody tr")].filter((row) => row.querySelector("a[href]"));
}

const linkIn = (row: HTMLElement): HTMLAnchorElement | null => row.querySelector<HTMLAnchorElement>("a[href]");

function select(row: HTMLElement): void {
  for (const other of rows()) other.classList.toggle("is-here", other === row);
  const link = linkIn(row);
  link?.focus();
  row.scrollIntoView({ block: "nearest" });
  // Only the address of the row, so that coming back finds it; no name, no number.
  if (link) sessionStorage.setItem(ROW + location.pathname, link.pathname);
}

function step(by: 1 | -1): boolean {
  const all = rows();
  if (all.length === 0) return false;
  const here = all.findIndex((row) => row.classList.contains("is-here") || row.contains(document.activeElement));
  const next = all[here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + by))];
  if (next) select(next);
  return next !== undefined;
}

function followLink(selector: string): boolean {
  const link = document.querySelector<HTMLAnchorElement>(selector);
  // A key may only go somewhere: an action such as releasing money is always a deliberate press.
  if (!(link instanceof HTMLAnchorElement)) return false;
  link.click();
  return true;
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("input[data-search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function openRow(): boolean {
  const row = document.querySelector<HTMLElement>("[data-rows] tr.is-here");
  // A focused link or button opens by itself.
  if (!row || document.activeElement?.matches("a, button, summary")) return false;
  linkIn(row)?.click();
  return true;
}

function letter(key: string): boolean {
  if (lettersOff()) return false;
  if (key === "/") return focusSearch();
  if (key === "?") {
    showDialog("keys");
    return true;
  }
  if (key === "j") return step(1);
  if (key === "k") return step(-1);
  return /^[a-z]$/.test(key) && followLink(`a[data-key="${key}"]`);
}

function plainKey(event: KeyboardEvent): boolean {
  const inRows = document.activeElement === document.body || document.activeElement?.closest("[data-rows]") != null;
  if (event.key === "ArrowDown" && inRows) return step(1);
  if (event.key === "ArrowUp" && inRows) return step(-1);
  if (event.key === "Enter") return openRow();
  if (event.key === "Escape") return followLink("a[data-back]");
  return letter(event.key.toLowerCase());
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") (event.target as HTMLElement).blur();
    // From the search box straight into what was found.
    if (event.key === "ArrowDown" && (event.target as HTMLElement).matches("input[data-search]") && step(1)) event.preventDefault();
    return;
  }
  if (plainKey(event)) event.preventDefault();
}

function returnToRow(): void {
  const path = sessionStorage.getItem(ROW + location.pathname);
  const row = path ? rows().find((each) => linkIn(each)?.pathname === path) : undefined;
  row?.classList.add("is-here");
}

export function startKeys(): void {
  document.addEventListener("keydown", onKey);
  returnToRow();
  const choice = document.querySelector<HTMLInputElement>("input[data-keys-off]");
  if (!choice) return;
  choice.checked = lettersOff();
  choice.addEventListener("change", () => {
    remembered.set(OFF, choice.checked ? "1" : "0");
  });
}

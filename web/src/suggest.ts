/** People found while somebody types in the search box: up and down choose, Enter opens, Esc puts the list away. */

const SELECTED = "aria-selected";

const box = (): HTMLInputElement | null => document.querySelector<HTMLInputElement>("input[data-search][role=combobox]");
const place = (): HTMLElement | null => document.getElementById("hits");
const options = (): HTMLElement[] => [...(place()?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
const chosen = (): number => options().findIndex((each) => each.getAttribute(SELECTED) === "true");

function choose(at: number): void {
  const field = box();
  for (const [number, each] of options().entries()) each.setAttribute(SELECTED, String(number === at));
  const option = options()[at];
  option?.scrollIntoView({ block: "nearest" });
  if (option) field?.setAttribute("aria-activedescendant", option.id);
  else field?.removeAttribute("aria-activedescendant");
}

function putAway(): void {
  place()?.replaceChildren();
  box()?.setAttribute("aria-expanded", "false");
  choose(-1);
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing || options().length === 0) {
    if (event.key === "Escape") putAway();
    return;
  }
  const last = options().length - 1;
  if (event.key === "ArrowDown") choose(Math.min(last, chosen() + 1));
  else if (event.key === "ArrowUp") choose(Math.max(-1, chosen() - 1));
  else if (event.key === "Enter" && chosen() >= 0) options()[chosen()]?.click();
  else if (event.key === "Escape") putAway();
  else return;
  // Neither the form nor the keys of the page have anything to do with it.
  event.preventDefault();
  event.stopPropagation();
}

export function startSuggest(): void {
  const field = box();
  const list = place();
  if (!field || !list) return;
  field.addEventListener("keydown", onKey);
  list.addEventListener("htmx:afterSwap", () => {
    field.setAttribute("aria-expanded", String(options().length > 0));
    choose(-1);
  });
  document.addEventListener("focusin", (event) => {
    if (!field.form?.contains(event.target as Node)) putAway();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!field.form?.contains(event.target as Node)) putAway();
  });
}

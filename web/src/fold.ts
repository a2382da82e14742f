/** Tables on a narrow screen. One that does not fit is folded: each row becomes a block whose cells carry the
 * heading of their column, so that nobody reads a figure by pushing a table sideways. */

const NARROW = window.matchMedia("(max-width: 640px)");

// A block is no table to a screen reader any more unless it says so itself.
const ROLES: readonly (readonly [string, string])[] = [
  ["table", "table"], ["thead, tbody, tfoot", "rowgroup"], ["tr", "row"], ["thead th", "columnheader"],
  ["tbody th, tfoot th", "rowheader"], ["td", "cell"],
];

function label(table: HTMLTableElement): void {
  const headings = [...table.querySelectorAll<HTMLElement>("thead tr:last-child > *")];
  if (headings.some((each) => each.hasAttribute("colspan"))) return;
  const words = headings.map((each) => each.textContent?.trim() ?? "");
  for (const row of table.querySelectorAll("tbody tr, tfoot tr"))
    [...row.children].forEach((cell, place) => {
      if (!cell.hasAttribute("colspan")) cell.setAttribute("data-label", words[place] ?? "");
    });
  for (const [selector, role] of ROLES)
    for (const each of selector === "table" ? [table] : table.querySelectorAll(selector))
      if (!each.hasAttribute("role")) each.setAttribute("role", role);
  table.classList.add("rj-folded");
}

function fold(): void {
  if (!NARROW.matches) return;
  for (const around of document.querySelectorAll<HTMLElement>(".rj-scroll")) {
    const table = around.querySelector<HTMLTableElement>(":scope > table.rj-table:not(.rj-folded)");
    if (table?.tHead && around.scrollWidth > around.clientWidth + 1) label(table);
  }
}

export function startFolding(): void {
  fold();
  NARROW.addEventListener("change", fold);
  document.addEventListener("htmx:afterSettle", fold);
}

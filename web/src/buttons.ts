/** Buttons described by data attributes, since pages carry no inline code. */
import { announce, showDialog } from "./page";

function copy(button: HTMLElement): void {
  const source = document.querySelector(button.dataset["copy"] ?? "");
  const text = source instanceof HTMLTextAreaElement ? source.value : (source?.textContent ?? "");
  const said = button.dataset["copied"] ?? "";
  void navigator.clipboard.writeText(text).then(() => {
    button.textContent = said;
    announce(said);
  });
}

export function startDialogsAndButtons(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-opens], [data-print], [data-copy], [data-closes]") : null;
    if (!button) return;
    if (button.dataset["opens"]) showDialog(button.dataset["opens"]);
    else if (button.dataset["print"] !== undefined) window.print();
    else if (button.dataset["copy"]) copy(button);
    else {
      const details = button.closest("details");
      if (details) details.open = false;
      details?.querySelector("summary")?.focus();
    }
  });
  // Buttons that mean nothing without script are hidden by the stylesheet until this says there is one.
  document.documentElement.classList.add("has-script");
}

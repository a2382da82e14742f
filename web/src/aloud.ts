/** 念给我听: reads the page's own words by a voice of this device. A voice that would send them away is never used. */

const lang = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const READ = "h1, h2, h3, p, li, dt, dd, label, legend, summary, .rj-row, button, a.btn";
const SILENT = "[data-aloud], .rj-sr, .foot, [hidden], [aria-hidden=true]";

const localVoice = (): SpeechSynthesisVoice | undefined =>
  speechSynthesis.getVoices().find((voice) => voice.localService && voice.lang.toLowerCase().startsWith(lang));

/** What stands on the page, piece by piece in its order; a covered number is read without its stars. */
export function wordsOf(main: HTMLElement): string[] {
  const taken: HTMLElement[] = [];
  for (const each of main.querySelectorAll<HTMLElement>(READ)) {
    if (each.closest(SILENT) || !each.checkVisibility() || taken.some((outer) => outer.contains(each))) continue;
    taken.push(each);
  }
  return taken.map((each) => each.innerText.replace(/\*+/g, "，").replace(/\s+/g, " ").trim()).filter((words) => words !== "");
}

function read(button: HTMLButtonElement, main: HTMLElement, voice: SpeechSynthesisVoice): void {
  const pieces = wordsOf(main);
  pieces.forEach((words, number) => {
    const said = new SpeechSynthesisUtterance(words);
    said.voice = voice;
    said.lang = voice.lang;
    said.rate = 0.9;
    if (number === pieces.length - 1) said.onend = () => { show(button, false); };
    speechSynthesis.speak(said);
  });
  show(button, pieces.length > 0);
}

function show(button: HTMLButtonElement, isReading: boolean): void {
  button.setAttribute("aria-pressed", String(isReading));
  const words = button.querySelector<HTMLElement>("[data-words]");
  if (words) words.textContent = (isReading ? button.dataset["reading"] : button.dataset["idle"]) ?? "";
}

export function startAloud(): void {
  const button = document.querySelector<HTMLButtonElement>("button[data-aloud]");
  const main = document.getElementById("main");
  if (!button || !main || !("speechSynthesis" in window)) return;
  const offer = (): void => { button.hidden = localVoice() === undefined; };
  offer();
  speechSynthesis.addEventListener("voiceschanged", offer);
  button.addEventListener("click", () => {
    const voice = localVoice();
    const wasReading = button.getAttribute("aria-pressed") === "true";
    speechSynthesis.cancel();
    show(button, false);
    if (!wasReading && voice) read(button, main, voice);
  });
  addEventListener("pagehide", () => { speechSynthesis.cancel(); });
}

/** What the citizen pages add to plain HTML. Every page works without this file. */
import { startAloud } from "./aloud";
import { startDialogsAndButtons } from "./buttons";
import { startIdleWarning } from "./idle";
import { startPasskeys } from "./passkeys";

startDialogsAndButtons();
startIdleWarning();
startPasskeys();
startAloud();

const worker = document.documentElement.dataset["worker"];
if (worker && "serviceWorker" in navigator) void navigator.serviceWorker.register(worker);

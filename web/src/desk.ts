/** What the desk pages add to plain HTML. Every page works without this file, only less comfortably. */
import "./exchange";
import { startFolding } from "./fold";
import { startIdleWarning } from "./idle";
import { startKeys } from "./keys";
import { startPasskeys } from "./passkeys";
import { startDialogsAndButtons } from "./buttons";
import { startSuggest } from "./suggest";
import { startUnmask } from "./unmask";

startDialogsAndButtons();
startSuggest();
startKeys();
startIdleWarning();
startUnmask();
startPasskeys();
startFolding();

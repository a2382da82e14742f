import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { places } from "./places";

const here = (path: string): URL => new URL(path, import.meta.url);

/** One file with the icons named in icons.json; a page draws one with <use href="…/icons.svg#name">. */
function iconSprite(): Plugin {
  return {
    name: "rongjun-icon-sprite",
    generateBundle() {
      const names = JSON.parse(readFileSync(here("icons.json"), "utf8")) as string[];
      const symbols = names.map((name) => {
        const svg = readFileSync(here(`node_modules/@tabler/icons/icons/outline/${name}.svg`), "utf8");
        const shapes = svg
          .slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))
          .replace(/<path stroke="none"[^>]*>/g, "")
          .replace(/\s+/g, " ")
          .trim();
        return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
      });
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
      this.emitFile({ type: "asset", fileName: "rongjun/icons.svg", source });
    },
  };
}

/** The pictures a phone shows on its first page. */
function appIcons(): Plugin {
  return {
    name: "rongjun-app-icons",
    generateBundle() {
      for (const size of [192, 512]) {
        const source = readFileSync(here(`icons/app-${size}.png`));
        this.emitFile({ type: "asset", fileName: `rongjun/app-${size}.png`, source });
      }
    },
  };
}

// The citizen's script and its service worker are built apart, each in one file: a phone asks once.
const inputs: { [mode: string]: string[] } = {
  production: ["src/desk.ts", "src/charts.ts", "src/desk.css", "src/citizen.css"],
  citizen: ["src/citizen.ts", "src/worker.ts"],
};

// File names carry no hash: Django's manifest storage adds one when it collects them.
export default defineConfig(({ mode }) => ({
  plugins: mode === "citizen" ? [appIcons()] : [iconSprite(), places()],
  publicDir: false,
  build: {
    emptyOutDir: mode !== "citizen",
    target: ["chrome107", "firefox104", "safari16"],
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      // htmx holds an eval() it never reaches here: allowEval is off, and the page's policy forbids it.
      checks: { eval: false },
      input: inputs[mode] ?? [],
      output: {
        entryFileNames: "rongjun/[name].js",
        chunkFileNames: "rongjun/[name].js",
        assetFileNames: "rongjun/[name][extname]",
      },
    },
  },
}));

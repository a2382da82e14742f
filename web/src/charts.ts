/**
 * Draws each `[data-chart]` from the table it names: one source, so the bars are what the cells say.
 * A bar opens what its cell's link opens. Without this file the tables are all there is to read.
 * On a canvas, without tooltips: those would need styles the page's policy forbids.
 */
import { BarChart, type BarSeriesOption } from "echarts/charts";
import { GridComponent, type GridComponentOption } from "echarts/components";
import { init, use, type ComposeOption, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, GridComponent, CanvasRenderer]);

type Parts = BarSeriesOption | GridComponentOption;
type Figure = { value: number; url: string };
type Line = { label: string; figures: Figure[] };

const BAR = 26;
// Every part of a stacked bar after the first has a pattern, so that it reads without colours, as its key does.
const COLOURS = ["--rj-d1", "--rj-d2", "--rj-line", "--rj-d3", "--rj-d5"];
const DECALS = [
  { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4, color: "rgba(31, 35, 41, .45)" },
  { symbol: "circle", dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [5, 0], symbolSize: 0.5, color: "rgba(31, 35, 41, .45)" },
  { symbol: "triangle", dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.6, color: "rgba(31, 35, 41, .45)" },
  { symbol: "rect", dashArrayX: [2, 4], dashArrayY: [2, 4], rotation: Math.PI / 4, color: "rgba(31, 35, 41, .45)" },
];
const SIGN = 34; // a label has a sign for so many pixels of width; the table has the whole

for (const place of document.querySelectorAll<HTMLElement>("[data-chart]")) {
  const table = document.getElementById(place.dataset["figures"] ?? "");
  if (table instanceof HTMLTableElement) draw(place, table);
}

function draw(place: HTMLElement, table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
  const lines = [...(table.tBodies[0]?.rows ?? [])].map(read).filter((line) => line.figures.length > 0);
  const stacked = place.dataset["chart"] === "stacked";
  if (!lines.some((line) => line.figures.some(({ value }) => value > 0))) return;
  place.hidden = false;
  place.style.height = `${lines.length * BAR + 16}px`;
  const chart = init(place, null, { renderer: "canvas" });
  chart.setOption(optionOf(lines, stacked ? heads.slice(1) : heads.slice(1, 2), Math.round(place.clientWidth / SIGN)));
  openOnClick(chart, lines);
  place.dataset["drawn"] = String(lines.length);
  new ResizeObserver(() => chart.resize()).observe(place);
}

function read(row: HTMLTableRowElement): Line {
  const [label, ...cells] = [...row.cells];
  const figures = cells
    .filter((cell) => cell.classList.contains("n"))
    .map((cell) => ({
      value: Number(cell.textContent.replace(/[^\d.-]/g, "")),
      url: cell.querySelector("a")?.href ?? "",
    }));
  return { label: label?.textContent.trim() ?? "", figures };
}

function optionOf(lines: Line[], names: string[], most: number): ComposeOption<Parts> {
  const stacked = names.length > 1;
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: token("--rj-ink") },
    grid: { left: 0, right: 60, top: 4, bottom: 4, outerBoundsMode: "same" },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: lines.map(({ label }) => (label.length > most ? `${label.slice(0, most - 1)}…` : label)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: token("--rj-line-strong") } },
      axisLabel: { color: token("--rj-ink"), fontSize: 13 },
    },
    series: names.map((name, at): BarSeriesOption => ({
      name,
      type: "bar",
      barWidth: 14,
      itemStyle: { color: token(COLOURS[at] ?? "--rj-d1"), ...(stacked && at > 0 && { decal: DECALS[at - 1] }) },
      ...(stacked && { stack: "all" }),
      cursor: "pointer",
      label: { show: !stacked, position: "right", color: token("--rj-ink"), formatter: ({ value }) => Number(value).toLocaleString("zh-CN") },
      data: lines.map(({ figures }) => figures[at]?.value ?? 0),
    })),
  };
}

function openOnClick(chart: EChartsType, lines: Line[]): void {
  chart.on("click", ({ dataIndex, seriesIndex }) => {
    const url = lines[dataIndex]?.figures[seriesIndex ?? 0]?.url;
    if (url) location.assign(url);
  });
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

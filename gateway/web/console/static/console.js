// Small comforts on top of pages that work without them: charts, and ticking everybody at once.
"use strict";

const hue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw(place) {
  const rows = JSON.parse(place.dataset.chart);
  const values = rows.map((row) => row[1]);
  const names = rows.map((row) => row[0]);
  const ink = hue("--muted");
  const line = hue("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const options = {
    width: place.clientWidth,
    height: 176,
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (_, low, high) => [0, Math.max(4, high)] } },
    axes: [
      { ...axis, grid: { show: false }, splits: () => names.map((_, at) => at).filter((at) => at % 3 === 0), values: (_, at) => at.map((each) => names[each] || "") },
      { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100] },
    ],
    series: [{}, { fill: hue("--brand"), stroke: hue("--brand"), paths: uPlot.paths.bars({ size: [0.6, 40] }), points: { show: false } }],
  };
  place.replaceChildren();
  return new uPlot(options, [names.map((_, at) => at), values], place);
}

function everyChart() {
  if (typeof uPlot === "undefined") return;
  for (const place of document.querySelectorAll("[data-chart]")) {
    let chart = draw(place);
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 176 })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      chart.destroy();
      chart = draw(place);
    });
  }
}

function everyTickAll() {
  for (const box of document.querySelectorAll("[data-tick-all]")) {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.addEventListener("change", () => {
      for (const each of document.querySelectorAll(box.dataset.tickAll)) {
        if (!each.disabled) each.checked = box.checked;
      }
    });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  everyChart();
  everyTickAll();
});

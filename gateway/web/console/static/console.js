// Small comforts on top of pages that work without them: charts, and ticking everybody at once.
"use strict";

const hue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function wrapped(name, room) {
  const lines = [""];
  for (const word of name.split(" ")) {
    const last = lines.length - 1;
    if (!lines[last]) lines[last] = word;
    else if (lines[last].length + word.length < room) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
}

function draw(place) {
  const rows = JSON.parse(place.dataset.chart);
  const values = rows.map((row) => row[1]);
  const ink = hue("--muted");
  const line = hue("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const top = Number(place.dataset.chartTop || 0);
  const step = top ? 1 : 3;
  const room = top ? Math.max(10, (place.clientWidth - 40) / rows.length / 7) : Infinity;
  const lines = rows.map((row) => wrapped(row[0], room));
  const names = lines.map((each) => each.join("\n"));
  const below = 15 * Math.max(1, ...lines.map((each) => each.length));
  const options = {
    width: place.clientWidth,
    height: 161 + below,
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (_, low, high) => [0, top || Math.max(4, high)] } },
    axes: [
      { ...axis, size: 20 + below, grid: { show: false }, splits: () => names.map((_, at) => at).filter((at) => at % step === 0), values: (_, at) => at.map((each) => names[each] || "") },
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
    const again = () => {
      chart.destroy();
      chart = draw(place);
    };
    new ResizeObserver(() => {
      if (chart.width !== place.clientWidth) again();
    }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
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

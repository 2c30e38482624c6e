// Draws the table behind a curve: <div data-chart="rows"> shows the rows of the table inside #rows.
// Each row carries data-x (seconds since 1970) and data-y; the column heads give the words.
"use strict";

(() => {
  if (!window.uPlot) return; // the library is missing: the table behind the curve says it all

  const HEIGHT = 148;
  // A shorter step would write the same time twice.
  const WHOLE_MINUTES_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function read(table) {
    const xs = [];
    const ys = [];
    for (const row of table.querySelectorAll("tbody tr[data-x]")) {
      xs.push(Number(row.dataset.x));
      ys.push(row.dataset.y === "" ? null : Number(row.dataset.y));
    }
    return [xs, ys];
  }

  function options(place, width) {
    const quiet = colour("--quiet");
    const axis = { stroke: quiet, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const zone = place.dataset.zone || undefined;
    return {
      width,
      height: HEIGHT,
      tzDate: (seconds) => (zone ? uPlot.tzDate(new Date(seconds * 1e3), zone) : new Date(seconds * 1e3)),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
      padding: [10, 8, 0, 0],
      scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] } },
      axes: [
        { ...axis, grid: { show: false }, space: 64, size: 26, values: "{HH}:{mm}", incrs: WHOLE_MINUTES_S },
        {
          ...axis,
          grid: { stroke: colour("--line"), width: 1 },
          space: 28,
          size: 34,
          // The topmost mark says what is counted.
          values: (_, marks) => marks.map((mark, at) => (at === marks.length - 1 ? place.dataset.unit || mark : mark)),
        },
      ],
      series: [
        {},
        {
          stroke: colour("--accent-text"),
          width: 2,
          fill: colour("--accent-soft"),
          points: { show: false },
          paths: place.dataset.shape === "steps" ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear(),
        },
      ],
    };
  }

  function draw(place) {
    const table = document.getElementById(place.dataset.chart)?.querySelector("table");
    const data = table ? read(table) : [[], []];
    place.hidden = data[0].length < 2;
    if (place.hidden) return;
    const width = Math.floor(place.getBoundingClientRect().width);
    if (place.chart && place.chart.width === width) {
      place.chart.setData(data);
      return;
    }
    place.chart?.destroy();
    place.chart = new uPlot(options(place, width), data, place);
  }

  function drawAll(isAnew) {
    for (const place of document.querySelectorAll("[data-chart]")) {
      if (isAnew) {
        place.chart?.destroy();
        place.chart = null;
      }
      draw(place);
    }
  }

  drawAll(true);
  document.addEventListener("parts", () => drawAll(false));
  window.addEventListener("resize", () => drawAll(false));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(true));
})();

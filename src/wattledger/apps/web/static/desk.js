// The desk's plots: <div data-plot='{...}'>. A table on the same page holds the same figures.
"use strict";

// On a phone the rail is a row: show where one is.
const current = document.querySelector(".rail [aria-current]");
if (current) current.closest(".rail").scrollLeft = current.offsetLeft - 16;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(word, scale, side, inFront) {
  return {
    scale,
    side,
    label: word,
    labelSize: 18,
    size: 52,
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    stroke: colour("--quiet"),
    grid: { show: inFront, stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
}

// An axis of instants, each written by `write`.
function timeAxis(write, space) {
  return { ...axis("", "x", 2, false), size: 32, labelSize: 0, label: undefined, space, values: (_, at) => at.map(write) };
}

const clock = (zone) => (at) => new Date(at * 1e3).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const day = (at) => new Date(at * 1e3).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
const DAY_S = 86400;

// Vertical lines where another price began.
function boundaries(marks) {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = colour("--notice");
        ctx.fillStyle = colour("--notice");
        ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
        for (const mark of marks) {
          const x = Math.round(plot.valToPos(mark.at, "x", true));
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          ctx.fillText(mark.word, x + 4 * devicePixelRatio, bbox.top + 14 * devicePixelRatio);
        }
        ctx.restore();
      },
    },
  };
}

function power(facts) {
  return {
    tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), facts.zone),
    scales: { kw: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] }, kwh: { range: (_, low, high) => [0, Math.max(0.1, high * 1.15)] } },
    series: [
      { label: "Time", value: (_, at) => (at == null ? "–" : clock(facts.zone)(at)) },
      { label: "Power, kW", scale: "kw", stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), spanGaps: true, value: (_, v) => (v == null ? "–" : v.toFixed(1)) },
      { label: "Energy, kWh", scale: "kwh", stroke: colour("--info"), width: 2, value: (_, v) => (v == null ? "–" : v.toFixed(3)) },
    ],
    axes: [{ ...timeAxis(clock(facts.zone), 56), incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400] }, axis("kW", "kw", 3, true), axis("kWh", "kwh", 1, false)],
    plugins: [boundaries(facts.marks)],
  };
}

function days(facts) {
  return {
    tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "UTC"),
    scales: { x: { range: (_, low, high) => [low - DAY_S * 0.6, high + DAY_S * 0.6] }, money: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] }, kwh: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] }, count: { range: (_, low, high) => [0, Math.max(1, high * 1.15)] } },
    series: [
      { label: "Day", value: (_, at) => (at == null ? "–" : day(at)) },
      { label: `Revenue, ${facts.currency}`, scale: "money", stroke: colour("--accent"), fill: colour("--accent"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.6, 48] }), value: (_, v) => (v == null ? "–" : v.toFixed(2)) },
      { label: "Energy, kWh", scale: "kwh", stroke: colour("--info"), width: 2, points: { show: true, size: 5, fill: colour("--surface") }, value: (_, v) => (v == null ? "–" : v.toFixed(2)) },
      { label: "Sessions", scale: "count", show: true, width: 0, points: { show: false }, stroke: "transparent", value: (_, v) => (v == null ? "–" : v) },
    ],
    axes: [timeAxis(day, 72), axis(facts.currency, "money", 3, true), axis("kWh", "kwh", 1, false)],
  };
}

function draw(place) {
  const facts = JSON.parse(place.dataset.plot);
  const options = { power, days }[facts.kind](facts);
  const size = () => ({ width: place.clientWidth, height: 240 });
  place.replaceChildren();
  const plot = new uPlot({ ...size(), legend: { live: true }, cursor: { points: { size: 7 } }, ...options }, facts.data, place);
  return () => plot.setSize(size());
}

const places = [...document.querySelectorAll("[data-plot]")];
if (places.length && window.uPlot) {
  const resizers = new Map(places.map((place) => [place, draw(place)]));
  new ResizeObserver((entries) => entries.forEach((entry) => resizers.get(entry.target)?.())).observe(places[0]);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const place of places) resizers.set(place, draw(place));
  });
}

// On a phone the rail scrolls sideways: where we are must be in sight.
function showWhereWeAre() {
  document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
showWhereWeAre();
addEventListener("resize", showWhereWeAre);

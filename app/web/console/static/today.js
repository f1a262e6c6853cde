// Draws the times by hour and site, and counts down to the windows. Without it, the tables say the same.
"use strict";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const LIGHTNESS = style.colorScheme.includes("dark") ? 72 : 36;
/** As many colours as there are sites: hues by the golden angle lie apart, however many there are. */
const hue = (number) => `hsl(${Math.round(215 + number * 137.5) % 360} 65% ${LIGHTNESS}%)`;
/** Seconds at which the axis has a line. */
const STEPS = [1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600];

function spell(seconds) {
  if (seconds == null) return "–";
  const [unit, length] = seconds < 60 ? ["s", 1] : seconds < 3600 ? ["min", 60] : ["h", 3600];
  return `${Math.round((seconds / length) * 10) / 10} ${unit}`;
}

const LANGUAGE = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short" });

/** The hour of a tick; the first one and midnight have their day below. */
function hour(seconds, number) {
  const at = new Date(seconds * 1000);
  return number && at.getHours() ? clock.format(at) : `${clock.format(at)}\n${day.format(at)}`;
}

function draw(place) {
  const { x, series } = JSON.parse(place.dataset.chart);
  const target = Number(place.dataset.target);
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  const lines = series.map(({ label }, number) => ({
    label,
    stroke: hue(Math.floor(number / 2)),
    width: number % 2 ? 2 : 1,
    dash: number % 2 ? undefined : [4, 4],
    points: { show: true, size: 4 },
    value: (_, seconds) => spell(seconds),
  }));
  const options = {
    width: place.clientWidth,
    height: 240,
    // Seconds and a target of hours stand in one picture: the distance grows with the time, as in a logarithm.
    scales: { y: { distr: 4, asinh: 1, range: (_, least, most) => [0, Math.max(most, target) * 1.5] } },
    axes: [
      { ...axis, space: 70, values: (_, ticks) => ticks.map(hour) },
      { ...axis, size: 70, splits: (_, place, least, most) => STEPS.filter((step) => step <= most), filter: (_, ticks) => ticks, values: (_, ticks) => ticks.map(spell) },
    ],
    series: [{ label: place.dataset.time, value: (_, seconds) => (seconds == null ? "–" : hour(seconds, 0)) }, ...lines, { label: place.dataset.targetName, stroke: colour("--faint"), dash: [6, 3], points: { show: false }, value: () => spell(target) }],
  };
  const chart = new uPlot(options, [x, ...series.map(({ values }) => values), x.map(() => target)], place);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 240 })).observe(place);
}

function countDown() {
  for (const cell of document.querySelectorAll("[data-until]")) {
    const left = Math.round((new Date(cell.dataset.until) - Date.now()) / 1000);
    if (left <= 0) continue;
    const [hours, minutes, seconds] = [left / 3600, (left % 3600) / 60, left % 60].map(Math.floor);
    const two = (number) => String(number).padStart(2, "0");
    cell.querySelector("time").textContent = `${hours}:${two(minutes)}:${two(seconds)}`;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-chart]").forEach(draw);
  countDown();
  setInterval(countDown, 1000);
});

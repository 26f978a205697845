// A result as a drawing: bars, a line, or points, in SVG, which the page's style sheet colours. What it shows is said
// in words beside it, and is the table's.

import { court, deux, entier } from "./nombres.js";
import { estDate, estNombre, texte } from "./tableau.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_BARS = 30;
const MOST_POINTS = 2000;
const WIDE = 720;
const HIGH = 340;

function draw(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A handful of round values that hold `from` and `to`. */
export function graduations(from, to, about = 5) {
  if (from === to) [from, to] = from === 0 ? [0, 1] : from > 0 ? [0, from] : [from, 0];
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((size) => size >= rough * 0.999);
  const values = [];
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  for (let at = first; at <= last; at++) values.push(Number((at * step).toPrecision(12)));
  return values;
}

/** How the values of an axis are written: with the decimals that tell them apart, and no more. */
function labels(ticks, plain = false) {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : 1;
  let decimals = 0;
  while (decimals < 10 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6 * step * 10 ** decimals) decimals++;
  const format = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: !plain });
  return (tick) => format.format(tick);
}

const number = (value) => (value === null || value === "" ? NaN : Number(value));
const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What a result is best drawn as: `{ genre, x, y }`, or null when it holds no number. */
export function propose(columns, rows) {
  const numbers = columns.map((column, at) => (estNombre(column.type) ? at : -1)).filter((at) => at >= 0);
  if (numbers.length === 0 || rows.length === 0) return null;
  const others = columns.map((_, at) => at).filter((at) => !numbers.includes(at));
  const named = (pattern) => numbers.find((at) => pattern.test(columns[at].nom));
  const [longitude, latitude] = [named(/longitude/i), named(/latitude/i)];
  if (longitude !== undefined && latitude !== undefined) return { genre: "points", x: longitude, y: latitude };
  const date = others.find((at) => estDate(columns[at].type));
  const year = numbers.find((at) => /^(ann[eé]e|an|mois|jour|year|tranche)/i.test(columns[at].nom));
  if (date !== undefined) return { genre: "ligne", x: date, y: numbers[0] };
  if (year !== undefined && numbers.length > 1) return { genre: "ligne", x: year, y: numbers.find((at) => at !== year) };
  if (others.length > 0) return { genre: "barres", x: others[0], y: numbers[0] };
  if (numbers.length > 1) return { genre: "points", x: numbers[0], y: numbers[1] };
  return { genre: "barres", x: numbers[0], y: numbers[0] };
}

function bars({ rows, x, y }) {
  const shown = rows.slice(0, MOST_BARS).map((row) => ({ nom: texte(row[x]) || "(vide)", valeur: number(row[y]) })).filter(({ valeur }) => Number.isFinite(valeur));
  const ticks = graduations(Math.min(0, ...shown.map(({ valeur }) => valeur)), Math.max(0, ...shown.map(({ valeur }) => valeur)), 4);
  const [low, high] = [ticks[0], ticks.at(-1)];
  const written = labels(ticks);
  const names = 200;
  const row = 28;
  const height = shown.length * row + 34;
  const place = (value) => names + ((value - low) / (high - low)) * (WIDE - names - 90);
  const svg = draw("svg", { viewBox: `0 0 ${WIDE} ${height}`, role: "img" });
  for (const tick of ticks) {
    svg.append(draw("line", { class: "grille", x1: place(tick), x2: place(tick), y1: 0, y2: height - 28 }));
    svg.append(draw("text", { class: "axe", x: place(tick), y: height - 8, "text-anchor": "middle" }, written(tick)));
  }
  shown.forEach(({ nom, valeur }, at) => {
    const from = Math.min(place(0), place(valeur));
    const bar = draw("rect", { class: "marque-donnee", x: from, y: at * row + 4, width: Math.max(1, Math.abs(place(valeur) - place(0))), height: row - 8 });
    bar.append(draw("title", {}, `${nom} : ${valeur}`));
    svg.append(draw("text", { class: "nom", x: names - 8, y: at * row + 19, "text-anchor": "end" }, shorten(nom, 28)));
    svg.append(bar, draw("text", { class: "valeur", x: Math.max(place(valeur), place(0)) + 6, y: at * row + 19 }, Math.abs(valeur) < 0.01 ? court(valeur) : deux(valeur)));
  });
  return { svg, shown: shown.length };
}

function plane({ rows, x, y, columns, line }) {
  const dated = estDate(columns[x].type);
  const measured = dated || estNombre(columns[x].type);
  let points = rows.map((row, at) => ({
    x: dated ? Date.parse(row[x]) : measured ? number(row[x]) : at,
    y: number(row[y]),
    nom: texte(row[x]),
  })).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  if (line) points.sort((a, b) => a.x - b.x);
  const every = Math.ceil(points.length / MOST_POINTS);
  if (every > 1) points = points.filter((_, at) => at % every === 0);
  const reach = (of) => points.reduce(([least, most], point) => [Math.min(least, point[of]), Math.max(most, point[of])], [Infinity, -Infinity]);
  const [lowest, highest] = points.length > 0 ? reach("y") : [0, 1];
  const vertical = graduations(line ? Math.min(0, lowest) : lowest, highest);
  let [left, right] = points.length > 0 ? reach("x") : [0, 1];
  if (left === right) [left, right] = [left - 1, right + 1];
  const [top, bottom, start, end] = [12, HIGH - 34, 76, WIDE - 20];
  const writtenY = labels(vertical);
  const placeX = (value) => start + ((value - left) / (right - left)) * (end - start);
  const placeY = (value) => bottom - ((value - vertical[0]) / (vertical.at(-1) - vertical[0])) * (bottom - top);
  const svg = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  for (const tick of vertical) {
    svg.append(draw("line", { class: "grille", x1: start, x2: end, y1: placeY(tick), y2: placeY(tick) }));
    svg.append(draw("text", { class: "axe", x: start - 8, y: placeY(tick) + 4, "text-anchor": "end" }, writtenY(tick)));
  }
  if (points.length > 0) {
    const ticks = graduations(left, right);
    const writtenX = labels(ticks, /^an(n[eé]e)?/i.test(columns[x].nom));
    const marks = dated || !measured
      ? [0, 0.25, 0.5, 0.75, 1].map((share) => points[Math.round(share * (points.length - 1))])
      : ticks.filter((tick) => tick >= left && tick <= right).map((tick) => ({ x: tick, nom: writtenX(tick) }));
    const seen = new Set();
    for (const mark of marks) {
      if (seen.has(mark.nom)) continue;
      seen.add(mark.nom);
      svg.append(draw("text", { class: "axe", x: Math.min(placeX(mark.x), end - 24), y: HIGH - 12, "text-anchor": "middle" }, shorten(mark.nom, 12)));
    }
  }
  if (line) svg.append(draw("polyline", { class: "trace", points: points.map((point) => `${placeX(point.x).toFixed(1)},${placeY(point.y).toFixed(1)}`).join(" ") }));
  if (!line || points.length <= 60) {
    for (const point of points) {
      const dot = draw("circle", { class: "marque-donnee", cx: placeX(point.x).toFixed(1), cy: placeY(point.y).toFixed(1), r: 3.5 });
      dot.append(draw("title", {}, `${point.nom} : ${point.y}`));
      svg.append(dot);
    }
  }
  return { svg, shown: points.length };
}

/** Draws in `place` what the controls `genre`, `x` and `y` ask for. */
export function graphique({ place, note, genre, x, y }) {
  let result = null;

  function options(select, wanted, chosen) {
    select.replaceChildren(...wanted.map(({ nom, at }) => new Option(nom, at, false, at === chosen)));
  }

  function show() {
    const { colonnes: columns, lignes: rows } = result;
    const chosen = { rows, columns, x: Number(x.value), y: Number(y.value) };
    const { svg, shown } = genre.value === "barres" ? bars(chosen) : plane({ ...chosen, line: genre.value === "ligne" });
    const [nameX, nameY] = [columns[chosen.x].nom, columns[chosen.y].nom];
    const values = rows.map((row) => number(row[chosen.y])).filter(Number.isFinite);
    const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const kind = { barres: "Barres", ligne: "Courbe", points: "Nuage de points" }[genre.value];
    const said = values.length > 0 ? `${kind} : ${nameY} selon ${nameX}, de ${court(least)} à ${court(most)}.` : `${kind} : ${nameY} n'a aucune valeur.`;
    svg.setAttribute("aria-label", `${said} Les valeurs sont dans le tableau.`);
    note.textContent = shown < rows.length ? `${said} ${entier(shown)} valeurs dessinées sur ${entier(rows.length)} lignes reçues.` : said;
    place.replaceChildren(svg);
  }

  for (const select of [genre, x, y]) select.addEventListener("change", show);
  return {
    /** Of a result; false when there is nothing to draw. */
    montrer(next) {
      result = next;
      const best = propose(result.colonnes, result.lignes);
      if (!best) return false;
      const all = result.colonnes.map(({ nom }, at) => ({ nom, at }));
      genre.value = best.genre;
      options(x, all, best.x);
      options(y, all.filter(({ at }) => estNombre(result.colonnes[at].type)), best.y);
      show();
      return true;
    },
  };
}

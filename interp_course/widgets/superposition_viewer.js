// Superposition viewer: how do the features of toy models share a plane?
//
// The choice (index) lives in the model; everything on the screen follows from it in `update`.
// All sentences and numbers come from Python, and enter the page through textContent only.

const SIZE = 170; // half the side of the picture, in its own units
const ROOM = 38; // for the names around the longest arrows
const LONGEST_NAME = 9;

// The point of an arrow, as two strokes that are never longer than half of it.
function barbs([x, y]) {
  const length = Math.hypot(x, y);
  if (length < 1) return "";
  const reach = Math.min(10, length / 2);
  const [u, v] = [(x / length) * reach, (y / length) * reach];
  const stroke = (side) => `${x - u - side * 0.5 * v} ${y - v + side * 0.5 * u}`;
  return `M${stroke(1)}L${x} ${y}L${stroke(-1)}`;
}

// Where the name of each arrow goes: nearest to its own tip, off names, arrows and the border.
function places(tips, names) {
  const covered = tips.flatMap(([x, y]) => Array.from({ length: 12 }, (_, i) => {
    const share = (i + 1) / 12;
    return [x * share, y * share];
  }));
  const found = tips.map(() => null);
  const length = (i) => Math.hypot(...tips[i]);
  const order = tips.map((_, i) => i).sort((i, j) => length(j) - length(i));
  for (const i of order) {
    const [x, y] = tips[i];
    const half = 4 + 4 * names[i].length;
    const wanted = Math.atan2(y, x);
    let least = Infinity;
    for (let ring = 0; ring < 5; ring += 1) {
      for (let turn = -6; turn <= 6; turn += 1) {
        const angle = wanted + (turn * Math.PI) / 6;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const reach = 14 + 12 * ring;
        const at = [x + c * (reach + (half - 8) * Math.abs(c)), y + s * reach];
        const over = found.filter((other) => other
          && Math.abs(other.at[0] - at[0]) < other.half + half
          && Math.abs(other.at[1] - at[1]) < 15).length;
        const crossed = covered.filter(([a, b]) => Math.abs(a - at[0]) < half
          && Math.abs(b - at[1]) < 8).length;
        const away = ([a, b]) => Math.hypot(a - at[0], b - at[1]);
        const strange = tips.filter((other, j) => j !== i && away(other) < away(tips[i])).length;
        const out = Math.abs(at[0]) + half > SIZE || Math.abs(at[1]) + 8 > SIZE;
        const far = 10 * ring + 4 * Math.abs(turn);
        const cost = 1000 * out + 200 * over + 60 * strange + 25 * crossed + far;
        if (cost < least) {
          least = cost;
          found[i] = { at, half };
        }
      }
    }
  }
  return found.map(({ at }) => at);
}

function render({ model, el }) {
  const steps = model.get("steps");
  const names = model.get("names");
  const importance = model.get("importance");
  const scale = (SIZE - ROOM) / model.get("extent");
  const most = Math.max(...importance, 0) || 1;
  const short = names.map((name) => (
    name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
  ));
  const last = steps.length - 1;

  const ticks = [0, last].map((i) => [i / last, steps[i].value]);
  const { control, point } = labelledSlider(model, model.get("label"), last, ticks);

  const arrows = names.map((_, i) => {
    const width = importance.length ? 1.5 + (2.5 * importance[i]) / most : 2.5;
    const shaft = drawn("line", { x1: 0, y1: 0, "stroke-width": width });
    const tip = drawn("path", { "stroke-width": width });
    const leader = drawn("line", { class: "leader" }); // from a tip to a name that is far from it
    const text = drawn("text", {}, short[i]);
    return { group: drawn("g", { class: "arrow" }, shaft, tip), shaft, tip, leader, text };
  });
  const svg = drawn(
    "svg",
    { viewBox: [-SIZE, -SIZE, 2 * SIZE, 2 * SIZE].join(" "), role: "img", "aria-label": "The directions of the features as arrows, as in the table" },
    drawn("line", { class: "axis", x1: -SIZE, x2: SIZE, y1: 0, y2: 0 }),
    drawn("line", { class: "axis", y1: -SIZE, y2: SIZE, x1: 0, x2: 0 }),
    drawn("circle", { class: "unit", r: scale }),
    ...arrows.map(({ group }) => group),
    ...arrows.map(({ leader }) => leader),
    ...arrows.map(({ text }) => text),
  );

  const rows = names.map((feature, i) => {
    const fill = element("span", { class: "fill" });
    const bar = element("div", { class: "track", "aria-hidden": "true" }, fill);
    const length = element("span");
    const lost = element("span", { class: "why" });
    const angle = element("td");
    const number = element("span", { class: "number" });
    const row = element(
      "tr", {},
      element("th", { scope: "row", title: feature }, feature),
      element("td", { class: "share" }, element("div", { class: "pair" }, bar, number)),
      element("td", {}, length, " ", lost),
      angle,
    );
    if (importance.length) row.append(element("td", {}, String(Number(importance[i].toPrecision(3)))));
    return { row, fill, length, lost, angle, number };
  });
  const heads = ["feature", "dimensionality", "length", "angle"];
  if (importance.length) heads.push("importance");
  const table = element(
    "table", {},
    element("thead", {}, element(
      "tr", {}, ...heads.map((head) => element("th", { scope: "col", class: head }, head)),
    )),
    element("tbody", {}, ...rows.map(({ row }) => row)),
  );
  const status = politely("status");
  const thick = importance.length ? " Thicker arrows: more important features." : "";
  const hint = "The circle has radius 1. Dashed: shorter than 0.5, not represented; its bar says little. "
    + `Bars end at 1: a dimension for one feature alone.${thick} Keys: arrows, PageUp/PageDown, Home/End.`;
  const root = element(
    "div", { class: "course-widget superposition-viewer" },
    control,
    element("div", { class: "views" }, svg, element("div", { class: "numbers" }, table)),
    status, element("p", { class: "hint" }, hint),
  );

  function update() {
    const step = steps[model.get("index")];
    const tips = step.tips.map(([x, y]) => [x * scale, -y * scale]); // SVG counts downwards
    point(step.value);
    const at = places(tips, short);
    arrows.forEach(({ group, shaft, tip, leader, text }, i) => {
      const [x, y] = tips[i];
      const far = Math.hypot(at[i][0] - x, at[i][1] - y) > 24;
      const line = { x1: x, y1: y, x2: far ? at[i][0] : x, y2: far ? at[i][1] : y };
      make(leader, line);
      make(shaft, { x2: x, y2: y });
      make(text, { x: at[i][0], y: at[i][1] });
      group.classList.toggle("lost", !step.kept[i]);
      text.classList.toggle("lost", !step.kept[i]);
      tip.setAttribute("d", barbs(tips[i]));
    });
    rows.forEach(({ row, fill, length, lost, angle, number }, i) => {
      row.classList.toggle("lost", !step.kept[i]);
      fill.style.width = percent(step.dimensionalities[i]);
      number.textContent = step.shares[i];
      length.textContent = step.lengths[i];
      lost.textContent = step.kept[i] ? "" : "not represented";
      angle.textContent = step.angles[i];
    });
    status.textContent = step.sentence;
  }

  return show(root, { model, el }, [["change:index", update]]);
}

export default { render };

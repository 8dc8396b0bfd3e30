// Patching map: where does patching change the answer, and at which token?
//
// The choice (row, column) lives in the model; everything on the screen follows from it in
// `update`. All texts come from Python, and enter the page through textContent only.

const MARKED = 0.1; // from this share on a negative cell carries a minus sign
const STRONG = 0.65; // above this share its text is in the other ink

function render({ model, el }) {
  const [tokens, rows, columns] = ["tokens", "row_names", "column_names"].map((name) => model.get(name));
  const [positions, shares, texts] = ["positions", "shares", "texts"].map((name) => model.get(name));
  const label = model.get("label");
  const sentence = (row, column) => `${rows[row]}, ${columns[column]}: ${texts[row][column]}`;
  const last = { row: rows.length - 1, column: columns.length - 1 };

  const prompt = tokens.map((token, i) => {
    const word = element("span", { class: "token" }, token);
    const column = positions.indexOf(i);
    if (column >= 0) word.addEventListener("click", () => {
      choose({ column });
      focus();
    });
    return word;
  });

  function coloured(node, share) {
    node.style.setProperty("--share", Math.abs(share));
    node.classList.toggle("negative", share < 0);
    node.classList.toggle("strong", Math.abs(share) > STRONG);
    return node;
  }

  const cells = shares.map((row, r) => row.map((share, c) => {
    const cell = coloured(element("td", { role: "gridcell", "aria-label": sentence(r, c) }), share);
    if (share <= -MARKED) cell.append("\u2212");
    cell.addEventListener("pointerenter", () => choose({ row: r, column: c }));
    cell.addEventListener("click", () => {
      choose({ row: r, column: c });
      focus();
    });
    return cell;
  }));
  const short = columns.map((name, c) => (positions.length ? tokens[positions[c]] : name));
  const heads = short.map((name, c) => element(
    "th", { role: "columnheader", scope: "col", title: columns[c] }, element("span", {}, name),
  ));
  const lines = cells.map((row, r) => element(
    "tr", { role: "row" }, element("th", { role: "rowheader", scope: "row" }, rows[r]), ...row,
  ));
  const corner = element("td", { "aria-hidden": "true" });
  const grid = element(
    "table", { role: "grid", "aria-label": label, "aria-readonly": "true" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, corner, ...heads)),
    element("tbody", { role: "rowgroup" }, ...lines),
  );
  if (positions.length) grid.classList.add("tall");

  const steps = Array.from({ length: 21 }, (_, i) => coloured(element("i"), (i - 10) / 10));
  const ends = model.get("ends");
  const legend = element(
    "div", { class: "legend", role: "img", "aria-label": `Colours from orange, ${ends[0]}, over 0 to blue, ${ends[1]}: ${label}` },
    element("span", {}, ends[0]), element("span", { class: "scale" }, ...steps), element("span", {}, ends[1]), element("span", {}, label),
  );
  const status = politely("status");
  const root = element(
    "div", { class: "course-widget patching-map" },
    element("p", { class: "prompt", "aria-label": "Prompt" }, ...prompt),
    element("div", { class: "scroll" }, grid), legend, status,
    element("p", { class: "hint" }, "Hover over a cell, or focus one and use the keys: arrows, Home/End in a row, PageUp/PageDown for the first and the last row. A minus sign: negative."),
  );

  function choose(changes) {
    for (const [name, value] of Object.entries(changes)) model.set(name, clamp(value, last[name]));
    model.save_changes();
  }
  const chosen = () => [model.get("row"), model.get("column")];
  function focus() {
    const [row, column] = chosen();
    cells[row][column].focus();
  }
  let before;
  function update() {
    const [row, column] = chosen();
    const cell = cells[row][column];
    const parts = [cell, heads[column], lines[row].firstChild, prompt[positions[column]]].filter(Boolean);
    before?.forEach((part) => part.classList.remove("chosen"));
    before?.[0].removeAttribute("tabindex");
    before?.[0].setAttribute("aria-selected", "false");
    parts.forEach((part) => part.classList.add("chosen"));
    cell.tabIndex = 0;
    cell.setAttribute("aria-selected", "true");
    before = parts;
    status.textContent = sentence(row, column);
  }

  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = chosen();
    const change = {
      ArrowUp: { row: row - 1 },
      ArrowDown: { row: row + 1 },
      ArrowLeft: { column: column - 1 },
      ArrowRight: { column: column + 1 },
      Home: { column: 0 },
      End: { column: last.column },
      PageUp: { row: 0 },
      PageDown: { row: last.row },
    }[event.key];
    if (!change) return;
    event.preventDefault();
    choose(change);
    focus();
  });

  return show(root, { model, el }, [["change:row change:column", update]]);
}

export default { render };

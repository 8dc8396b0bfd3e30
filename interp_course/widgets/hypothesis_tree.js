// Hypothesis tree: what does each node of a hypothesis claim?
//
// The choice (index) lives in the model; everything on the screen follows from it in `update`.
// All texts come from Python, and enter the page through textContent only.

function render({ model, el }) {
  const nodes = model.get("nodes");
  const children = nodes.map((_, i) => nodes.flatMap(({ parent }, j) => (parent === i ? [j] : [])));
  const measured = nodes[0].share !== null;

  const boxes = nodes.map(({ label, claim, on_edge: words, share }) => {
    const box = element("div", { class: "box" });
    if (words) box.append(element("span", { class: "edge" }, words));
    box.append(element("b", {}, label), element("span", { class: "claim" }, claim));
    if (measured) {
      const fill = element("i", { class: "fill" });
      fill.style.width = percent(share);
      box.append(element("span", { class: "track bar", "aria-hidden": "true" }, fill));
    }
    return box;
  });
  const items = nodes.map(({ parent, level, label, claim, on_edge: words, share }, i) => {
    const siblings = parent === null ? [i] : children[parent];
    const item = element("li", {
      role: "treeitem",
      "aria-label": `${words ? `${words}: ` : ""}${label}, ${claim}${measured ? `, ${Math.round(100 * share)}% exchanged` : ""}`,
      "aria-level": level + 1,
      "aria-setsize": siblings.length,
      "aria-posinset": siblings.indexOf(i) + 1,
    }, boxes[i]);
    if (children[i].length) item.setAttribute("aria-expanded", "true");
    return item;
  });
  nodes.forEach((_, i) => {
    if (children[i].length) items[i].append(element("ul", { role: "group" }, ...children[i].map((j) => items[j])));
  });
  const tree = element("ul", { role: "tree", "aria-label": "Hypothesis" }, items[0]);

  const facts = element("dl");
  const status = politely("status");
  const bars = measured ? " Bars: share of rows that were exchanged." : "";
  const root = element(
    "div", { class: "course-widget hypothesis-tree" },
    element("p", { class: "caption" }, model.get("caption")),
    element("div", { class: "views" }, element("div", { class: "scroll" }, tree), element("div", { class: "facts" }, facts)),
    status,
    element("p", { class: "hint" }, `What a node reads stands below it, a step to the right.${bars} Keys: ↑/↓ next node, ← its reader, → what it reads, Home/End.`),
  );

  function choose(index) {
    model.set("index", clamp(index, nodes.length - 1));
    model.save_changes();
  }
  function update() {
    const index = model.get("index");
    items.forEach((item, i) => {
      item.setAttribute("aria-selected", String(i === index));
      item.tabIndex = i === index ? 0 : -1;
      boxes[i].classList.toggle("chosen", i === index);
    });
    const { label, facts: pairs, sentence } = nodes[index];
    facts.replaceChildren(...[["node", label], ...pairs].map(([name, value]) => element(
      "div", {}, element("dt", {}, name), element("dd", {}, value),
    )));
    status.textContent = sentence;
  }

  boxes.forEach((box, i) => box.addEventListener("click", () => {
    choose(i);
    items[i].focus();
  }));
  tree.addEventListener("keydown", (event) => {
    const index = model.get("index");
    const next = {
      ArrowUp: index - 1,
      ArrowDown: index + 1,
      ArrowLeft: nodes[index].parent ?? index,
      ArrowRight: children[index][0] ?? index,
      Home: 0,
      End: nodes.length - 1,
    }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(next);
    items[model.get("index")].focus();
  });

  return show(root, { model, el }, [["change:index", update]]);
}

export default { render };

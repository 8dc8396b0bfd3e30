// Steering slider: how does the continuation of a prompt change with the strength?
//
// The choice (index) lives in the model; everything on the screen follows from it in `update`.
// All sentences and numbers come from Python, and enter the page through textContent only.

const KEYS = [
  "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown",
];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}

// The pieces of a continuation; new words are marked.
function continuation(step) {
  if (step.pieces.length === 0) return [" ", element("i", {}, "(nothing)")];
  return step.pieces.map(([text, isNew]) => (isNew ? element("mark", {}, text) : text));
}

function render({ model, el }) {
  const steps = model.get("steps");
  const words = model.get("words");
  const baseline = model.get("baseline");
  const barEnd = model.get("bar_end");
  const label = model.get("label");
  const prompt = model.get("prompt").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  const last = steps.length - 1;
  const plain = (step) => step.pieces.map(([text]) => text).join("");

  // An invisible copy of the longest continuation keeps the height, so that nothing jumps.
  const longest = steps.reduce((a, b) => (plain(b).length > plain(a).length ? b : a));
  const said = element("span", { class: "said" });
  const text = element(
    "div",
    { class: "text" },
    element("p", { class: "ghost", "aria-hidden": "true" }, prompt, ...continuation(longest)),
    element("p", {}, element("span", { class: "prompt" }, prompt), said),
  );

  const slider = element("input", { type: "range", min: 0, max: last, step: 1 });
  slider.setAttribute("aria-label", label);
  const value = element("b", { "aria-hidden": "true" });
  const name = element("span", { "aria-hidden": "true" }, `${label}:`);
  const scale = [...new Set([0, baseline, last])].map((i) => {
    const crowded = i !== 0 && i !== last && Math.min(i, last - i) < 0.08 * last;
    const tick = element("span", {}, crowded ? "" : steps[i].strength);
    tick.style.setProperty("--at", i / last);
    return tick;
  });
  const control = element(
    "div",
    { class: "control" },
    element("div", { class: "name" }, name, value),
    slider,
    element("div", { class: "scale", "aria-hidden": "true" }, ...scale),
  );

  const bars = words.map((word, i) => {
    const fill = element("span", { class: "fill" });
    const before = element("span", { class: "before" });
    before.style.left = percent(steps[baseline].shares[i] / barEnd);
    const track = element("div", { class: "track" }, fill, before);
    const share = element("td", { class: "share" });
    const head = element("th", { scope: "row", title: word }, word);
    const cell = element("td", { "aria-hidden": "true" }, track);
    return { row: element("tr", {}, head, cell, share), fill, share };
  });
  const table = element(
    "table",
    {},
    element("caption", {}, "Probability of the next token after the prompt"),
    element("tbody", {}, ...bars.map(({ row }) => row)),
  );
  const status = element("p", { class: "status", role: "status", "aria-live": "polite" });
  const zero = steps[baseline].strength;
  const hint = element(
    "p",
    { class: "hint" },
    `Bold and underlined: words that are not in the continuation at ${zero}. Bars end at ` +
      `${barEnd}; the upright line is the probability at ${zero}. Keys: arrows, ` +
      "PageUp/PageDown, Home/End.",
  );
  const root = element("div", { class: "steering-slider" }, text, control, table, status, hint);

  function update() {
    const index = model.get("index");
    const step = steps[index];
    slider.value = index;
    slider.setAttribute("aria-valuetext", `${step.strength}: ${plain(step) || "(nothing)"}`);
    value.textContent = step.strength;
    said.replaceChildren(...continuation(step));
    bars.forEach(({ fill, share }, i) => {
      fill.style.width = percent(step.shares[i] / barEnd);
      share.textContent = step.share_texts[i];
    });
    status.textContent = step.sentence;
  }

  slider.addEventListener("input", () => {
    model.set("index", Number(slider.value));
    model.save_changes();
  });
  slider.addEventListener("keydown", (event) => {
    if (KEYS.includes(event.key)) event.stopPropagation(); // or the notebook would move as well
  });

  model.on("change:index", update);
  update();
  el.replaceChildren(root);
  return () => model.off("change:index", update);
}

export default { render };

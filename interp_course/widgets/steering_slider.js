// Steering slider: how does the continuation of a prompt change with the strength?
//
// The choice (index) lives in the model; everything on the screen follows from it in `update`.
// All sentences and numbers come from Python, and enter the page through textContent only.

// The pieces of a continuation; new words are marked.
function continuation(step) {
  if (step.pieces.length === 0) return [" ", element("i", {}, "(nothing)")];
  return step.pieces.map(([text, isNew]) => (isNew ? element("mark", {}, text) : text));
}

function render({ model, el }) {
  const [steps, words, baseline] = ["steps", "words", "baseline"].map((name) => model.get(name));
  const barEnd = model.get("bar_end");
  const prompt = model.get("prompt").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  const last = steps.length - 1;
  const plain = (step) => step.pieces.map(([text]) => text).join("");

  // An invisible copy of the longest continuation keeps the height, so that nothing jumps.
  const longest = steps.reduce((a, b) => (plain(b).length > plain(a).length ? b : a));
  const said = element("span", { class: "said" });
  const text = element(
    "div", { class: "text" },
    element("p", { class: "ghost", "aria-hidden": "true" }, prompt, ...continuation(longest)),
    element("p", {}, element("span", { class: "prompt" }, prompt), said),
  );

  const ticks = [...new Set([0, baseline, last])].map((i) => {
    const crowded = i !== 0 && i !== last && Math.min(i, last - i) < 0.08 * last;
    return [i / last, crowded ? "" : steps[i].strength];
  });
  const { control, point } = labelledSlider(model, model.get("label"), last, ticks);

  const bars = words.map((word, i) => {
    const fill = element("span", { class: "fill" });
    const before = element("span", { class: "before" });
    before.style.left = percent(steps[baseline].shares[i] / barEnd);
    const share = element("td", { class: "share" });
    const head = element("th", { scope: "row", title: word }, word);
    const cell = element("td", { "aria-hidden": "true" }, element("div", { class: "track" }, fill, before));
    return { row: element("tr", {}, head, cell, share), fill, share };
  });
  const table = element(
    "table", {},
    element("caption", {}, "Probability of the next token after the prompt"),
    element("tbody", {}, ...bars.map(({ row }) => row)),
  );
  const status = politely("status");
  const zero = steps[baseline].strength;
  const hint = `Bold and underlined: words that are not in the continuation at ${zero}. Bars end at ${barEnd}; `
    + `the upright line is the probability at ${zero}. Keys: arrows, PageUp/PageDown, Home/End.`;
  const root = element("div", { class: "course-widget steering-slider" }, text, control, table, status, element("p", { class: "hint" }, hint));

  function update() {
    const step = steps[model.get("index")];
    point(step.strength, `${step.strength}: ${plain(step) || "(nothing)"}`);
    said.replaceChildren(...continuation(step));
    bars.forEach(({ fill, share }, i) => {
      fill.style.width = percent(step.shares[i] / barEnd);
      share.textContent = step.share_texts[i];
    });
    status.textContent = step.sentence;
  }

  return show(root, { model, el }, [["change:index", update]]);
}

export default { render };

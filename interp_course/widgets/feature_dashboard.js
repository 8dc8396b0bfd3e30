// Feature dashboard: what does a latent of a dictionary mean?
//
// The choice (index) and the search (query) live in the model; Python answers with `page` and
// `found`. All texts come from Python, and enter the page through textContent only.

const row = (tag, cells) => element("tr", {}, ...cells.map((cell) => element(tag, {}, cell)));

function histogram(counts, maximum) {
  const most = Math.max(...counts, 1);
  const said = `Histogram of the activations from 0 to ${maximum}, in ${counts.length} bins: ${counts.join(", ")} tokens`;
  const bars = counts.map((count, i) => {
    const height = count && Math.max(1.5, (60 * count) / most);
    return drawn("rect", { x: (200 * i) / counts.length, y: 60 - height, width: 190 / counts.length, height });
  });
  const view = { viewBox: "0 0 200 60", preserveAspectRatio: "none", role: "img", "aria-label": said };
  return drawn("svg", view, drawn("title", {}, said), ...bars);
}

function example(words) {
  const strongest = words.find(([, , , is]) => is);
  return element("li", {}, element("span", { class: "value" }, strongest[2]), element(
    "span", {}, ...words.flatMap(([word, share, value, is]) => {
      const node = element(is ? "b" : "span", share > 0 ? { class: "on", title: value } : {}, word);
      node.style.setProperty("--share", share);
      return [node, " "];
    }),
  ));
}

function render({ model, el }) {
  const last = model.get("n_latents") - 1;
  const slider = element("input", { type: "range", min: 0, max: last, "aria-label": "latent" });
  const number = element("input", { type: "number", min: 0, max: last, "aria-label": "number of the latent" });
  const search = element("input", { type: "search", placeholder: "country france · river · dead · densest" });
  const hits = element("select", { size: 5, "aria-label": "latents found, the best first" });
  const reply = element("span", { class: "reply", role: "status" });
  const status = politely("status");
  const card = element("div", { class: "card" });
  const hint = "Background: activation as a share of the latent's maximum; bold and underlined: the strongest word."
    + " Words are promoted directly: later layers are skipped. Keys: arrows, PageUp/PageDown for ten, Enter to search.";
  const root = element(
    "div", { class: "course-widget feature-dashboard" },
    element("div", { class: "line" }, element("label", {}, "Latent ", number), slider, `0 to ${last}`),
    element("div", { class: "line" }, element("label", {}, "Search ", search), reply),
    hits, status, card, element("p", { class: "hint" }, hint),
  );

  let waiting;
  const answered = () => model.get("page").latent === model.get("index") && model.get("reply").includes(model.get("query").trim());
  function ask() {
    model.save_changes();
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (!answered()) reply.textContent = `${SILENT} Run this cell again.`; }, PATIENCE);
  }
  function choose(index) {
    model.set("index", clamp(Math.round(index) || 0, last));
    ask();
    point();
  }
  function point() {
    const index = model.get("index");
    slider.value = number.value = hits.value = index;
    slider.setAttribute("aria-valuetext", `latent ${index}`);
  }
  function turn() {
    const page = model.get("page");
    const words = (name) => [element("h4", {}, `${name} the words`), element("p", {}, ...page[name].flatMap(
      ([word, effect]) => [element("span", { class: "word" }, word, " ", element("small", {}, effect)), " "],
    ))];
    const heads = row("th", ["nearest feature", "F1", "precision", "recall"]);
    const table = element("table", {}, element("thead", {}, heads), element("tbody", {}, ...page.features.map((cells) => row("td", cells))));
    const n = page.histogram.reduce((sum, count) => sum + count, 0);
    const scale = element("div", { class: "scale", "aria-hidden": "true" }, element("span", {}, "0"), element("span", {}, page.maximum));
    const bars = element("div", {}, element("h4", {}, `how active, on ${n} tokens`), histogram(page.histogram, page.maximum), scale);
    card.replaceChildren(
      element("div", { class: "facts" }, ...(n ? [table] : []), element("div", {}, ...words("promotes"), ...words("suppresses")), ...(n ? [bars] : [])),
      ...Object.entries(page.examples).flatMap(([name, examples]) => (examples.length
        ? [element("h4", {}, name), element("ol", {}, ...examples.map(example))] : [])),
    );
    status.replaceChildren(element("strong", {}, page.said[0]), ` ${page.said[1]}`);
    reply.textContent = model.get("reply");
    point();
  }
  function list() {
    hits.replaceChildren(...model.get("found").map(({ latent, text }) => element("option", { value: latent }, `${latent}: ${text}`)));
    hits.hidden = model.get("found").length === 0;
    reply.textContent = model.get("reply");
    point();
  }

  slider.addEventListener("input", () => choose(Number(slider.value)));
  number.addEventListener("change", () => choose(Number(number.value)));
  hits.addEventListener("change", () => choose(Number(hits.value)));
  slider.addEventListener("keydown", (event) => {
    const step = { PageUp: 10, PageDown: -10 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(model.get("index") + step);
  });
  search.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowDown" && !hits.hidden) hits.focus();
    if (key !== "Enter") return;
    if (model.get("query") === search.value && !hits.hidden) choose(Number(hits.options[0].value));
    model.set("query", search.value);
    ask();
  });

  search.value = model.get("query");
  const undo = show(root, { model, el }, [["change:index", point], ["change:found change:reply", list], ["change:page", turn]]);
  return () => {
    clearTimeout(waiting);
    undo();
  };
}

export default { render };

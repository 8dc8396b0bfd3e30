// Draws one CircuitsVis element. The library comes from Python once per session (as a model of
// its own) and is evaluated once per page.

// CircuitsVis finds its place in the page by id. Each widget has a copy of this file of its own,
// so what they share lives on the page.
function freshId() {
  globalThis.interpCourseViewCount = (globalThis.interpCourseViewCount ?? 0) + 1;
  return `interp-course-circuitsvis-${globalThis.interpCourseViewCount}`;
}

function library(source) {
  globalThis.interpCourseCircuitsVis ??= (async () => {
    const module = new Blob([source, "\nexport default CircuitsVis;"], { type: "text/javascript" });
    const url = URL.createObjectURL(module);
    try {
      return (await import(url)).default;
    } finally {
      URL.revokeObjectURL(url);
    }
  })();
  return globalThis.interpCourseCircuitsVis;
}

async function attached(node) {
  while (!node.isConnected) await new Promise(requestAnimationFrame);
}

async function render({ model, el }) {
  const holder = await model.widget_manager.get_model(model.get("library").replace("IPY_MODEL_", ""));
  const circuitsvis = await library(holder.get("source"));
  const target = element("div", { id: freshId() });
  const view = element("div", { class: "course-widget circuitsvis-view", role: "figure", "aria-label": model.get("label") }, target);
  el.replaceChildren(view);
  await attached(view);
  circuitsvis.render(target.id, circuitsvis[model.get("element")], JSON.parse(model.get("props")));
}

export default { render };

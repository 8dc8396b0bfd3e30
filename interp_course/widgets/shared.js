// What all widgets share; Python puts this in front of the script of each one.

const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Enter", " "];
const PATIENCE = 4000; // milliseconds until the page says that the kernel has not answered
const SILENT = "The kernel has not answered: it is busy, or it does not run.";

// The node, with attributes and children added.
function make(node, attributes, children = []) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function element(tag, attributes = {}, ...children) {
  return make(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}

function clamp(value, last) {
  return Math.max(0, Math.min(last, value));
}

// Where sentences appear that a screen reader says as well.
function politely(name) {
  return element("p", { class: name, role: "status", "aria-live": "polite" });
}

// A slider for the index of the model, with its name and value, and `ticks` ([place, text]) below.
function labelledSlider(model, label, last, ticks) {
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, "aria-label": label });
  const value = element("b", { "aria-hidden": "true" });
  const scale = element("div", { class: "ticks", "aria-hidden": "true" }, ...ticks.map(
    ([at, text]) => element("span", { style: `--at: ${at}` }, text),
  ));
  const name = element("div", { class: "name" }, element("span", { "aria-hidden": "true" }, `${label}:`), value);
  slider.addEventListener("input", () => {
    model.set("index", Number(slider.value));
    model.save_changes();
  });
  function point(text, spoken = text) {
    slider.value = model.get("index");
    value.textContent = text;
    slider.setAttribute("aria-valuetext", spoken);
  }
  return { control: element("div", { class: "control" }, name, slider, scale), point };
}

const PRESSED = "button, select, input:not([type=range])"; // have a use for Space of their own

// Keys that a widget uses must not move through the notebook as well; Shift+Enter still runs.
function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    const runs = event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.altKey);
    if (KEYS.includes(event.key) && !runs) event.stopPropagation();
    if (event.key === " " && !event.target.matches(PRESSED)) event.preventDefault(); // or it scrolls
  });
}

// Put the view on the page, and call each function at the changes it follows; returns what undoes that.
function show(root, { model, el }, following) {
  keepKeys(root);
  following.forEach(([name, update]) => model.on(name, update));
  following.forEach(([, update]) => update());
  el.replaceChildren(root);
  return () => following.forEach(([name, update]) => model.off(name, update));
}


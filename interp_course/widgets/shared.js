// What the newer widgets share; Python puts this in front of the script of each one.

const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Enter", " "];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Keys that a widget uses must not move through the notebook as well.
function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (KEYS.includes(event.key)) event.stopPropagation();
  });
}

// Call each function at the changes it follows; returns what undoes that.
function follow(model, following) {
  following.forEach(([name, update]) => model.on(name, update));
  return () => following.forEach(([name, update]) => model.off(name, update));
}


// Attention explorer: which tokens does a chosen destination token look at?
//
// The choice (layer, head, position) lives in the model; everything on the screen follows from
// it in `update`. Texts enter the page through textContent only, so a token such as "<bos>" is
// shown as it is written.

const CIVIDIS = [
  "#00224e", "#123570", "#3b496c", "#575d6d", "#707173",
  "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838",
];
const RGB = CIVIDIS.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));

function visible(token) {
  return token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "·") || "∅";
}

// One pixel per weight; `row` and `column` run over all tokens.
function paint(canvas, n, weight) {
  canvas.width = canvas.height = n;
  const context = canvas.getContext("2d");
  const image = context.createImageData(n, n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const at = (weight(row, column) / 255) * (RGB.length - 1);
      const low = Math.min(Math.floor(at), RGB.length - 2);
      const start = 4 * (row * n + column);
      const mix = (c) => RGB[low][c] + (at - low) * (RGB[low + 1][c] - RGB[low][c]);
      for (let c = 0; c < 3; c++) image.data[start + c] = mix(c);
      image.data[start + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function render({ model, el }) {
  const tokens = model.get("tokens");
  const [nLayers, nHeads] = model.get("shape");
  const n = tokens.length;
  const view = model.get("data");
  const data = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const row = (layer, head, position) => {
    const start = ((layer * nHeads + head) * n + position) * n;
    return data.subarray(start, start + n);
  };
  const name = (position) => `token ${position} “${visible(tokens[position])}”`;

  function sentence(layer, head, position) {
    const weights = row(layer, head, position);
    const best = [...weights.keys()].sort((a, b) => weights[b] - weights[a] || a - b).slice(0, 3);
    const parts = best
      .filter((i, rank) => rank === 0 || weights[i] > 2)
      .map((i) => `${name(i)} (${(weights[i] / 255).toFixed(2)})`);
    const then = parts.length > 1 ? `, then to ${parts.slice(1).join(" and ")}` : "";
    return `L${layer}.H${head}: ${name(position)} attends most to ${parts[0]}${then}.`;
  }

  function choose(changes) {
    const last = { layer: nLayers - 1, head: nHeads - 1, position: n - 1 };
    for (const [key, value] of Object.entries(changes)) model.set(key, clamp(value, last[key]));
    model.save_changes();
  }

  // A row of buttons of which exactly one is chosen.
  function radios(label, key, size, content) {
    const buttons = Array.from({ length: size }, (_, i) => {
      const button = element("button", { type: "button", role: "radio" }, ...content(i));
      button.addEventListener("click", () => choose({ [key]: i }));
      return button;
    });
    const group = element(
      "div", { class: "choices", role: "radiogroup", "aria-label": label },
      element("span", { "aria-hidden": "true" }, label), ...buttons,
    );
    return { group, buttons, key };
  }

  const thumbnails = Array.from({ length: nHeads }, () => element("canvas", { class: "thumbnail", "aria-hidden": "true" }));
  const captions = thumbnails.map(() => element("span"));
  const layers = radios("Layer", "layer", nLayers, (i) => [`L${i}`]);
  const heads = radios("Head", "head", nHeads, (i) => [thumbnails[i], captions[i]]);
  layers.group.hidden = nLayers === 1;

  const canvas = element("canvas", { role: "img" });
  const marker = element("div", { class: "row" });
  const bar = element("i");
  bar.style.background = `linear-gradient(to right, ${CIVIDIS.join(",")})`;
  const frame = element("div", { class: "frame" }, canvas, marker);
  const scale = element("div", { class: "scale", "aria-hidden": "true" }, "0", bar, "1");
  const axes = element("figcaption", {}, "row: from (destination); column: to (source)");
  const map = element("figure", { class: "map" }, frame, axes, scale);

  const options = tokens.map((token, i) => {
    const option = element("span", { class: "token", role: "option" }, visible(token));
    option.addEventListener("pointerenter", () => choose({ position: i }));
    option.addEventListener("click", () => {
      choose({ position: i });
      option.focus();
    });
    return option;
  });
  const list = element("div", { class: "tokens", role: "listbox", "aria-label": "Destination token" }, ...options);
  const status = politely("status");
  const hint = "Hover over a token, or focus one and use the keys: ←/→ token, ↑/↓ head, PageUp/PageDown "
    + "layer, Home/End. Outline: destination; the bluer, the more attention.";
  const reading = element("div", { class: "reading" }, list, status, element("p", { class: "hint" }, hint));
  const root = element(
    "div", { class: "course-widget attention-explorer", role: "group", "aria-label": "Attention explorer" },
    layers.group, heads.group, element("div", { class: "body" }, map, reading),
  );

  function check({ buttons, key }) {
    buttons.forEach((button, i) => {
      const chosen = i === model.get(key);
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    });
  }

  function updateHead() {
    const layer = model.get("layer");
    const head = model.get("head");
    thumbnails.forEach((thumbnail, h) => {
      paint(thumbnail, n, (r, c) => row(layer, h, r)[c]);
      captions[h].textContent = `L${layer}.H${h}`;
      heads.buttons[h].setAttribute("aria-label", `Head L${layer}.H${h}`);
    });
    layers.buttons.forEach((button, l) => button.setAttribute("aria-label", `Layer ${l}`));
    paint(canvas, n, (r, c) => row(layer, head, r)[c]);
    canvas.setAttribute("aria-label", `Pattern of head L${layer}.H${head}, ${n} by ${n} tokens`);
    check(layers);
    check(heads);
    updatePosition();
  }

  function updatePosition() {
    const [layer, head, position] = ["layer", "head", "position"].map((key) => model.get(key));
    const weights = row(layer, head, position);
    options.forEach((option, i) => {
      const weight = weights[i] / 255;
      option.style.setProperty("--share", weight.toFixed(3));
      option.setAttribute("aria-selected", String(i === position));
      option.tabIndex = i === position ? 0 : -1;
      option.title = `${name(i)}: ${weight.toFixed(2)}`;
    });
    marker.style.top = percent(position / n);
    marker.style.height = percent(1 / n);
    status.textContent = sentence(layer, head, position);
  }

  const STEPS = {
    ArrowLeft: ["position", -1],
    ArrowRight: ["position", 1],
    ArrowUp: ["head", -1],
    ArrowDown: ["head", 1],
    PageUp: ["layer", -1],
    PageDown: ["layer", 1],
    Home: ["position", -n],
    End: ["position", n],
  };

  root.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    let [key, step] = STEPS[event.key];
    const group = [layers, heads].find(({ group }) => group.contains(event.target));
    if (group && event.key.startsWith("Arrow")) key = group.key; // as in any group of radios
    choose({ [key]: model.get(key) + step });
    if (group && key === group.key) group.buttons[model.get(key)].focus();
    else if (!group) options[model.get("position")].focus();
  });

  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    choose({ position: Math.floor(((event.clientY - box.top) / box.height) * n) });
  });

  return show(root, { model, el }, [["change:layer change:head", updateHead], ["change:position", updatePosition]]);
}

export default { render };

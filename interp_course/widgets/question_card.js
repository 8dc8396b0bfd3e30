// Question card: multiple-choice questions whose explanations stay in the kernel.
//
// The page knows no right answer. It writes what was chosen and what is to be checked into the
// model; Python answers with `replies`, for those options only. Texts enter through textContent.

function written(pieces) {
  return pieces.map(([kind, text]) => (kind ? element(kind, {}, text) : text));
}

async function copy(node, text) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch { // a page that is not served securely may only select
    getSelection().selectAllChildren(node);
    return "Selected: press Ctrl+C, or ⌘C.";
  }
}

function render({ model, el }) {
  const questions = model.get("questions");
  const group = `question-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

  function change(name, number, letter) {
    model.set(name, { ...model.get(name), [number]: letter });
    model.save_changes();
  }

  const cards = questions.map(({ text, options }, i) => {
    const number = i + 1;
    const radios = options.map(([letter]) => element("input", { type: "radio", name: `${group}-${number}`, value: letter }));
    const labels = options.map(([letter, pieces], j) => element(
      "label", {}, radios[j], element("b", {}, letter), element("span", {}, ...written(pieces)),
    ));
    const check = element("button", { type: "button" }, "Check");
    if (questions.length > 1) check.setAttribute("aria-label", `Check answer ${number}`);
    const reply = politely("reply");
    const start = questions.length > 1 ? `${number}. ` : "";
    const legend = element("legend", {}, element("b", {}, start || model.get("heading")), ...written(text));
    const ask = model.get("explains") ? [element("div", { class: "line" }, check, reply)] : [];
    const field = element("fieldset", {}, legend, ...labels, ...ask);
    let waiting;

    function chosen() {
      return radios.find((radio) => radio.checked)?.value;
    }
    function say(mark, words) {
      clearTimeout(waiting);
      reply.dataset.mark = mark;
      reply.textContent = words;
    }
    function look() {
      if (!chosen()) {
        say("", "Choose an option first.");
        return;
      }
      if (model.get("replies")[number]?.letter === chosen()) {
        answer();
        return;
      }
      say("", "");
      waiting = setTimeout(() => say("", `${SILENT} Run this cell, then check again.`), PATIENCE);
      change("checked", number, chosen());
    }
    check.addEventListener("click", look);
    radios.forEach((radio) => radio.addEventListener("change", () => {
      change("chosen", number, radio.value);
      answer(); // takes away what was said about another option
    }));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target !== check && model.get("explains")) look();
    });
    function choose() {
      radios.forEach((radio) => { radio.checked = radio.value === model.get("chosen")[number]; });
    }
    function answer() {
      const found = model.get("replies")[number];
      if (found && found.letter === chosen()) say(found.right ? "right" : "wrong", found.text);
      else if (reply.textContent) say("", "");
    }
    return { field, choose, answer, stop: () => clearTimeout(waiting) };
  });

  const code = element("code", { class: "code", tabindex: 0, "aria-label": "your line of code" });
  const button = element("button", { type: "button" }, "Copy");
  const copied = element("span", { role: "status", "aria-live": "polite" });
  const line = element("div", { class: "line" }, code, button, copied);
  button.addEventListener("click", async () => { copied.textContent = await copy(code, code.textContent); });
  const root = element(
    "div", { class: "course-widget question-card", role: "group", "aria-label": model.get("name") },
    ...cards.map(({ field }) => field), line, element("p", { class: "hint" }, model.get("hint")),
  );

  function choices() {
    const numbers = questions.map((_, i) => i + 1);
    const letters = numbers.map((number) => model.get("chosen")[number]);
    const values = letters.map((letter) => (letter ? `"${letter}"` : "None"));
    const value = model.get("numbered") ? `{${numbers.map((n, i) => `${n}: ${values[i]}`).join(", ")}}` : values[0];
    code.textContent = `${model.get("variable")} = ${value}`;
    copied.textContent = "";
    cards.forEach(({ choose }) => choose());
  }
  function replies() {
    cards.forEach(({ answer }) => answer());
  }

  const undo = show(root, { model, el }, [["change:chosen", choices], ["change:replies", replies]]);
  return () => {
    cards.forEach(({ stop }) => stop());
    undo();
  };
}

export default { render };

import { byId, make } from "./element.js";

/** The fields for a script's params: name and value, in rows. */
export class Params {
  constructor(changed) {
    this.place = byId("params");
    this.changed = changed;
    byId("add-param").addEventListener("click", () => this.#add("", "").querySelector("input").focus());
  }

  /** Names to values; to a list of values where a name stands more than once. */
  get values() {
    const found = {};
    for (const row of this.place.children) {
      const [name, value] = [...row.querySelectorAll("input")].map((input) => input.value);
      if (!name.trim()) continue;
      const before = found[name.trim()];
      found[name.trim()] = before === undefined ? value : [before, value].flat();
    }
    return found;
  }

  set values(values) {
    this.place.replaceChildren();
    for (const [name, value] of Object.entries(values))
      for (const one of [value].flat()) this.#add(name, String(one));
    this.changed();
  }

  #add(name, value) {
    const field = (label, text) =>
      make("input", {
        type: "text",
        value: text,
        "aria-label": label,
        placeholder: label.toLowerCase(),
        spellcheck: false,
        oninput: () => this.changed(),
      });
    const remove = () => {
      const next = row.nextElementSibling?.querySelector("input") ?? byId("add-param");
      row.remove();
      next.focus();
      this.changed();
    };
    const row = make(
      "div",
      { className: "row" },
      field("Name", name),
      make("span", { "aria-hidden": "true" }, "="),
      field("Value", value),
      make(
        "button",
        { type: "button", className: "quiet", "aria-label": `Remove parameter ${name}`, onclick: remove },
        "×",
      ),
    );
    this.place.append(row);
    return row;
  }
}

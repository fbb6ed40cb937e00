import { byId, make } from "./element.js";
import { bytes } from "./output.js";

/** The files that go to the script with each run. They stay in this page only. */
export class Files {
  #files = new Map();

  constructor(changed) {
    this.changed = changed;
    byId("choose").addEventListener("change", (event) => {
      this.add(event.target.files);
      event.target.value = "";
    });
    this.#takeDrops();
  }

  /** Name to Blob. */
  get all() {
    return new Map(this.#files);
  }

  add(files) {
    for (const file of files) this.#files.set(file.name, file);
    this.#show();
  }

  replace(files) {
    this.#files = new Map(files);
    this.#show();
  }

  #show() {
    const rows = [...this.#files].map(([name, blob]) => {
      const remove = () => {
        this.#files.delete(name);
        this.#show();
        byId("choose").focus();
      };
      const button = make(
        "button",
        { type: "button", className: "quiet", "aria-label": `Remove file ${name}`, onclick: remove },
        "×",
      );
      return make(
        "li",
        {},
        make("code", {}, name),
        make("span", { className: "about" }, bytes(blob.size)),
        button,
      );
    });
    byId("files").replaceChildren(...rows);
    this.changed();
  }

  #takeDrops() {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    const over = (is) => document.body.classList.toggle("dropping", is);
    // In the capturing phase: the editor would put the file's text into the script.
    addEventListener("dragover", (event) => holdsFiles(event) && (event.preventDefault(), over(true)), true);
    addEventListener("dragleave", (event) => event.relatedTarget === null && over(false), true);
    const take = (event) => {
      over(false);
      if (!holdsFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      this.add(event.dataTransfer.files);
    };
    addEventListener("drop", take, true);
  }
}

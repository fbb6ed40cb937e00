import { byId, make } from "./element.js";
import { runPicture } from "./server.js";

const AT_ONCE = 2;
// Dots per inch: a chart in small, where fewer pixels would be another, smaller chart.
const DPI = 50;

/** The dialog of examples; the server draws their thumbnails, when they are first looked at. */
export class Gallery {
  #examples = null;
  #pictures = new Map();
  #drawing = null;

  /**
   * @param choose called with the example that has been chosen: { script, params, files }
   * @param own returns the person's own script, or null
   */
  constructor(choose, own) {
    this.choose = choose;
    this.own = own;
    this.dialog = byId("gallery");
    for (const id of ["examples", "empty-examples"]) byId(id).addEventListener("click", () => this.open());
    // Half-drawn thumbnails must not hold slots that the chosen script wants.
    this.dialog.addEventListener("close", () => this.#drawing?.abort());
  }

  async open() {
    this.dialog.showModal();
    try {
      this.#examples ??= await (await fetch("page/gallery.json", { credentials: "omit" })).json();
    } catch {
      byId("cards").replaceChildren(make("li", { className: "none" }, "The server does not answer."));
      return;
    }
    const own = this.own();
    const mine =
      own === null
        ? []
        : [this.#card({ title: "Your own script", about: "As you left it.", file: null, ...own })];
    byId("cards").replaceChildren(...mine, ...this.#examples.map((example) => this.#card(example)));
    this.#draw();
  }

  #card(example) {
    const choose = () => {
      this.dialog.close();
      this.choose({ ...example, files: unpacked(example.files) });
    };
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", className: "card", onclick: choose },
        example.file
          ? this.#thumbnail(example.file)
          : make("span", { className: "thumbnail text" }, example.script.slice(0, 2000)),
        make("strong", {}, example.title),
        make("span", {}, example.about),
      ),
    );
  }

  #thumbnail(file) {
    const image = make("img", { alt: "", className: "thumbnail" });
    image.dataset.file = file;
    if (this.#pictures.has(file)) image.src = this.#pictures.get(file);
    return image;
  }

  async #draw() {
    this.#drawing = new AbortController();
    const waiting = this.#examples.filter(({ file }) => !this.#pictures.has(file));
    const draw = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        await this.#drawOne(next, this.#drawing.signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, draw));
  }

  async #drawOne(example, signal) {
    try {
      const { params, files, still } = example;
      const asked = { script: `${example.script}\n${still}\n`, params, files: unpacked(files) };
      const picture = await runPicture(asked, { dpi: DPI }, signal);
      if (!picture.type.startsWith("image/")) return;
      this.#pictures.set(example.file, URL.createObjectURL(picture));
      for (const image of byId("cards").querySelectorAll("img"))
        if (image.dataset.file === example.file) image.src = this.#pictures.get(example.file);
    } catch {
      // A card without a picture can be chosen as well, and then says what is wrong.
    }
  }
}

function unpacked(files = {}) {
  if (files instanceof Map) return files;
  const blob = (data) => new Blob([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))]);
  return new Map(Object.entries(files).map(([name, data]) => [name, blob(data)]));
}

import { byId, make } from "./element.js";
import { save } from "./download.js";
import { bytes, Output } from "./output.js";
import { Zoom } from "./zoom.js";

const MOST_TEXT = 200_000;
const FORMATS = ["png", "svg", "pdf"];

/** What the last script has made. */
export class Result {
  #urls = [];
  #zooms = [];

  /** @param fetchAs called with (asked, output, format) to have a figure in another format */
  constructor(fetchAs) {
    this.place = byId("outputs");
    this.fetchAs = fetchAs;
  }

  /** Mark what is shown as of a script before this one. */
  stale(is) {
    this.place.classList.toggle("stale", is && this.#urls.length > 0);
  }

  /** @param asked what was run for it */
  show(answer, asked) {
    const scales = this.#zooms.map((zoom) => zoom?.scale);
    for (const url of this.#urls) URL.revokeObjectURL(url);
    [this.#urls, this.#zooms] = [[], []];
    const outputs = answer.outputs.map((told, index) => new Output(told, index + 1, answer.outputs.length));
    this.place.classList.toggle("alone", outputs.length === 1);
    this.place.replaceChildren(...outputs.map((output, index) => this.#card(output, asked, scales[index])));
    this.stale(false);
    return outputs;
  }

  #card(output, asked, scale) {
    const parts = output.isShown ? this.#picture(output, scale) : { body: others(output), tools: [] };
    const size = output.width ? `${output.width} × ${output.height} px, ` : "";
    return make(
      "article",
      { className: "output", "aria-label": output.title },
      make(
        "header",
        {},
        make("h2", {}, output.title),
        make("span", { className: "about" }, `${size}${bytes(output.blob.size)}, ${output.mediaType}`),
        make("span", { className: "gap" }),
        ...parts.tools,
        this.#downloads(output, asked),
      ),
      parts.body,
    );
  }

  #picture(output, scale) {
    const url = URL.createObjectURL(output.blob);
    this.#urls.push(url);
    const image = make("img", { src: url, alt: output.title, draggable: false });
    if (output.width) [image.width, image.height] = [output.width, output.height];
    const label = `${output.title}; plus and minus zoom, 0 fits it in`;
    const zoom = new Zoom(image, { width: output.width ?? 640, label, scale });
    this.#zooms.push(zoom);
    return { body: zoom.stage, tools: [zoom.tools] };
  }

  #downloads(output, asked) {
    const own = output.isPicture ? FORMATS : [];
    const mine = output.fileName().split(".").pop();
    const kinds = own.includes(mine) ? own : [mine, ...own];
    const buttons = kinds.map((kind) => {
      const blob = kind === mine ? output.blob : null;
      const click = async () => {
        const got = blob ?? (await this.fetchAs(asked, output, kind));
        if (got) save(got, output.fileName(kind));
      };
      return make("button", { type: "button", "aria-label": `Download as ${kind}`, onclick: click }, kind);
    });
    return make("span", { className: "group save", role: "group", "aria-label": "Download" }, ...buttons);
  }
}

function others(output) {
  if (!output.isText) return make("p", { className: "none" }, "This has no preview; it can be downloaded.");
  const element = make("pre", { className: "text", tabIndex: 0, "aria-label": output.title });
  output.blob
    .slice(0, MOST_TEXT)
    .text()
    .then((text) => {
      const more = output.blob.size > MOST_TEXT ? `\n… (${bytes(output.blob.size)} in all)` : "";
      element.textContent = readable(text, output) + more;
    });
  return element;
}

function readable(text, output) {
  if (output.mediaType !== "application/json" || output.blob.size > MOST_TEXT) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

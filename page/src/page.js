import { chooseAppearance } from "./appearance.js";
import { Copying } from "./copying.js";
import { byId, make } from "./element.js";
import { Editor } from "./editor.js";
import { Files } from "./files.js";
import { FIRST } from "./first.js";
import { Gallery } from "./gallery.js";
import { readLink } from "./link.js";
import { Params } from "./params.js";
import { Runs } from "./runs.js";
import { health } from "./server.js";
import { makeSplitter } from "./splitter.js";
import { showServer } from "./status.js";
import { keep, recall } from "./store.js";

const PAUSE = 600;

/** The page: what the person writes, and what is done with it. Nothing runs before the person has asked for it. */
class Page {
  #pause = 0;
  // A script that came by a link is somebody else's: it is looked at before it runs, and kept only when it is used.
  #isForeign = false;
  #example = null;

  constructor() {
    this.editor = new Editor(byId("editor"), { run: () => this.run(), typed: () => this.#typed() });
    this.params = new Params(() => this.#inputsChanged());
    this.files = new Files(() => this.#inputsChanged());
    this.runs = new Runs(this.editor);
    this.gallery = new Gallery(
      (example) => this.#take(example),
      () => this.#own(),
    );
    this.copying = new Copying(() => this.asked());
    byId("run").addEventListener("click", () => this.run());
    byId("typing").checked = recall("typing", false);
    byId("typing").addEventListener("change", (event) => keep("typing", event.target.checked));
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => this.#takeLink());
  }

  async start() {
    const own = this.#own();
    this.editor.replace(recall("script", FIRST));
    this.params.values = recall("params", {});
    this.#example = own && own.script === this.editor.text ? null : this.editor.text;
    await this.#takeLink();
    this.editor.focus();
    showServer(await health());
  }

  asked() {
    return { script: this.editor.text, params: this.params.values, files: this.files.all };
  }

  run() {
    clearTimeout(this.#pause);
    this.#accept();
    return this.runs.start(this.asked());
  }

  #typed() {
    if (this.#isForeign) return;
    this.#keep();
    this.#soon();
  }

  #inputsChanged() {
    const count = Object.keys(this.params.values).length + this.files.all.size;
    byId("inputs-count").textContent = count ? `(${count})` : "";
    if (!this.#isForeign) keep("params", this.params.values);
    this.#soon();
  }

  #soon() {
    clearTimeout(this.#pause);
    const live = byId("typing").checked && !this.#isForeign;
    if (live && document.hasFocus()) this.#pause = setTimeout(() => this.runs.start(this.asked()), PAUSE);
  }

  #keep() {
    const script = this.editor.text;
    keep("script", script);
    if (script !== this.#example) keep("own", { script, params: this.params.values });
  }

  #own() {
    return recall("own", null);
  }

  #take({ script, params = {}, files = new Map(), file }) {
    this.#isForeign = false;
    byId("notice").hidden = true;
    this.#example = file ? script : null;
    this.#put(script, params, files);
    this.#keep();
    this.run();
    this.editor.focus();
  }

  #put(script, params, files = new Map()) {
    this.editor.replace(script);
    this.params.values = params;
    this.files.replace(files);
    if (Object.keys(params).length + files.size) byId("inputs").open = true;
  }

  async #takeLink() {
    const found = await readLink(location.hash);
    if (location.hash.startsWith("#script="))
      history.replaceState(null, "", location.pathname + location.search);
    else return;
    if (found === null) return this.#notice("This link holds no script that can be read.");
    this.#isForeign = true;
    this.#put(found.script, found.params);
    this.#notice("This script came with the link. Look at it before you run it. ", this.#back());
  }

  #back() {
    const back = () => {
      this.#isForeign = false;
      this.#put(recall("script", FIRST), recall("params", {}));
      byId("notice").hidden = true;
      this.editor.focus();
    };
    return make("button", { type: "button", onclick: back }, "Back to my script");
  }

  /** From now on what stands here is the person's own. */
  #accept() {
    if (!this.#isForeign) return;
    this.#isForeign = false;
    byId("notice").hidden = true;
    this.#keep();
    keep("params", this.params.values);
  }

  #notice(...words) {
    byId("notice").replaceChildren(...words);
    byId("notice").hidden = false;
  }

  #key(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.run();
    } else if (
      event.key === "Escape" &&
      this.runs.running &&
      !event.composedPath().includes(byId("editor"))
    ) {
      this.runs.cancel();
    }
  }
}

for (const button of document.querySelectorAll("dialog .close"))
  button.addEventListener("click", () => button.closest("dialog").close());
if (/Mac|iP/.test(navigator.platform))
  for (const key of document.querySelectorAll("kbd")) key.textContent = "⌘ ⏎";
chooseAppearance();
makeSplitter();
new Page().start();

import { byId, make } from "./element.js";
import { linkTo } from "./link.js";
import { keep, recall } from "./store.js";
import { SNIPPETS } from "./snippets.js";
import { address, token } from "./server.js";

const LINK = {
  title: "Link to this page",
  about: "The script is in the part after #, which browsers send to no server. Files do not go with it.",
  make: (asked) => linkTo(document.baseURI, asked),
};
const KINDS = { ...SNIPPETS, link: LINK };

/** The dialog that writes a program, or a link, which does what the page does. */
export class Copying {
  /** @param current returns { script, params, files } */
  constructor(current) {
    this.current = current;
    this.dialog = byId("copying");
    const last = recall("copy", "curl");
    byId("kinds").append(
      ...Object.entries(KINDS).map(([kind, { title }]) => this.#choice(kind, title, kind === last)),
    );
    byId("copy").addEventListener("click", () => {
      this.#write();
      this.dialog.showModal();
    });
    byId("copy-now").addEventListener("click", () => this.#copy());
  }

  #choice(kind, title, checked) {
    const choose = () => (keep("copy", kind), this.#write());
    return make(
      "label",
      {},
      make("input", { type: "radio", name: "kind", value: kind, checked, onchange: choose }),
      title,
    );
  }

  async #write() {
    delete byId("snippet").dataset.kind;
    const chosen = this.dialog.querySelector("input:checked") ?? this.dialog.querySelector("input");
    chosen.checked = true;
    const { script, params, files } = this.current();
    const kind = KINDS[chosen.value];
    const asked = { url: address(), script, params, files: [...files.keys()], token: Boolean(token.get()) };
    const secret = asked.token && kind !== LINK ? " The token is read from CPYRENDER_TOKEN." : "";
    const text = await kind.make(asked);
    // Another kind may have been chosen meanwhile.
    if (!chosen.checked) return;
    byId("about-snippet").textContent = kind.about + secret;
    byId("snippet").textContent = text;
    byId("snippet").dataset.kind = chosen.value;
    byId("copy-now").textContent = "Copy";
  }

  async #copy() {
    const text = byId("snippet");
    try {
      await navigator.clipboard.writeText(text.textContent);
      byId("copy-now").textContent = "Copied";
    } catch {
      // Browsers have no clipboard for pages over plain HTTP from elsewhere: select it, for Ctrl+C.
      getSelection().selectAllChildren(text);
      text.focus();
      byId("copy-now").textContent = "Selected: press Ctrl+C";
    }
  }
}

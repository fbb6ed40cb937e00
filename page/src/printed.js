import { byId, make } from "./element.js";

/** What the script has printed, and what it was warned of. */
export function showPrinted({ stdout = "", stderr = "", warnings = [], progress = [], lost = 0 }) {
  const parts = [
    ["stdout", stdout],
    ["stderr", stderr],
    ["warnings", warnings.join("\n")],
    ["progress", progress.map(({ fraction, text }) => `${percent(fraction)} ${text}`).join("\n")],
    ["left out", lost ? `${lost} bytes beyond the server's limit` : ""],
  ];
  const shown = parts
    .filter(([, text]) => text)
    .map(([name, text]) =>
      make(
        "section",
        { className: "printed", "aria-label": name },
        make("h2", {}, name),
        make("pre", { className: "text", tabIndex: 0, "aria-label": name }, text.replace(/\n$/, "")),
      ),
    );
  byId("printed").replaceChildren(...shown);
}

const percent = (fraction) => `${Math.round(fraction * 100)} %`.padStart(5);

import { byId, make } from "./element.js";

const TITLES = {
  0: "No answer",
  400: "This is not a request that can be run",
  401: "The token is not right",
  413: "This is too large",
  422: "The script failed",
  429: "Too many scripts in this time",
  501: "The script failed",
  503: "The server is busy",
  504: "The script took too long",
};

/** Show why there is no result. @param goTo called with a line's number */
export function showMistake(problem, goTo) {
  const place = byId("mistake");
  place.replaceChildren(
    make("h2", {}, TITLES[problem.status] ?? problem.title ?? "It failed"),
    make("p", { className: "detail" }, problem.detail ?? problem.message),
    ...where(problem, goTo),
    ...(problem.traceback ? [folded("Traceback", problem.traceback)] : []),
  );
  place.hidden = false;
}

export function hideMistake() {
  byId("mistake").hidden = true;
  byId("mistake").replaceChildren();
}

function where(problem, goTo) {
  if (!problem.line) return [];
  const go = make("button", { type: "button", onclick: () => goTo(problem.line) }, `Line ${problem.line}`);
  return [make("p", { className: "where" }, go, make("code", {}, problem.source?.trim() ?? ""))];
}

function folded(name, text) {
  return make(
    "details",
    {},
    make("summary", {}, name),
    make("pre", { className: "text", tabIndex: 0, "aria-label": name }, text.trimEnd()),
  );
}

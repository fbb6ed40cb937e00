import { byId } from "./element.js";
import { keep, recall } from "./store.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };
const SAID = { auto: "as the system has them", light: "light", dark: "dark" };

/** The button that goes round: colours as the system has them, light, dark. */
export function chooseAppearance() {
  const button = byId("theme");
  const show = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = SIGNS[theme];
    button.title = `Colours: ${SAID[theme]}`;
    button.setAttribute("aria-label", button.title);
  };
  let theme = recall("theme", "auto");
  if (!(theme in NEXT)) theme = "auto";
  show(theme);
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    keep("theme", theme);
    show(theme);
  });
}

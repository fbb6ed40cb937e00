import { byId } from "./element.js";
import { token } from "./server.js";

/** Ask for the token; resolves to whether there is one now. */
export function askForToken() {
  const dialog = byId("asking");
  const field = byId("token");
  field.value = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const given = dialog.returnValue === "given" && field.value.trim();
        if (given) token.set(given);
        field.value = dialog.returnValue = "";
        resolve(Boolean(given));
      },
      { once: true },
    );
    dialog.querySelector("form").onsubmit = () => {
      dialog.returnValue = "given";
    };
  });
}

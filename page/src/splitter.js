import { byId } from "./element.js";
import { keep, recall } from "./store.js";

/** The bar between script and result, moved by mouse, finger or arrow keys. */
export function makeSplitter() {
  const bar = byId("splitter");
  const [least, most] = [
    Number(bar.getAttribute("aria-valuemin")),
    Number(bar.getAttribute("aria-valuemax")),
  ];
  let share = 46;
  const set = (value) => {
    if (!Number.isFinite(value)) return;
    share = Math.min(Math.max(value, least), most);
    document.documentElement.style.setProperty("--left", `${share}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  set(recall("split", share));
  const move = (event) => set((event.clientX / document.documentElement.clientWidth) * 100);
  bar.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    bar.addEventListener("pointermove", move);
  });
  bar.addEventListener("lostpointercapture", () => {
    bar.removeEventListener("pointermove", move);
    keep("split", share);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2, Home: -100, End: 100 }[event.key];
    if (!step) return;
    event.preventDefault();
    set(share + step);
    keep("split", share);
  });
}

import { make } from "./element.js";

const STEPS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/** A picture in a frame that it may be larger than: fitted into it, or at a scale. */
export class Zoom {
  /** @param scale a number, or "fit" */
  constructor(image, { width, label, scale = "fit" }) {
    this.image = image;
    this.width = width;
    this.shown = make("button", {
      type: "button",
      title: "Fit, or actual size",
      onclick: () => this.toggle(),
    });
    this.stage = make("div", { className: "stage", tabIndex: 0, role: "region", "aria-label": label }, image);
    this.tools = make(
      "span",
      { className: "group", role: "group", "aria-label": "Zoom" },
      make("button", { type: "button", "aria-label": "Smaller", onclick: () => this.step(-1) }, "−"),
      this.shown,
      make("button", { type: "button", "aria-label": "Larger", onclick: () => this.step(1) }, "+"),
    );
    this.stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.stage.addEventListener("keydown", (event) => this.#key(event));
    this.stage.addEventListener("dblclick", () => this.toggle());
    this.stage.addEventListener("pointerdown", (event) => this.#grab(event));
    this.set(scale);
  }

  set(scale) {
    this.scale = scale;
    const fits = scale === "fit";
    this.stage.classList.toggle("fit", fits);
    this.image.style.width = fits ? "" : `${this.width * scale}px`;
    this.shown.textContent = fits ? "Fit" : `${Math.round(scale * 100)} %`;
  }

  toggle() {
    this.set(this.scale === "fit" ? 1 : "fit");
  }

  step(direction) {
    const now = this.scale === "fit" ? this.image.clientWidth / this.width : this.scale;
    const steps =
      direction > 0
        ? STEPS.filter((one) => one > now * 1.01)
        : STEPS.filter((one) => one < now / 1.01).reverse();
    this.set(steps[0] ?? this.scale);
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.step(event.deltaY < 0 ? 1 : -1);
  }

  #key(event) {
    const does = {
      "+": () => this.step(1),
      "=": () => this.step(1),
      "-": () => this.step(-1),
      0: () => this.set("fit"),
      1: () => this.set(1),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  }

  #grab(event) {
    if (event.button !== 0 || event.pointerType !== "mouse" || this.scale === "fit") return;
    event.preventDefault();
    this.stage.focus({ preventScroll: true });
    const from = {
      x: event.clientX,
      y: event.clientY,
      left: this.stage.scrollLeft,
      top: this.stage.scrollTop,
    };
    const drag = (moved) =>
      this.stage.scrollTo(from.left + from.x - moved.clientX, from.top + from.y - moved.clientY);
    const drop = () => this.stage.removeEventListener("pointermove", drag);
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener("pointermove", drag);
    this.stage.addEventListener("pointerup", drop, { once: true });
    this.stage.addEventListener("pointercancel", drop, { once: true });
  }
}

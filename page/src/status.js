import { byId, make } from "./element.js";

/** The line above the result: what goes on, for how long, and a way to stop it. */
export class Status {
  #ticking = 0;

  constructor(cancel) {
    byId("cancel").addEventListener("click", cancel);
  }

  running() {
    const since = performance.now();
    const tick = () => {
      const seconds = (performance.now() - since) / 1000;
      byId("seconds").textContent = `${seconds.toFixed(1)} s`;
      // What is over in a blink needs no button.
      byId("cancel").hidden = byId("spinner").hidden = seconds < 0.15;
    };
    clearInterval(this.#ticking);
    this.#ticking = setInterval(tick, 100);
    tick();
    this.say("Running…");
  }

  /** @param timing milliseconds by name, as Server-Timing has them */
  ended(text, timing = {}, kind = "") {
    clearInterval(this.#ticking);
    byId("cancel").hidden = byId("spinner").hidden = true;
    const { queue, run, encode } = timing;
    const told = run === undefined ? "" : `waited ${ms(queue)}, ran ${ms(run)}, encoded ${ms(encode)}`;
    byId("seconds").textContent = told;
    this.say(text, kind);
  }

  say(text, kind = "") {
    const status = byId("status");
    if (status.textContent !== text) status.textContent = text;
    status.className = kind;
  }
}

export function ms(value = 0) {
  return value < 1000
    ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
    : `${(value / 1000).toFixed(2)} s`;
}

/** Tell which server this is. */
export function showServer(health) {
  if (!health) return;
  const words = `cpyrender ${health.version}, isolation: ${health.isolation}, ${health.slots} slots`;
  const licenses = make("a", { href: "page/licenses.txt" }, "licenses");
  byId("server").replaceChildren(words, " · ", licenses);
}

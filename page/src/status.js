import { byId, make } from "./element.js";

/** The line above the result: what goes on, for how long, and a way to stop it. */
export class Status {
  #ticking = 0;

  constructor(cancel) {
    byId("cancel").addEventListener("click", cancel);
  }

  /** @param progress returns how far the script is, or null; it is asked as long as the script runs */
  running(progress) {
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
    this.#follow(this.#ticking, progress);
  }

  /** Show how far a script is, until something else is shown. */
  async #follow(ticking, progress) {
    const bar = byId("progress");
    bar.hidden = true;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      if (this.#ticking !== ticking) return;
      const told = await progress();
      if (this.#ticking !== ticking) return;
      if (told?.fraction === undefined) continue;
      bar.hidden = false;
      bar.value = told.fraction;
      this.say(`${Math.round(told.fraction * 100)} % ${told.text}`);
    }
  }

  /** @param timing milliseconds by name, as Server-Timing has them */
  ended(text, timing = {}, kind = "") {
    clearInterval(this.#ticking);
    this.#ticking = 0;
    byId("cancel").hidden = byId("spinner").hidden = byId("progress").hidden = true;
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

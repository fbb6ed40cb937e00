import { askForToken } from "./asking.js";
import { hideMistake, showMistake } from "./mistake.js";
import { extensionOf } from "./output.js";
import { showPrinted } from "./printed.js";
import { Result } from "./result.js";
import { newName, progressOf, runEverything, runPicture } from "./server.js";
import { Status } from "./status.js";

/** The scripts that are run from this page, of which there is one at a time: each ends the one before it. */
export class Runs {
  #current = null;

  constructor(editor) {
    this.editor = editor;
    this.status = new Status(() => this.cancel());
    this.result = new Result((asked, output, format) => this.#fetchAs(asked, output, format));
  }

  get running() {
    return this.#current !== null;
  }

  /** End the script that runs; the server does so when its client hangs up. */
  cancel() {
    this.#current?.abort();
    this.#current = null;
    this.result.stale(true);
    this.status.ended("Cancelled.");
  }

  /** @param asked { script, params, files } */
  async start(asked) {
    this.#current?.abort();
    const control = (this.#current = new AbortController());
    this.result.stale(true);
    const name = newName();
    this.status.running(() => progressOf(name));
    try {
      const answer = await withToken(() => runEverything(asked, control.signal, name));
      if (this.#current === control) this.#succeeded(answer, asked);
    } catch (problem) {
      if (this.#current === control) this.#failed(problem);
    } finally {
      if (this.#current === control) this.#current = null;
    }
  }

  #succeeded(answer, asked) {
    this.editor.unmark();
    hideMistake();
    const outputs = this.result.show(answer, asked);
    showPrinted(answer);
    this.status.ended(summary(outputs), answer.timing, "good");
  }

  #failed(problem) {
    this.editor.unmark();
    showMistake(problem, (line) => this.editor.goTo(line));
    showPrinted(problem);
    const said = [problem.detail, problem.message].find(Boolean) ?? String(problem);
    if (problem.line) this.editor.markWrong(problem.line, said);
    // What is said of one that ran out of time names the line itself.
    const toldWhere = !problem.line || said.endsWith(` on line ${problem.line}`);
    this.status.ended(toldWhere ? said : `Error on line ${problem.line}: ${said}`, problem.timing, "bad");
  }

  /** Return a figure in another format, or nothing: then the status says why. */
  async #fetchAs(asked, output, format) {
    const figure = output.count > 1 ? { figure: output.index } : {};
    try {
      this.status.say(`Making the ${format}…`);
      const blob = await withToken(() => runPicture(asked, { format, ...figure }));
      const got = extensionOf(blob.type);
      if (got !== format) {
        this.status.say(
          `The script makes its own bytes (${blob.type}): there is no ${format} of them.`,
          "bad",
        );
        return undefined;
      }
      this.status.say(`Saved ${output.fileName(format)}.`, "good");
      return blob;
    } catch (problem) {
      this.status.say(problem.detail ?? String(problem), "bad");
      return undefined;
    }
  }
}

/** Do something that the server may want its token for, and ask the person for it as often as it is wrong. */
async function withToken(call) {
  for (;;) {
    try {
      return await call();
    } catch (problem) {
      if (problem.status !== 401 || !(await askForToken())) throw problem;
    }
  }
}

function summary(outputs) {
  const pictures = outputs.filter((output) => output.isPicture).length;
  if (pictures === outputs.length && pictures > 1) return `Done: ${pictures} figures.`;
  return pictures ? "Done." : "Done: no picture, but a response.";
}

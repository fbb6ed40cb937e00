import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

const LONGEST = 160;

class Why extends WidgetType {
  constructor(message) {
    super();
    this.message = message;
  }
  eq(other) {
    return other.message === this.message;
  }
  toDOM() {
    const element = document.createElement("span");
    element.className = "cm-why";
    element.textContent = this.message;
    return element;
  }
}

const set = StateEffect.define();

const beside = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    const effect = transaction.effects.find((one) => one.is(set));
    return effect ? effect.value : marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The extension that shows an error at its line: in the gutter, under the text and beside it. */
export const wrongLine = [beside, lintGutter()];

/** Mark a line (counted from 1) as wrong, and say why; a line that is not there marks the last one. */
export function markWrong(view, number, message) {
  const { state } = view;
  const line = state.doc.line(Math.min(Math.max(number, 1), state.doc.lines));
  const from = line.from + /^\s*/.exec(line.text)[0].length;
  const short = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
  const marks = Decoration.set([
    Decoration.line({ class: "cm-lineWrong" }).range(line.from),
    Decoration.widget({ widget: new Why(short.split("\n")[0]), side: 1 }).range(line.to),
  ]);
  const diagnostic = { from: Math.min(from, line.to), to: line.to, severity: "error", message };
  view.dispatch({ effects: set.of(marks) });
  view.dispatch(setDiagnostics(view.state, [diagnostic]));
}

export function unmark(view) {
  view.dispatch({ effects: set.of(Decoration.none) });
  view.dispatch(setDiagnostics(view.state, []));
}

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, Transaction } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { colours } from "./colours.js";
import { markWrong, unmark, wrongLine } from "./wrong.js";

/** The text of a script, and a person who writes it. */
export class Editor {
  /**
   * @param place the element to be in
   * @param run called for Ctrl+Enter
   * @param typed called with the text after each change that the person has made
   */
  constructor(place, { run, typed }) {
    // In a shadow tree CodeMirror uses adopted style sheets, which a strict policy allows; in the document it
    // would make <style> elements, which it does not.
    const root = place.attachShadow({ mode: "open" });
    const runs = Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }]));
    const listens = EditorView.updateListener.of((update) => {
      const byPerson = update.transactions.some(
        (one) => one.docChanged && !one.annotation(Transaction.remote),
      );
      if (byPerson) typed(this.text);
    });
    const state = EditorState.create({ extensions: [runs, listens, ...writing()] });
    this.view = new EditorView({ state, parent: root, root });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  /** Put another text in; undo brings the one before back. */
  replace(text) {
    unmark(this.view);
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: { anchor: 0 },
      annotations: Transaction.remote.of(true),
      scrollIntoView: true,
    });
  }

  markWrong(line, message) {
    markWrong(this.view, line, message);
  }

  unmark() {
    unmark(this.view);
  }

  /** Go to a line, counted from 1. */
  goTo(number) {
    const { doc } = this.view.state;
    const line = doc.line(Math.min(Math.max(number, 1), doc.lines));
    this.view.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: "center" }),
    });
    this.view.focus();
  }

  focus() {
    this.view.focus();
  }
}

function writing() {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    indentOnInput(),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    pythonLanguage,
    colours,
    wrongLine,
    EditorView.contentAttributes.of({
      "aria-label": "Python script; Escape, then Tab, leaves it",
      tabindex: "0",
      spellcheck: "false",
      autocapitalize: "off",
      autocorrect: "off",
    }),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
  ];
}

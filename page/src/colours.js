import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// The values are in page.css, for light and for dark.
const code = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--code-function)",
  },
  { tag: [tags.definition(tags.variableName), tags.className], color: "var(--code-name)" },
  { tag: tags.meta, color: "var(--code-number)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--panel)", fontSize: "13.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0 40px" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--line)" },
  ".cm-activeLineGutter": { color: "var(--text)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--match)", outline: "1px solid var(--border)" },
  ".cm-selectionMatch": { backgroundColor: "var(--match)" },
  ".cm-content ::selection": { backgroundColor: "var(--selection)" },
  ".cm-tooltip": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--border)",
    borderRadius: "6px",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-panels": { backgroundColor: "var(--back)", color: "var(--text)", borderColor: "var(--border)" },
  ".cm-textfield, .cm-button": {
    backgroundColor: "var(--panel)",
    backgroundImage: "none",
    border: "1px solid var(--border)",
    color: "var(--text)",
  },
  ".cm-lineWrong": { backgroundColor: "var(--wrong-back)" },
  ".cm-why": {
    marginLeft: "2ch",
    padding: "1px 8px",
    borderRadius: "4px",
    color: "var(--wrong)",
    border: "1px solid var(--wrong-border)",
    fontFamily: "var(--sans)",
    fontSize: "12.5px",
    whiteSpace: "pre",
  },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--wrong)" },
});

export const colours = [look, syntaxHighlighting(code)];

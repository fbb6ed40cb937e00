import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { pythonString, scriptString, SNIPPETS, withQuery } from "../src/snippets.js";

const NASTY = [
  "plain\n",
  "",
  "ends with a backslash \\",
  `'''both''' """kinds"""`,
  "ends with a quote '",
  'ends with "',
  "`${1 + 1}` \\u0041 \u2028 ü 🎈 \t\\n",
  "PYTHON\nPYTHON_\n",
  "carriage\r\nreturn",
];

test("a Python literal is the text again", () => {
  for (const text of NASTY) {
    const program = `import sys; sys.stdout.buffer.write((${pythonString(text)}).encode())`;
    assert.equal(execFileSync("python3", ["-c", program], { encoding: "utf8" }), text);
  }
});

test("a JavaScript literal is the text again", () => {
  for (const text of NASTY) assert.equal((0, eval)(scriptString(text)), text);
});

test("a here document of a shell is the script, and its query breaks out of nothing", () => {
  for (const script of NASTY.filter((text) => text.trim())) {
    const asked = {
      url: "http://localhost/render",
      script,
      params: { "it's": "a'b $(id) `id` & \"" },
      files: [],
      token: false,
    };
    const shell = `curl() { cat; printf '|%s' "$@"; }\n${SNIPPETS.curl.make(asked)}`;
    const [posted, ...words] = execFileSync("bash", ["-c", shell], { encoding: "utf8" }).split("\n|");
    assert.equal(posted, script.replace(/\n$/, ""));
    const url = new URL(words.join("").split("|").at(-1));
    assert.deepEqual([...url.searchParams], Object.entries(asked.params));
  }
});

test("a C# literal doubles its quotes and changes nothing else", () => {
  const made = SNIPPETS.csharp.make({
    url: "http://h/",
    script: 'a "b" \\n\n',
    params: {},
    files: [],
    token: false,
  });
  assert.ok(made.includes('@"a ""b"" \\n\n"'));
});

test("the token stands in no program", () => {
  for (const { make } of Object.values(SNIPPETS)) {
    const made = make({ url: "http://h/", script: "1", params: {}, files: ["a.csv"], token: true });
    assert.match(made, /CPYRENDER_TOKEN/);
  }
});

test("a parameter with several values is there several times", () => {
  assert.equal(withQuery("/x", { a: ["1", "2"], b: "&" }), "/x?a=1&a=2&b=%26");
  assert.equal(withQuery("/x", {}), "/x");
});

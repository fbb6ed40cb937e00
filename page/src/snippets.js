/**
 * Programs that post a script as this page does.
 *
 * Each takes { url, script, params, files, token }: params to be sent in the query, names of files, and whether the
 * server wants its token, which is never written out but taken from the environment.
 */
export const SNIPPETS = {
  curl: { title: "curl", about: "For a shell.", make: curl },
  requests: { title: "Python: requests", about: "pip install requests", make: requests },
  treq: { title: "Python: treq", about: "pip install treq", make: treq },
  fetch: { title: "JavaScript: fetch", about: "For Node, as a module.", make: fetchJs },
  csharp: { title: "C#", about: "A whole program.", make: csharp },
};

/** Return the address with the parameters in its query; nothing in it ends a string in any of the languages. */
export function withQuery(url, params) {
  const query = new URLSearchParams(
    Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
  );
  return query.size ? `${url}?${query}` : url;
}

const each = (lines) => lines.filter((line) => line !== null).join("\n") + "\n";
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ url, script, params, files, token }) {
  let end = "PYTHON";
  while (script.split("\n").includes(end)) end += "_";
  const parts = [
    "curl --fail-with-body -o picture.png",
    token ? '  -H "Authorization: Bearer $CPYRENDER_TOKEN"' : null,
    ...(files.length ? ["  -F 'script=<-'"] : ["  --data-binary @-"]),
    ...files.map((name) => `  -F ${quoted(`${curlName(name)}=@${curlPath(name)}`)}`),
    `  ${quoted(withQuery(url, params))} <<'${end}'`,
  ];
  return `${parts.filter(Boolean).join(" \\\n")}\n${script.replace(/\n$/, "")}\n${end}\n`;
}

const curlName = (name) => name.replaceAll("=", "_");
const curlPath = (name) =>
  /[,;"\\]/.test(name) ? `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : name;

/** Return a string literal of Python's: raw where it can be, so that the script can be read in it. */
export function pythonString(text) {
  const raw = ["'''", '"""'].find(
    (quote) => !text.includes(quote) && !text.endsWith("\\") && !text.endsWith(quote[0]),
  );
  return raw && !text.includes("\r") ? `r${raw}${text}${raw}` : JSON.stringify(text);
}

const pythonDict = (entries) =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ")}}`;

function pythonArguments({ files, token }) {
  const opened = files.map((name) => [name, `open(${JSON.stringify(name)}, "rb")`]);
  return [
    files.length ? `data={"script": script}` : "data=script.encode()",
    files.length ? `files=${pythonDict(opened)}` : null,
    token ? `headers={"Authorization": "Bearer " + os.environ["CPYRENDER_TOKEN"]}` : null,
  ].filter(Boolean);
}

function requests(asked) {
  return each([
    asked.token ? "import os\n" : null,
    "import requests\n",
    `script = ${pythonString(asked.script)}\n`,
    `url = ${JSON.stringify(withQuery(asked.url, asked.params))}`,
    `answer = requests.post(url, ${pythonArguments(asked).join(", ")})`,
    "answer.raise_for_status()",
    'with open("picture.png", "wb") as file:',
    "    file.write(answer.content)",
  ]);
}

function treq(asked) {
  return each([
    asked.token ? "import os\n" : null,
    "import treq",
    "from twisted.internet.defer import ensureDeferred",
    "from twisted.internet.task import react\n",
    `script = ${pythonString(asked.script)}\n`,
    `url = ${JSON.stringify(withQuery(asked.url, asked.params))}\n\n`,
    "async def main(reactor):",
    `    answer = await treq.post(url, ${pythonArguments(asked).join(", ")})`,
    "    body = await answer.content()",
    "    if answer.code != 200:",
    "        raise SystemExit(body.decode())",
    '    with open("picture.png", "wb") as file:',
    "        file.write(body)\n\n",
    "react(lambda reactor: ensureDeferred(main(reactor)))",
  ]);
}

/** Return a string literal of JavaScript's, raw where it can be. */
export function scriptString(text) {
  const raw = !/`|\$\{|\r/.test(text) && !text.endsWith("\\");
  return raw ? `String.raw\`${text}\`` : JSON.stringify(text);
}

function fetchJs({ url, script, params, files, token }) {
  const names = files.map((name) => JSON.stringify(name));
  const fill = names.map((name) => `body.append(${name}, new Blob([await readFile(${name})]), ${name});`);
  return each([
    `import { ${files.length ? "readFile, " : ""}writeFile } from "node:fs/promises";\n`,
    `const script = ${scriptString(script)};\n`,
    ...(files.length
      ? ["const body = new FormData();", 'body.append("script", script);', ...fill]
      : ["const body = script;"]),
    `const url = ${JSON.stringify(withQuery(url, params))};`,
    token
      ? "const headers = { Authorization: `Bearer ${process.env.CPYRENDER_TOKEN}` };"
      : "const headers = {};",
    'const response = await fetch(url, { method: "POST", headers, body });',
    "if (!response.ok) throw new Error(await response.text());",
    'await writeFile("picture.png", new Uint8Array(await response.arrayBuffer()));',
  ]);
}

const verbatim = (text) => `@"${text.replaceAll('"', '""')}"`;

function csharp({ url, script, params, files, token }) {
  const parts = files.map((name) => {
    const literal = verbatim(name);
    return `        body.Add(new ByteArrayContent(File.ReadAllBytes(${literal})), ${literal}, ${literal});`;
  });
  const form = [
    "        var body = new MultipartFormDataContent();",
    '        body.Add(new StringContent(script), "script");',
    ...parts,
  ];
  return each([
    "using System;",
    "using System.IO;",
    "using System.Net.Http;",
    "using System.Text;\n",
    "class Draw",
    "{",
    `    const string script = ${verbatim(script)};\n`,
    "    static void Main()",
    "    {",
    "        var client = new HttpClient();",
    token
      ? '        client.DefaultRequestHeaders.Add("Authorization", "Bearer " + Environment.GetEnvironmentVariable("CPYRENDER_TOKEN"));'
      : null,
    ...(files.length
      ? form
      : ['        var body = new StringContent(script, Encoding.UTF8, "text/x-python");']),
    `        var answer = client.PostAsync(${verbatim(withQuery(url, params))}, body).Result;`,
    "        var bytes = answer.Content.ReadAsByteArrayAsync().Result;",
    "        if (!answer.IsSuccessStatusCode) throw new Exception(Encoding.UTF8.GetString(bytes));",
    '        File.WriteAllBytes("picture.png", bytes);',
    "    }",
    "}",
  ]);
}

// Posts a script and keeps the picture: node post.mjs URL SCRIPT OUTPUT

import { readFile, writeFile } from "node:fs/promises";

const [url, script, output] = process.argv.slice(2);
const response = await fetch(url, { method: "POST", body: await readFile(script) });

if (response.ok) {
  const picture = new Uint8Array(await response.arrayBuffer());
  await writeFile(output, picture);
  console.log(`${response.headers.get("content-type")} ${picture.length} bytes`);
} else {
  console.error(`${response.status} ${response.statusText}`);
  console.error(await response.text());
  process.exitCode = 1;
}

// Builds the page into the Python package: `npm ci && npm run build`. The same sources give the same bytes.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gallery } from "./gallery.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const into = join(here, "..", "cpyrender", "page");

async function bundle() {
  const options = {
    bundle: true,
    minify: true,
    target: "es2022",
    outdir: into,
    metafile: true,
    absWorkingDir: here,
  };
  await build({ ...options, entryPoints: ["src/theme.js"], format: "iife" });
  const made = await build({ ...options, entryPoints: ["src/page.js", "src/page.css"], format: "esm" });
  return made.metafile;
}

// MIT asks that its notices go wherever the code goes: each text once, with the copyright lines of all that have it.
async function licenses(metafile) {
  const packages = Object.keys(metafile.inputs).map(
    (path) => /^node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[1],
  );
  const texts = new Map();
  for (const name of [...new Set(packages)].filter(Boolean).sort()) {
    const lines = (await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim().split("\n");
    const text = lines.filter((line) => !line.startsWith("Copyright")).join("\n");
    const whose = lines.filter((line) => line.startsWith("Copyright")).join("\n");
    texts.set(text, [...(texts.get(text) ?? []), `${name}\n${whose}`]);
  }
  return [...texts].map(([text, names]) => `${names.join("\n\n")}\n\n${text}\n`).join("\n----\n\n");
}

await rm(into, { recursive: true, force: true });
await mkdir(into, { recursive: true });
await writeFile(join(into, "licenses.txt"), await licenses(await bundle()));
await writeFile(join(into, "gallery.json"), JSON.stringify(await gallery(join(here, "..", "examples"))));
for (const name of ["index.html", "icon.svg"]) await cp(join(here, "src", name), join(into, name));

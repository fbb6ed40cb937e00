/**
 * A link that carries a script in its fragment, which browsers send to nobody: `#script=` and the JSON of
 * { script, params }, deflated, in base64url.
 */
const MARK = "#script=";
const LONGEST = 1 << 20;

export async function linkTo(page, { script, params }) {
  const json = JSON.stringify(Object.keys(params).length ? { script, params } : { script });
  const packed = await through(new Blob([json]), new CompressionStream("deflate-raw"));
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  const safe = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return page.split("#")[0] + MARK + safe;
}

/** Return what a fragment carries, or null: it carries nothing, or nothing that can be read. */
export async function readLink(fragment) {
  if (!fragment.startsWith(MARK)) return null;
  try {
    const text = atob(fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const json = await through(new Blob([packed]), new DecompressionStream("deflate-raw"));
    const { script, params = {} } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    const isPlain = Object.values(params).every((one) =>
      [one].flat().every((word) => typeof word === "string"),
    );
    return typeof script === "string" && isPlain ? { script, params } : null;
  } catch {
    return null;
  }
}

/** Return a Blob's bytes as a stream transforms them, unless they become too many. */
async function through(blob, transform) {
  const parts = [];
  let size = 0;
  const reader = blob.stream().pipeThrough(transform).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    parts.push(piece.value);
    size += piece.value.length;
    if (size > LONGEST) throw new RangeError("a link holds no more than a megabyte");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

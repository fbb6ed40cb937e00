import { forThisTab, keep, recall } from "./store.js";

/** Why there is no answer: the members of RFC 9457's problem details, and the status (0: nobody answered). */
export class Problem extends Error {
  constructor(told) {
    super(told.detail || told.title || "the request failed");
    Object.assign(this, told);
  }
}

/** Where scripts are posted. Not `location.href`: what its fragment holds is nobody's business. */
export const address = () => new URL("render", document.baseURI).href.split("#")[0];

export const token = {
  get: () => recall("token", "", forThisTab),
  set: (value) => keep("token", value, forThisTab),
};

/**
 * Run what is asked for, and return all that it gives: { outputs, stdout, stderr, seconds, warnings, timing }.
 *
 * @param asked { script, params, files }; files maps names to Blobs
 * @param signal aborts it: the server ends the script when its client is gone
 * @param name what it is called by, for `progressOf`
 */
export async function runEverything(asked, signal, name) {
  const response = await post(asked, { format: "json" }, signal, { "X-Request-Id": name });
  const answer = await response.json();
  return { ...answer, timing: timingOf(response) };
}

/** Run it for one picture, and return that as a Blob, which need not be of the format that was asked for. */
export async function runPicture(asked, options, signal) {
  const response = await post(asked, options, signal);
  return response.blob();
}

// Pictures of any kind, and problems that can be read; `application/json` would mean everything at once.
const ACCEPTED = "image/*, application/problem+json, */*;q=0.5";

async function post(asked, options, signal, more = {}) {
  const headers = { "Content-Type": "application/json", Accept: ACCEPTED, ...more };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  const body = JSON.stringify({
    ...options,
    script: asked.script,
    params: asked.params,
    files: await inBase64(asked.files),
  });
  const response = await reach(address(), {
    method: "POST",
    headers,
    body,
    signal,
    cache: "no-store",
    credentials: "omit",
  });
  if (!response.ok) throw await problemIn(response);
  return response;
}

async function reach(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      status: 0,
      title: "No answer",
      detail: "The server does not answer. Does it still run?",
    });
  }
}

async function problemIn(response) {
  const said = await response.text();
  let told = { detail: said };
  if (response.headers.get("Content-Type")?.includes("json")) {
    try {
      told = JSON.parse(said);
    } catch {
      // Something between us and the server has said it; it is shown as it stands.
    }
  }
  return new Problem({
    title: response.statusText,
    ...told,
    status: response.status,
    timing: timingOf(response),
  });
}

/** Return the milliseconds of each part that a Server-Timing header tells. */
function timingOf(response) {
  const header = response.headers.get("Server-Timing") ?? "";
  return Object.fromEntries(
    [...header.matchAll(/(\w+);dur=([\d.]+)/g)].map(([, name, ms]) => [name, Number(ms)]),
  );
}

async function inBase64(files) {
  const entries = [...files].map(async ([name, blob]) => [name, await base64(blob)]);
  return Object.fromEntries(await Promise.all(entries));
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () =>
      reject(new Problem({ status: 0, detail: `The file cannot be read: ${reader.error.message}` }));
    reader.readAsDataURL(blob);
  });
}

/** Return a name for a run that nobody else will choose. */
export function newName() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return how far a run is, { fraction, text }, or null where it has not said so. */
export async function progressOf(name) {
  const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  try {
    const response = await fetch(`progress/${name}`, { headers, cache: "no-store", credentials: "omit" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Return what the server tells of itself, or null. */
export async function health() {
  try {
    return await (await fetch("health", { credentials: "omit" })).json();
  } catch {
    return null;
  }
}

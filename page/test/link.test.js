import assert from "node:assert/strict";
import { test } from "node:test";
import { linkTo, readLink } from "../src/link.js";

const fragment = (link) => link.slice(link.indexOf("#"));

test("a link carries a script and its parameters, in its fragment alone", async () => {
  for (const asked of [
    { script: "print('ü 🎈 \u2028')\n", params: {} },
    { script: "", params: { a: "1", b: ["2", "3"] } },
  ]) {
    const link = await linkTo("http://localhost:9981/?x#old", asked);
    assert.match(link, /^http:\/\/localhost:9981\/\?x#script=[\w-]+$/);
    assert.deepEqual(await readLink(fragment(link)), asked);
  }
});

test("what is no link of ours carries nothing", async () => {
  const good = fragment(await linkTo("http://h/", { script: "x = 1\n".repeat(50), params: {} }));
  for (const bad of [
    "",
    "#",
    "#top",
    "#script=",
    "#script=%%%",
    "#script=AAAA",
    good.slice(0, -9),
    "#script=" + "A".repeat(9999),
  ])
    assert.equal(await readLink(bad), null, bad.slice(0, 40));
  for (const told of [{ script: 1, params: {} }, { params: {} }, { script: "", params: { a: {} } }])
    assert.equal(await readLink(fragment(await linkTo("http://h/", { params: {}, ...told }))), null);
});

test("a small link does not become a large script", async () => {
  const stream = new Blob([JSON.stringify({ script: "x".repeat(50_000_000) })]).stream();
  const packed = await new Response(stream.pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  assert.ok(packed.byteLength < 100_000);
  assert.equal(await readLink("#script=" + Buffer.from(packed).toString("base64url")), null);
});

/** Leaves a .br and a .gz beside each text that was built: packed once here rather than at every request. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const DIST = new URL("dist/", import.meta.url).pathname;
const PACKED = /\.(?:js|css|html|svg)$/;
/** A smaller file gains nothing from packing. */
const PACKED_BYTES_MIN = 1_000;

for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (!PACKED.test(name)) continue;
  const text = readFileSync(join(DIST, name));
  if (text.length < PACKED_BYTES_MIN) continue;
  writeFileSync(join(DIST, `${name}.br`), brotliCompressSync(text));
  writeFileSync(join(DIST, `${name}.gz`), gzipSync(text, { level: 9 }));
}

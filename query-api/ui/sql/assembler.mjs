// Makes codemirror.js and codemirror.licences.txt from the packages beside it; scripts/editeur.sh runs it.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));

const { outputFiles, metafile } = await build({
  absWorkingDir: HERE,
  entryPoints: ["entree.js"],
  outfile: "codemirror.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  write: false,
  banner: {
    js: "// CodeMirror and what it needs, made by assembler.mjs. Not to be edited. Licences: /sql/codemirror.licences.txt",
  },
});

/** The folder of the package that a file belongs to. */
function packageOf(file) {
  const [, scope, name] = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return scope && scope + name;
}

const kept = Object.entries(metafile.outputs["codemirror.js"].inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const packages = [...new Set(kept.map(([file]) => packageOf(file)).filter(Boolean))].sort();
const require = createRequire(import.meta.url);
const licences = [];
for (const folder of packages) {
  const { name, version, license } = require(`./${folder}/package.json`);
  const file = (await readdir(path.join(HERE, folder))).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = (await readFile(path.join(HERE, folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  licences.push(`${name} ${version} (${license})\n\n${text}\n`);
}

const script = outputFiles[0].text;
await writeFile(path.join(HERE, "codemirror.js"), script);
await writeFile(path.join(HERE, "codemirror.licences.txt"), `What codemirror.js holds.\n\n${licences.join(`\n${"-".repeat(72)}\n\n`)}`);
console.log(`codemirror.js: ${Buffer.byteLength(script)} bytes, ${gzipSync(script, { level: 9 }).length} compressed, ${packages.length} packages`);

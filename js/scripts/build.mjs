// Builds the page: src -> ../attnwidget/static. `--watch` rebuilds, `--dev` builds the demo page, `--rooms` says what weighs how much.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const output = join(root, "../attnwidget/static");
// In KB. Measured, so that a library that slips in is noticed. The loader is stored with every explorer of a notebook, the rest is
// sent once per page, or stands in every saved one.
const budgets = { "explorer.js": 540, "explorer.css": 78, "page.js": 550, "loader.js": 10 };
const program = ["explorer.js", "explorer.css"];
const watch = process.argv.includes("--watch");
const dev = process.argv.includes("--dev");
const rooms = process.argv.includes("--rooms");

const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const shared = {
  bundle: true,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
};

/** Stands in the loader for the name of the program, which is known once that is built. */
const unnamed = "attnwidget-program";

const product = {
  ...shared,
  entryPoints: [
    { in: "src/index.tsx", out: "explorer" },
    { in: "src/page.tsx", out: "page" },
    { in: "src/loader.ts", out: "loader" },
  ],
  define: { attnwidgetVersion: JSON.stringify(version), attnwidgetProgram: JSON.stringify(unnamed) },
  outdir: output,
  format: "esm",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  metafile: true,
  write: false,
  plugins: [{ name: "finish", setup: (building) => building.onEnd(finish) }],
};

const demo = {
  ...shared,
  define: { attnwidgetVersion: JSON.stringify(version) },
  entryPoints: { dev: "dev/dev.ts" },
  outdir: join(root, "dev/dist"),
  format: "iife",
};

if (dev) await build(demo);
else if (watch) await (await context(product)).watch();
else await build(product);

async function finish({ errors, outputFiles, metafile }) {
  if (errors.length > 0) return;
  const made = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  made.delete("page.css"); // the same style as the program's
  const name = createHash("sha256");
  for (const part of program) name.update(made.get(part));
  const loader = Buffer.from(made.get("loader.js"))
    .toString()
    .replaceAll(unnamed, name.digest("hex").slice(0, 16));
  made.delete("loader.js");
  made.set("loader.js", Buffer.from(loader)); // last: whoever watches it finds the program that it names
  if (rooms) return console.log(JSON.stringify(roomsOf(metafile)));
  await mkdir(output, { recursive: true });
  for (const [file, contents] of made) await writeFile(join(output, file), contents);
  if (!watch) report(made);
}

function report(made) {
  for (const [file, { length }] of made) {
    console.log(`${file} ${(length / 1024).toFixed(1)} KB`);
    if (length <= budgets[file] * 1024) continue;
    console.error(`${file} is over the budget of ${budgets[file]} KB`);
    process.exitCode = 1;
  }
}

/** What each file of the bundle is made of: bytes of every room, and of every package. */
function roomsOf({ outputs }) {
  const found = {};
  for (const [path, { inputs, bytes }] of Object.entries(outputs)) {
    const parts = {};
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const room = roomOf(relative(root, join(root, input)));
      parts[room] = (parts[room] ?? 0) + bytesInOutput;
    }
    found[basename(path)] = { bytes, rooms: parts };
  }
  return found;
}

function roomOf(path) {
  const packaged = path.split("node_modules/").at(-1);
  if (packaged !== path)
    return packaged
      .split("/")
      .slice(0, packaged.startsWith("@") ? 2 : 1)
      .join("/");
  const [, room, inside] = path.split("/");
  return inside === undefined ? "wiring" : room;
}

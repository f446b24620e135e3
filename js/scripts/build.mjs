// Builds the page: src -> ../attnwidget/static/explorer.{js,css}. `--watch` rebuilds, `--dev` builds the demo page.
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const output = join(root, "../attnwidget/static");
// Sent once per explorer and page. Measured, so that a library that slips in is noticed.
const budget = 300 * 1024;
const watch = process.argv.includes("--watch");
const dev = process.argv.includes("--dev");

const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const shared = {
  define: { attnwidgetVersion: JSON.stringify(version) },
  bundle: true,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: root,
};

const product = {
  ...shared,
  entryPoints: [
    { in: "src/index.tsx", out: "explorer" },
    { in: "src/style/explorer.css", out: "explorer" },
  ],
  outdir: output,
  format: "esm",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
};

const page = {
  ...shared,
  entryPoints: { dev: "dev/dev.ts", explorer: "src/style/explorer.css" },
  outdir: join(root, "dev/dist"),
  format: "iife",
};

await mkdir(output, { recursive: true });
if (watch) {
  const running = await context(product);
  await running.watch();
} else {
  await build(dev ? page : product);
  if (!dev) await report();
}

async function report() {
  for (const name of ["explorer.js", "explorer.css"]) {
    const { size } = await stat(join(output, name));
    console.log(`${name} ${(size / 1024).toFixed(1)} KB`);
    if (size > budget) {
      console.error(`${name} is over the budget of ${budget / 1024} KB`);
      process.exitCode = 1;
    }
  }
}

// Screenshots of the demo page: `npm run dev && npm run shots -- [folder]`. Chromium of the machine, no download.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? "/tmp/js-shots";
const only = process.argv[3];
const shots = {
  "encoder-light": { model: "encoder" },
  "encoder-dark": { model: "encoder", theme: "dark" },
  "encoder-600": { model: "encoder", width: "600" },
  "encoder-600-dark": { model: "encoder", width: "600", theme: "dark" },
  "encoder-read-by": { model: "encoder", direction: "read_by", query: "9", span: "2" },
  "causal-light": { model: "causal", query: "10" },
  "causal-dark": { model: "causal", theme: "dark", query: "10" },
  "causal-short": { model: "causal", text: "the cat sat on the mat", query: "2" },
  "bert-light": { model: "bert" },
  "llama-light": { model: "llama", query: "12" },
  "two-light": { model: "two", query: "5" },
  rtl: {
    model: "causal",
    text: "wave 👋🏽 👨‍👩‍👧 مرحبا بالعالم <b>bold</b>\n\n  second line with   spaces\n",
    query: "3",
  },
  long: {
    model: "gpt2",
    text: Array(12)
      .fill("The capital of France is Paris. The river bank was quiet, so she walked to the bank for money.")
      .join(" "),
    query: "100",
  },
  "too-long": { model: "gpt2", text: "word ".repeat(600), query: "100" },
};

await mkdir(folder, { recursive: true });
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1010, height: 900 } });
page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
page.on("pageerror", (error) => console.error("page:", error.message));
for (const [name, wish] of Object.entries(shots)) {
  if (only !== undefined && !name.includes(only)) continue;
  await page.setViewportSize({ width: Number(wish.width ?? 980) + 30, height: 900 });
  await page.goto(`file://${join(here, "index.html")}?${new URLSearchParams(wish)}`);
  await page.waitForFunction(
    () =>
      document.querySelector(".attnwidget")?.dataset.frameId ||
      document.querySelector(".aw-status")?.textContent,
  );
  await page.waitForTimeout(name === "encoder-light" ? 1300 : 150);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
await browser.close();

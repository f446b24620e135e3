// Drives the demo page as a person would, and says what it finds: `npm run dev && node dev/drive.mjs [folder]`.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? "/tmp/js-shots";
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1010, height: 1000 } });
const errors = [];
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
page.on("pageerror", (error) => errors.push(error.message));

const open = async (wish) => {
  await page.goto(`file://${join(here, "index.html")}?${new URLSearchParams(wish)}`);
  await page.waitForFunction(() => document.querySelector(".attnwidget")?.dataset.frameId);
};
const state = (name) => page.evaluate((name) => window.demo.state[name], name);
const settle = () => page.waitForTimeout(120);
const area = page.locator(".aw-editor textarea");
const marks = () =>
  page.$eval(".aw-field", (field) =>
    field
      .marks()
      .filter(({ special }) => !special)
      .map(({ text, token, query, rects }) => ({ text, token, query, rects })),
  );
const shot = (name) => page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });

/** The mirror and the control must break lines alike. */
const parity = () =>
  page.evaluate(() => {
    const control = document.querySelector(".aw-editor textarea");
    const mirror = document.querySelector(".aw-mirror");
    control.style.height = "0";
    const height = control.scrollHeight;
    control.style.height = "";
    return [height, mirror.scrollHeight];
  });

const steps = {
  async "typing follows the caret and keeps it"() {
    await open({ model: "causal" });
    await area.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" and the cat", { delay: 15 });
    await settle();
    assert.match(await state("text"), /money\. and the cat$/);
    assert.deepEqual(await state("query"), [24, 25]);
    assert.match(await page.textContent(".aw-chip-edit"), /edit \d+ ms/);
    await shot("typed");
    await page.keyboard.press("Control+z");
    await settle();
    assert.doesNotMatch(await state("text"), /cat$/);
  },
  async "a selection is a span of queries"() {
    await open({ model: "causal", text: "the river bank was quiet" });
    await area.click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Control+Shift+ArrowRight");
    await page.keyboard.press("Control+Shift+ArrowRight");
    await settle();
    assert.deepEqual(await state("query"), [0, 2]);
  },
  async "hovering a word looks from it, leaving returns"() {
    await open({ model: "encoder", query: "3" });
    const word = (await marks()).find(({ token }) => token === 10);
    const before = await page.textContent(".aw-query b");
    const { x, y, width, height } = word.rects[0];
    await page.mouse.move(x + width / 2, y + height / 2);
    await settle();
    assert.equal(await page.textContent(".aw-query b"), "bank");
    await shot("hover-text");
    await page.mouse.move(5, 5);
    await settle();
    assert.equal(await page.textContent(".aw-query b"), before);
    assert.deepEqual(await state("query"), [3, 4]);
  },
  async "hovering a head previews it, a click pins it, keys move it"() {
    await open({ model: "encoder" });
    const sum = () => page.$eval(".aw-matrix canvas", (canvas) => canvas.toDataURL());
    const before = await sum();
    const grid = await page.locator(".aw-grid").boundingBox();
    await page.mouse.move(grid.x + 18 + 28 * 7 + 10, grid.y + 20 + 28 * 4 + 10);
    await page.waitForTimeout(16);
    assert.notEqual(await sum(), before);
    await page.waitForSelector('.aw-matrix[data-exact="true"]');
    await settle();
    assert.equal(await page.textContent(".aw-title"), "Layer 4 · Head 7");
    assert.equal(await state("layer"), 1);
    await shot("hover-head");
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.move(5, 5);
    await settle();
    assert.deepEqual([await state("layer"), await state("head")], [4, 7]);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    await settle();
    assert.deepEqual([await state("layer"), await state("head")], [3, 8]);
    await page.keyboard.press("End");
    await page.keyboard.press("r");
    await settle();
    assert.deepEqual([await state("head"), await state("direction")], [11, "read_by"]);
    await shot("keys-grid");
  },
  async "the matrix shows, pins and steers"() {
    await open({ model: "encoder" });
    const matrix = await page.locator(".aw-matrix").boundingBox();
    await page.mouse.move(matrix.x + 54 + 20 * 8 + 8, matrix.y + 66 + 20 * 6 + 8);
    await settle();
    await shot("hover-cell");
    assert.match(await page.textContent(".aw-tooltip"), /→ .* 0\.\d{3}/);
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.move(5, 5);
    await settle();
    const [pinned] = await state("query");
    assert.ok(pinned === 6 || pinned === 7);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await settle();
    assert.deepEqual(await state("query"), [pinned + 1, pinned + 2]);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".aw-tooltip").count(), 0);
  },
  async "Python leads, links out of range are clamped"() {
    await open({ model: "causal" });
    await page.evaluate(() => window.demo.set("layer", 99));
    await settle();
    assert.equal(await page.getAttribute(".aw-grid", "data-layer"), "3");
    await page.evaluate(() => window.demo.set("text", "a new <b>text</b>"));
    await settle();
    assert.equal(await area.inputValue(), "a new <b>text</b>");
    assert.equal((await marks())[2].text, "<");
    await page.evaluate(() => window.demo.set("query", [1, 3]));
    await settle();
    assert.deepEqual(
      (await marks()).filter((mark) => mark.query).map((mark) => mark.text),
      ["new", "<"],
    );
  },
  async "too long: the sentence, the button, the note"() {
    await open({ model: "causal" });
    await area.fill("word ".repeat(600));
    await settle();
    assert.match(await page.textContent(".aw-status"), /600 tokens/);
    await shot("too-long-kept");
    await page.click(".aw-first");
    await page.waitForTimeout(2500);
    assert.match(await page.textContent(".aw-status"), /first 512 of 600 tokens shown/);
    await area.fill("short again");
    await settle();
    assert.equal((await page.textContent(".aw-status")).trim(), "");
    await area.fill("");
    await settle();
    assert.match(await page.textContent(".aw-status"), /no text/);
    await shot("empty");
  },
  async sources() {
    await open({ model: "causal" });
    await page.click('[data-value="layer"]');
    await settle();
    await shot("layer-mean");
    await page.click('[data-value="rollout"]');
    await settle();
    await shot("rollout");
  },
  async "the control and its mirror break lines alike"() {
    const texts = [
      "The capital of France is Paris. The river bank was quiet, so she walked to the bank for money. ".repeat(
        5,
      ),
      "AVATAR To Ta fi ffi wave, yes. «Tõ» ".repeat(20),
      "مرحبا بالعالم كيف حالك اليوم ".repeat(12),
      "👋🏽 wave 👨‍👩‍👧 ".repeat(30),
      "averyverylongwordwithoutanyspaces".repeat(12),
      "one\n\n  two   spaces\n\ttab\n",
      "日本語のテキストは空白なしで続きます。".repeat(8),
    ];
    for (const width of ["980", "600", "420", "333"]) {
      for (const text of texts) {
        await open({ model: "encoder", text, width });
        const [control, mirror] = await parity();
        assert.ok(
          mirror - control >= 0 && mirror - control <= 32,
          `${width} ${text.slice(0, 12)}: ${control} ${mirror}`,
        );
      }
    }
  },
  async "a dead kernel leaves the page readable"() {
    await open({ model: "causal" });
    await page.evaluate(() => {
      window.demo.send = () => {
        throw new Error("Cannot send");
      };
      window.demo.fire("comm_live_update");
    });
    await area.click();
    await page.keyboard.type("x");
    assert.match(await page.textContent(".aw-status"), /kernel was restarted/);
    await shot("closed");
  },
};

for (const [name, step] of Object.entries(steps)) {
  if (process.argv[3] !== undefined && !name.includes(process.argv[3])) continue;
  try {
    await step();
    console.log(`ok    ${name}`);
  } catch (error) {
    console.log(`FAIL  ${name}\n      ${error.message.split("\n").slice(0, 12).join("\n      ")}`);
    process.exitCode = 1;
  }
}
if (errors.length > 0) console.log("errors on the page:", errors);
await browser.close();

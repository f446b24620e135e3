import { describe, expect, it, vi } from "vitest";
import { renewStored } from "../../src/explorer/stored";

const html = (name: string, words: string) => `<div class="aw-still" data-name="${name}">${words}</div>`;
const still = (words: string, png: string) => ({
  name: "a1",
  outputs: [
    { data: { "text/html": html("a1", words) }, metadata: {} },
    { data: { "image/png": png }, metadata: { "image/png": { width: 6 } } },
  ],
});

/** A cell as JupyterLab has it. */
function cell(...data: Record<string, unknown>[]) {
  const outputs = {
    length: data.length,
    get: (index: number) => ({ data: data[index] as Record<string, unknown> }),
    set: vi.fn((index: number, output: { data: Record<string, unknown> }) => {
      data[index] = output.data;
    }),
  };
  return { outputs };
}

const managerOf = (...cells: unknown[]) => ({ context: { model: { cells } } });

describe("a still that JupyterLab read from the file", () => {
  const view = { "text/plain": "Explorer()" };
  const old = { "text/html": html("a1", "old") };
  const picture = { "image/png": "old" };

  it("is renewed wherever it stands, and no other output", () => {
    const others = cell(view, { "text/html": html("b2", "old") }, picture);
    const [one, two] = [
      cell(view, { ...old }, picture),
      cell({ "text/html": ["<p>"] }, view, { ...old }, picture),
    ];
    renewStored(managerOf({}, others, one, two), still("new", "new"));
    expect(others.outputs.set).not.toHaveBeenCalled();
    expect(one.outputs.set.mock.calls).toEqual(
      still("new", "new").outputs.map((output, index) => [
        1 + index,
        { output_type: "display_data", ...output },
      ]),
    );
    expect(two.outputs.set.mock.calls.map(([at]) => at)).toEqual([2, 3]);
  });

  it("is left where it is the same, and where its picture was taken away", () => {
    const same = cell(view, { "text/html": html("a1", "new") }, { "image/png": "new" });
    const alone = cell(view, { ...old }, { "text/html": html("b2", "old") });
    renewStored(managerOf(same, alone), still("new", "new"));
    for (const { outputs } of [same, alone]) expect(outputs.set).not.toHaveBeenCalled();
    renewStored(managerOf(same), still("new", "another view"));
    expect(same.outputs.set).toHaveBeenCalledTimes(2);
  });

  it.each([undefined, {}, { context: null }, { context: { model: {} } }])(
    "is not looked for in a host that has no notebook: %o",
    (manager) => expect(() => renewStored(manager, still("new", "new"))).not.toThrow(),
  );
});

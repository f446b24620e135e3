import { describe, expect, it } from "vitest";
import { type CodeInput, pythonCode } from "../../src/export/code";
import { matrixCsv, rowCsv, rowText } from "../../src/export/copied";
import { csv, quoted } from "../../src/lib/csv";
import { exactDigits } from "../../src/lib/digits";
import { pythonString, pythonValue } from "../../src/lib/python";
import { plainLook } from "../../src/session/look";
import { plainQuestion } from "../../src/session/what-if";

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const nasty = [
  ...['"', "'", "\\", "\n", "\r", "\t", "\0", "\u001b", "\u007f", "\u0085", "\u2028", "\u202e", "\ufeff"],
  ...["{", "}", "#", "%s", "a", "é", "川", "🙂", "👩‍👩‍👧", "\ud800", " ", "=1+1", ",", "\\n", "\\x41", '"""'],
];

function texts(count: number): string[] {
  const next = random(7);
  return Array.from({ length: count }, () =>
    Array.from({ length: Math.floor(next() * 8) }, () => nasty[Math.floor(next() * nasty.length)]).join(""),
  );
}

/** What Python reads from a string literal of one line; null where it would not take it. */
function readPython(source: string): string | null {
  const quote = source[0];
  if ((quote !== '"' && quote !== "'") || source.at(-1) !== quote || source.length < 2) return null;
  const named: Record<string, string> = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"', "'": "'" };
  const body = source.slice(1, -1);
  let text = "";
  for (let at = 0; at < body.length; at++) {
    const sign = body[at] as string;
    if (sign === quote || sign === "\n" || sign === "\r" || sign === "\0") return null;
    if (sign !== "\\") {
      text += sign;
      continue;
    }
    const kind = body[++at];
    if (kind === undefined) return null;
    const digits = { x: 2, u: 4, U: 8 }[kind];
    if (digits === undefined) {
      const known = named[kind];
      if (known === undefined) return null;
      text += known;
      continue;
    }
    text += String.fromCodePoint(Number.parseInt(body.slice(at + 1, at + 1 + digits), 16));
    at += digits;
  }
  return text;
}

/** RFC 4180, as a program reads it. */
function readCsv(text: string): string[][] {
  const lines: string[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let line: string[] = [];
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    line.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === ",") continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

describe("digits", () => {
  it("are all there, and no more", () => {
    const next = random(3);
    for (let index = 0; index < 3000; index++) {
      const value = Math.fround(next() ** (1 + 8 * next()));
      const digits = exactDigits(value);
      expect(Math.fround(Number(digits))).toBe(value);
      expect(digits.replace(/e.*|^0\.0*|\./g, "").length).toBeLessThanOrEqual(9);
    }
    expect([0, 1, 0.5, Math.fround(0.1), Number.NaN].map(exactDigits)).toEqual(["0", "1", "0.5", "0.1", ""]);
  });
});

describe("CSV", () => {
  it("gives back every text", () => {
    const all = texts(400);
    expect(readCsv(csv(all.map((text, index) => [index, quoted(text)]))).map(([, text]) => text)).toEqual(
      all,
    );
  });

  it("of a row has all digits, names its axis, and begins no line with a token", () => {
    const row = {
      title: "t",
      recipe: "r",
      direction: "reads" as const,
      pieces: ["=1+1", 'say "hi"\r\n', "a,b"],
      weights: Float32Array.of(0.1, 1 / 3, Number.NaN),
    };
    expect(rowCsv(row)).toBe(
      'key,token,weight\r\n0,"=1+1",0.1\r\n1,"say ""hi""\r\n",0.33333334\r\n2,"a,b",\r\n',
    );
    expect(rowCsv({ ...row, direction: "read_by" })).toMatch(/^query,token,weight\r\n/);
    expect(rowCsv({ ...row, number: "change, with hide 1" })).toMatch(/^key,token,"change, with hide 1"\r\n/);
    const lines = rowText(row).split("\n");
    expect(lines[0]).toBe("t");
    expect(lines[2]).toBe("0  =1+1        0.100000");
    expect(lines.length).toBe(8);
  });

  it("of a matrix names queries downwards and keys to the right", () => {
    const text = matrixCsv({
      queries: ["a", "b"],
      keys: ["x", "y", "=z"],
      weights: [1, 0, 0, 0.25, 0.5, 0.25],
    });
    expect(readCsv(text)).toEqual([
      ["query", "token", "0", "1", "2"],
      ["", "key", "x", "y", "=z"],
      ["0", "a", "1", "0", "0"],
      ["1", "b", "0.25", "0.5", "0.25"],
    ]);
  });
});

describe("Python literals", () => {
  it("give back every text, on one line", () => {
    for (const text of texts(600)) {
      expect(readPython(pythonString(text)), JSON.stringify(text)).toBe(text);
      expect(pythonString(text)).not.toMatch(/[\u202e\u2028\n\r]/);
    }
  });

  it("are Python's words and brackets", () => {
    expect(pythonValue([null, true, false, 1.5, "a"])).toBe('(None, True, False, 1.5, "a")');
    expect(pythonValue([[1, 2]])).toBe("((1, 2),)");
    expect(pythonValue({ words: true, 'a"b': [] })).toBe(`{"words": True, 'a"b': ()}`);
  });
});

describe("code", () => {
  const traits: CodeInput["traits"] = {
    text: "The cat sat",
    pair: "",
    layer: 1,
    head: 2,
    query: [2, 3],
    direction: "reads",
    part: "self",
    view: "matrix",
    heads: [[1, 2]],
    filter: "auto",
    look: plainLook,
    edits: [],
    question: plainQuestion,
  };
  const input: CodeInput = {
    traits,
    source: "gpt2",
    given: false,
    model: "GPT2LMHeadModel",
    usualPart: "self",
    attending: [0, 1, 2, 3],
    cut: null,
    picture: null,
  };
  const code = (change: Partial<CodeInput["traits"]> = {}, other: Partial<CodeInput> = {}) =>
    pythonCode({ ...input, ...other, traits: { ...traits, ...change } })
      .trimEnd()
      .split("\n");

  it("says what the place is, and nothing that is as usual", () => {
    expect(code()).toEqual([
      "import attnwidget as aw",
      "",
      'ex = aw.explore("gpt2", "The cat sat", layer=1, head=2, query=2)',
      "weights = ex.trace.weights(1, 2)[2]",
    ]);
    expect(code({}, { source: "" })[2]).toBe('ex = aw.explore(text="The cat sat", layer=1, head=2, query=2)');
  });

  it("asks for a model that was given as an object, and for weights", () => {
    expect(code({}, { source: null }).slice(2, 4)).toEqual([
      "# model: the GPT2LMHeadModel that this explorer was given; add tokenizer= if you gave one",
      'ex = aw.explore(model, "The cat sat", layer=1, head=2, query=2)',
    ]);
    expect(code({}, { source: null, given: true })[3]).toBe(
      "ex = aw.view(weights, tokens, layer=1, head=2, query=2)",
    );
  });

  it("has a folder of the frames where a video is read", () => {
    const text = "video:b85ff388c9302b14";
    const lines = code({ text }, { picture: { name: "0a1b", film: true, file: null } }).join("\n");
    expect(lines).toContain('video = "frames"  # a folder: ');
    expect(lines).toContain("video=video");
    expect(lines).not.toContain("image=");
  });

  it("has the picture that is read in the place of a text, or names its file where it is long", () => {
    const text = "picture:b85ff388c9302b14";
    expect(code({ text }, { picture: { name: "0a1b", film: false, file: "iVBO" } })).toEqual([
      "import base64",
      "import io",
      "",
      "import attnwidget as aw",
      "from PIL import Image",
      "",
      'image = "iVBO"  # the picture as the model saw it',
      "ex = aw.explore(",
      ...['"gpt2"', "image=Image.open(io.BytesIO(base64.b64decode(image)))"].map((line) => `    ${line},`),
      ...["layer=1", "head=2", "query=2"].map((line) => `    ${line},`),
      ")",
      "weights = ex.trace.weights(1, 2)[2]",
    ]);
    const look = { ...plainLook, against: "picture:0000000000000000" };
    const long = code(
      { text, look },
      { source: null, picture: { name: "0a1b", film: false, file: null } },
    ).join("\n");
    expect(long).toContain('image = "0a1b.png"  # a file: ex.image.save("0a1b.png")');
    expect(long).toContain(
      "ex = aw.explore(model, image=image, layer=1, head=2, query=2)\n# the page compares",
    );
    expect(long).toContain("add processor= if you gave one");
    expect(long).not.toContain("against=");
  });

  it("says what is not as usual", () => {
    const heads = [
      [0, 1],
      [1, 2],
    ] as const;
    const look = { ...plainLook, words: true, sinks: "hide" as const };
    const lines = code({ query: [1, 3], direction: "read_by", view: "lines", heads, filter: "top 5", look });
    expect(lines).toEqual([
      "import torch",
      "import attnwidget as aw",
      "",
      "ex = aw.explore(",
      ...['"gpt2"', '"The cat sat"', "layer=1", "head=2", "query=(1, 3)", 'direction="read_by"'].map(
        (line) => `    ${line},`,
      ),
      ...['view="lines"', 'heads=("L0H1", "L1H2")', 'filter="top 5"', "words=True", 'sinks="hide"'].map(
        (line) => `    ${line},`,
      ),
      ")",
      "# as the model gives them; the page also merges pieces into words, hides sinks",
      "maps = [ex.trace.weights(layer, head) for layer, head in ex.heads]",
      "weights = torch.stack(maps).mean(0)[:, 1:3].sum(1)",
    ]);
  });

  it("makes the same edits, and gives what is shown of them", () => {
    const edits = ["hide 1", "(silence L1H2)"];
    const shown = (shows: "after" | "before" | "difference", view = "matrix") => {
      const lines = code({ edits, view, look: { ...plainLook, shows } });
      return lines.slice(lines.findIndex((line) => /^(\)|ex = .*\))$/.test(line)) + 1);
    };
    expect(code({ edits }).join("")).toContain('edits=("hide 1", "(silence L1H2)")');
    expect(shown("after")).toEqual(["weights = ex.trace.weights(1, 2)[2]"]);
    const again = "before = ex.model.trace(ex.trace)  # the same text, nothing changed";
    expect(shown("before")).toEqual([again, "weights = before.weights(1, 2)[2]"]);
    expect(shown("difference")).toEqual([
      again,
      "def shown(trace):",
      "    return trace.weights(1, 2)[2]",
      "changes = shown(ex.trace) - shown(before)",
    ]);
    expect(shown("difference", "layers").at(-1)).toContain("zip(shown(ex.trace), shown(before))");
    const question = { answer: " Paris", rather: null, at: 3 };
    expect(code({ question }).join("")).toContain('question={"answer": " Paris", "rather": None, "at": 3}');
  });

  it("gives the evidence where that is on the stage, for the answer that is asked about", () => {
    const last = (...args: Parameters<typeof code>) => code(...args).at(-1);
    expect(last({ view: "test" })).toBe("evidence = aw.evidence(ex.model, ex.trace)");
    const question = { answer: " Paris", rather: " Lyon", at: 3 };
    expect(last({ view: "test", question })).toBe(
      'evidence = aw.evidence(ex.model, ex.trace, answer=(" Paris", " Lyon"), at=3)',
    );
    const own = code({ view: "test", question: { ...question, answer: null } });
    expect(own.slice(-2)).toEqual([
      '# the page asks why its own answer rather than " Lyon": answer=(own, " Lyon")',
      "evidence = aw.evidence(ex.model, ex.trace, at=3)",
    ]);
  });

  it("gives the numbers of layers, layer means, rollouts and other parts", () => {
    const last = (...args: Parameters<typeof code>) => code(...args).at(-1);
    expect(last({ look: { ...plainLook, source: "layer" } })).toBe(
      "weights = ex.trace.weights(1).mean(0)[2]",
    );
    expect(last({ look: { ...plainLook, source: "rollout" } })).toBe(
      "weights = aw.rollout(ex.trace).values[2]",
    );
    expect(last({ view: "layers" })).toBe(
      "weights = [ex.trace.weights(layer).mean(0)[2] for layer in range(4)]",
    );
    expect(last({ view: "layers", look: { ...plainLook, layers: "single" } }, { attending: [1, 3] })).toBe(
      "weights = [ex.trace.weights(layer, 2)[2] for layer in (1, 3)]",
    );
    expect(last({ view: "lens" })).toBe("added = aw.direct_effects(ex.model, ex.trace, at=2)");
    expect(code({ view: "lens", question: { answer: "a", rather: "b", at: null } }).slice(-2)).toEqual([
      'lens = aw.lens(ex.model, ex.trace, answer="a", positions=2)',
      'added = aw.direct_effects(ex.model, ex.trace, answer=("a", "b"), at=2)',
    ]);
    expect(last({ part: "encoder", query: [0, 2] }, { usualPart: "encoder" })).toBe(
      'weights = ex.trace.weights(1, 2, part="encoder")[0:2].mean(0)',
    );
  });
});

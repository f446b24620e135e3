import { editsOn } from "../edits/chips";
import { pythonString, pythonValue } from "../lib/python";
import { plainLook } from "../session/look";
import { questionAsked } from "../session/what-if";
import type { HeadPair, Look, Traits } from "../wire/types";

/** All that the code of a state depends on. */
export interface CodeInput {
  readonly traits: Omit<Traits, "chart">;
  /** What `aw.explore` was given: a name, "" for the bundled model, null for an object. */
  readonly source: string | null;
  /** Whether the weights were given, and no model. */
  readonly given: boolean;
  /** How the object would be described to its owner. */
  readonly model: string;
  /** The part that is shown when none is asked for. */
  readonly usualPart: string;
  /** The layers that have attention. */
  readonly attending: readonly number[];
  /** How many tokens are shown of a text that is too long; null where all are. */
  readonly cut: number | null;
  /** What is read in the place of a text; null where a text is. */
  readonly picture: PictureCode | null;
}

/** A picture in code: its file in base64, null where that is too long for code. */
export interface PictureCode {
  readonly name: string;
  /** Whether it is the first of the frames of a video. */
  readonly film: boolean;
  readonly file: string | null;
}

/** What is said only where it is not as usual. A new trait is one line here. */
const usual: readonly {
  readonly name: string;
  readonly of: (input: CodeInput) => unknown;
  readonly when: unknown;
}[] = [
  { name: "pair", of: ({ traits, given }) => (given ? "" : traits.pair), when: "" },
  { name: "direction", of: ({ traits }) => traits.direction, when: "reads" },
  { name: "view", of: ({ traits }) => traits.view, when: "matrix" },
  { name: "part", of: ({ traits, usualPart }) => (traits.part === usualPart ? "" : traits.part), when: "" },
  {
    name: "heads",
    of: ({ traits }) => (traits.heads.length > 1 ? traits.heads.map(headName) : null),
    when: null,
  },
  { name: "filter", of: ({ traits }) => traits.filter, when: "auto" },
  { name: "edits", of: ({ traits }) => (traits.edits.length > 0 ? traits.edits : null), when: null },
  {
    name: "question",
    of: ({ traits }) => ("question" in questionAsked(traits.question) ? traits.question : null),
    when: null,
  },
  ...(Object.keys(plainLook) as (keyof Look)[]).map((name) => ({
    name,
    // A picture to compare with has a name that only its own kernel knows.
    of: ({ traits, picture }: CodeInput) => (name === "against" && picture !== null ? "" : traits.look[name]),
    when: plainLook[name],
  })),
];

const longestLine = 100;

/** Python that makes the same explorer anew, and gives the numbers that it shows. */
export function pythonCode(input: CodeInput): string {
  const { traits, source } = input;
  const [start, stop] = traits.query;
  const given = [
    ...begin(input),
    `layer=${traits.layer}`,
    `head=${traits.head}`,
    `query=${stop - start === 1 ? start : pythonValue(traits.query)}`,
    ...usual
      .map(({ name, of, when }) => ({ name, value: of(input), when }))
      .filter(({ value, when }) => value !== when)
      .map(({ name, value }) => `${name}=${pythonValue(value)}`),
  ];
  const name = input.given ? "aw.view" : "aw.explore";
  const line = `ex = ${name}(${given.join(", ")})`;
  const call = line.length <= longestLine ? line : `ex = ${name}(\n    ${given.join(",\n    ")},\n)`;
  const shown = numbers(input);
  const whole = input.picture !== null && input.picture.file !== null;
  return [
    ...(whole ? ["import base64", "import io", ""] : []),
    ...(shown.some((one) => one.includes("torch.")) ? ["import torch"] : []),
    "import attnwidget as aw",
    ...(whole ? ["from PIL import Image"] : []),
    "",
    ...(source === null ? [missing(input)] : []),
    ...(input.picture === null ? [] : [pictureLine(input.picture)]),
    call,
    ...(input.picture !== null && traits.look.against !== "" ? [comparedLine] : []),
    ...(input.cut === null ? [] : [`# the page shows the first ${input.cut} tokens of this text`]),
    ...shown,
    "",
  ].join("\n");
}

/** What comes before the place that is looked at. */
function begin({ traits, source, given, picture }: CodeInput): string[] {
  const text = pythonString(traits.text);
  if (given) return ["weights", "tokens"];
  if (picture !== null) {
    const image = picture.film
      ? "video=video"
      : picture.file === null
        ? "image=image"
        : "image=Image.open(io.BytesIO(base64.b64decode(image)))";
    return [source === null ? "model" : pythonString(source), image];
  }
  if (source === "") return [`text=${text}`];
  return [source === null ? "model" : pythonString(source), text];
}

function pictureLine({ name, film, file }: PictureCode): string {
  if (film)
    return 'video = "frames"  # a folder: [one.save(f"frames/{at:03}.png") for at, one in enumerate(ex.video)] fills it where this explorer is';
  if (file !== null) return `image = ${pythonString(file)}  # the picture as the model saw it`;
  return `image = ${pythonString(`${name}.png`)}  # a file: ex.image.save(${pythonString(`${name}.png`)}) writes it where this explorer is`;
}

const comparedLine = "# the page compares it with another picture: ex.against = ex.model.put(another)";

function missing({ given, model, picture }: CodeInput): string {
  if (picture !== null && !given)
    return `# model: the ${model} that this explorer was given; add processor= if you gave one`;
  if (given) return "# weights, tokens: what this explorer was given";
  return `# model: the ${model} that this explorer was given; add tokenizer= if you gave one`;
}

function headName([layer, head]: HeadPair): string {
  return `L${layer}H${head}`;
}

/** The row or column on show, from the trace; and what the page has made of it since. */
function numbers(input: CodeInput): string[] {
  const { look, view, direction, query } = input.traits;
  if (view === "test") return evidenceLines(input);
  const [start, stop] = query;
  const single = stop - start === 1;
  const place = single ? String(start) : `${start}:${stop}`;
  const index =
    direction === "reads"
      ? `[${place}]${single ? "" : ".mean(0)"}`
      : `[:, ${place}]${single ? "" : ".sum(1)"}`;
  if (view === "lens") return lensLines(input.traits);
  const changed = [
    ...(look.words ? ["merges pieces into words"] : []),
    ...(look.sinks === "show"
      ? []
      : [look.sinks === "hide" ? "hides sinks" : "hides sinks and renormalises"]),
    ...(look.weight === "norm" ? ["weights by the values' norms"] : []),
  ];
  const note = changed.length === 0 ? [] : [`# as the model gives them; the page also ${changed.join(", ")}`];
  const lines = (trace: string) =>
    view === "layers" ? [layersLine(input, index, trace)] : mapLines(input, index, trace);
  return [...note, ...underEdits(input, lines)];
}

/** What the table of the view holds. */
function evidenceLines(input: CodeInput): string[] {
  const { question, edits, look } = input.traits;
  const { answer, rather, at } = question;
  const before = look.shows === "before" && editsOn(edits).length > 0;
  const first = pythonValue(answer);
  const asked = [
    ...(answer === null ? [] : [`answer=${rather === null ? first : `(${first}, ${pythonValue(rather)})`}`]),
    ...(at === null ? [] : [`at=${at}`]),
  ];
  const given = ["ex.model", before ? "before" : "ex.trace", ...asked].join(", ");
  return [
    ...(before ? [again] : []),
    ...(answer === null && rather !== null
      ? [
          `# the page asks why its own answer rather than ${pythonValue(rather)}: answer=(own, ${pythonValue(rather)})`,
        ]
      : []),
    `evidence = aw.evidence(${given}${partOf(input)})`,
  ];
}

const again = "before = ex.model.trace(ex.trace)  # the same text, nothing changed";

/** As the explorer shows a text with edits: it after them, before them, or the difference. */
function underEdits({ traits }: CodeInput, lines: (trace: string) => string[]): string[] {
  const { shows } = traits.look;
  if (shows === "after" || editsOn(traits.edits).length === 0) return lines("ex.trace");
  if (shows === "before") return [again, ...lines("before")];
  const body = lines("trace").map((line) => `    ${line.replace(/^weights = /, "return ")}`);
  const change =
    traits.view === "layers"
      ? "changes = [after - earlier for after, earlier in zip(shown(ex.trace), shown(before))]"
      : "changes = shown(ex.trace) - shown(before)";
  return [again, "def shown(trace):", ...body, change];
}

function partOf({ traits, usualPart }: CodeInput): string {
  return usualPart === "self" && traits.part === "self" ? "" : `, part=${pythonString(traits.part)}`;
}

function mapLines(input: CodeInput, index: string, trace: string): string[] {
  const { look, layer, head, heads } = input.traits;
  const part = partOf(input);
  const fused = look.fusion === "max" ? ".amax(0)" : ".mean(0)";
  if (look.source === "rollout") return [`weights = aw.rollout(${trace}${part}).values${index}`];
  if (look.source === "layer") return [`weights = ${trace}.weights(${layer}${part})${fused}${index}`];
  if (heads.length < 2) return [`weights = ${trace}.weights(${layer}, ${head}${part})${index}`];
  return [
    `maps = [${trace}.weights(layer, head${part}) for layer, head in ex.heads]`,
    `weights = torch.stack(maps)${fused}${index}`,
  ];
}

function layersLine(input: CodeInput, index: string, trace: string): string {
  const { look, head } = input.traits;
  const part = partOf(input);
  const one = look.layers === "single" ? `(layer, ${head}${part})` : `(layer${part})`;
  const fused = { mean: ".mean(0)", max: ".amax(0)", single: "" }[look.layers];
  const { attending } = input;
  const dense = attending.every((layer, place) => layer === place);
  const layers = dense ? `range(${attending.length})` : pythonValue(attending);
  return `weights = [${trace}.weights${one}${fused}${index} for layer in ${layers}]`;
}

/** What each layer would say, and what its parts add, after the last token of the query; of a difference, after the edits. */
function lensLines({ look, edits, query, question: { answer, rather } }: CodeInput["traits"]): string[] {
  const early = look.shows === "before" && editsOn(edits).length > 0;
  const trace = early ? "before" : "ex.trace";
  const position = query[1] - 1;
  const asked = (value: unknown) => (answer === null ? "" : `, answer=${pythonValue(value)}`);
  return [
    ...(early ? [again] : []),
    `lens = aw.lens(ex.model, ${trace}${asked(answer)}, positions=${position})`,
    `added = aw.direct_effects(ex.model, ${trace}${asked(rather === null ? answer : [answer, rather])}, at=${position})`,
  ];
}

import { count, shortLabel, weight } from "../lib/format";
import { askedOf, othersOf } from "../session/axes";
import type { Session } from "../session/session";
import type { Header, Tokens } from "../wire/types";

/** A view in words, for those who do not see its canvas: one sentence, and a short table. */
export interface Description {
  readonly sentence: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Rows of the table, and how many of them the sentence mentions. */
export const listed = 8;
export const mentioned = 3;

/** Characters of a word in a sentence. */
export const longest = 28;

export const verbs = { reads: "reads", read_by: "is read by" } as const;

/** What the query reads, or what reads it: what is pinned, never what is under the pointer. Reads signals. */
export function mapInWords({ shown }: Session): Description | null {
  if (shown.value === null) return null;
  const { header, row, column } = shown.value.frame;
  const weights = header.direction === "reads" ? row : column;
  return weights === null ? null : ofMap(header, weights);
}

export function ofMap(header: Header, weights: Float32Array): Description {
  const { direction } = header;
  const tokens = othersOf(header, direction);
  const query = spanInWords(askedOf(header, direction), header.query);
  const strongest = Array.from(weights.keys())
    .filter((token) => (weights[token] as number) > 0 && tokens.padding[token] !== true)
    .sort((one, other) => (weights[other] as number) - (weights[one] as number))
    .slice(0, listed)
    .map((token) => ({ token, name: nameOf(tokens, token), weight: weight(weights[token] as number) }));
  const list = strongest.slice(0, mentioned).map((each) => `${each.name} ${each.weight}`);
  const rest = strongest.length > mentioned ? " …" : "";
  const sinks = new Set(direction === "reads" ? header.sinks : []);
  const title = header.title.replaceAll(" · ", " ");
  return {
    sentence: `${title}, ${sizeOf(header)}; “${query}” ${verbs[direction]} ${list.join(", ") || "nothing"}${rest}`,
    columns: direction === "reads" ? ["Query", "Key", "Weight"] : ["Key", "Query", "Weight"],
    rows: strongest.map((each) => [
      query,
      each.name,
      `${each.weight}${sinks.has(each.token) ? ", a sink" : ""}`,
    ]),
  };
}

function sizeOf({ tokens, key_tokens }: Header): string {
  if (key_tokens == null) return count(tokens.pieces.length, "token");
  return `${tokens.pieces.length} queries and ${count(key_tokens.pieces.length, "key")}`;
}

/** The pieces of a span as words. */
export function spanInWords(tokens: Tokens, [start, stop]: readonly [number, number]): string {
  return tokens.pieces.slice(start, stop).map(short).join(" ");
}

/** Said of a span where one of its tokens is shown: " (last of 3)". */
export function lastOf([start, stop]: readonly [number, number] = [0, 1]): string {
  return stop - start > 1 ? ` (last of ${stop - start})` : "";
}

/** By its number too, where the text has the piece more than once. */
export function nameOf({ pieces }: Pick<Tokens, "pieces">, token: number): string {
  const piece = pieces[token] ?? "";
  const alone = pieces.indexOf(piece) === pieces.lastIndexOf(piece);
  return alone ? short(piece) : `${short(piece)} #${token}`;
}

const short = (piece: string) => shortLabel(piece, longest);

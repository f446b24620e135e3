import { ranges } from "../edits/notation";
import { type Edit, type Heads, nameOf } from "../edits/records";
import { shorten } from "../lib/format";

/** The word of a token; "" where it is not known. `side`: of a part that reads another text, whose token it is. */
export type Naming = (token: number, side: "query" | "key") => string;

const longest = 14;

/** What stands behind the text of a chip: the words of its tokens. */
export function tokensInWords(edit: Edit, name: Naming): string {
  if (edit.kind === "hide") return wordsOf(edit.tokens, "key", name);
  if (edit.kind !== "cut") return "";
  const by = edit.queries === null ? "" : wordsOf(edit.queries, "query", name);
  const read = wordsOf(edit.keys, "key", name);
  return by === "" || read === "" ? read : `${by} → ${read}`;
}

function wordsOf(tokens: readonly number[], side: "query" | "key", name: Naming): string {
  const words = tokens.slice(0, 3).map((token) => name(token, side));
  if (words.every((word) => word === "")) return "";
  return shorten(words.join(" "), longest) + (tokens.length > 3 ? " …" : "");
}

/** What an edit does, in a sentence. */
export function sentenceOf(edit: Edit, name: Naming): string {
  const part = edit.part === null ? "" : ` of ${edit.part}`;
  switch (edit.kind) {
    case "hide": {
      const from = edit.start > 0 ? `, from #${edit.start} on` : "";
      return `No other token${part} reads ${those(edit.tokens, "key", name)}${from}; the other weights of each row grow to sum to 1.`;
    }
    case "silence": {
      const instead = edit.by === "mean" ? "its mean over this text" : "zero";
      return `The output of ${headIn([edit.layer, edit.head])}${part} is ${instead}: ${edit.by === "mean" ? "it no longer depends on the token" : "it adds nothing"}.`;
    }
    case "cut": {
      const by = edit.queries === null ? "No token" : those(edit.queries, "query", name);
      const verb = edit.queries === null ? "reads" : "no longer reads";
      const where = edit.heads.length === 0 ? " in any head" : ` in ${edit.heads.map(headIn).join(", ")}`;
      const rest = edit.renormalise
        ? "the other weights of the row grow to sum to 1"
        : "what it read there is lost";
      return `${by} ${verb} ${those(edit.keys, "key", name)}${where}${part}; ${rest}.`;
    }
    case "paint":
      return `${capital(headIn([edit.layer, edit.head]))}${part} ${painted[edit.pattern]}.`;
  }
}

const painted = {
  uniform: "reads every token that it may read alike",
  identity: "reads only the token itself",
  previous: "reads only the token before",
  shuffled: "has its own weights, dealt out to other tokens by chance",
} as const;

function headIn([layer, head]: Heads): string {
  return head === null ? `each head of layer ${layer}` : nameOf(layer, head);
}

function those(tokens: readonly number[], side: "query" | "key", name: Naming): string {
  const words = wordsOf(tokens, side, name);
  const numbers = `#${ranges(tokens).replaceAll("..", "–")}`;
  return words === "" ? numbers : `“${words}” (${numbers})`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

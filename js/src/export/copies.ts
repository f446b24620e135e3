import { untracked } from "@preact/signals";
import { sentence } from "../controls/Toolbar";
import type { View } from "../display/view";
import { standsIn } from "../focus/fields";
import { count, grouped } from "../lib/format";
import { tiledMap } from "../session/answers/tiles";
import type { Session } from "../session/session";
import { type PictureCode, pythonCode } from "./code";
import { type CopiedRow, matrixCsv, rowCsv, rowText } from "./copied";

/** What can be copied, and how it is called afterwards. */
export interface Copy {
  readonly text: string;
  readonly what: string;
}

export function copyRowText(view: View): Copy {
  const row = rowOnShow(view);
  return { text: rowText(row), what: tokens(row) };
}

export function copyRowCsv(view: View): Copy {
  const row = rowOnShow(view);
  return { text: rowCsv(row), what: `${tokens(row)} as CSV` };
}

/** What the numbers on show are, where something was changed in the computation. */
function numberIn({ shown }: Session): { readonly number?: string } {
  const { edits = [], signed } = shown.peek()?.frame.header ?? {};
  if (edits.length === 0) return {};
  return { number: `${signed ? "change" : "weight"}, with ${edits.join("; ")}` };
}

function tokens({ pieces }: CopiedRow): string {
  return count(pieces.length, "weight");
}

/** Of the query, or of the key where what reads it is shown. */
function rowOnShow({ session, derived }: View): CopiedRow {
  const map = derived.map.peek();
  const looks = derived.direction.peek();
  const [asked, named] = [derived.asked.peek(), derived.others.peek()];
  const weights = looks === "read_by" ? derived.column.peek() : derived.row.peek();
  if (map === null || asked === null || named === null || weights === null)
    throw new Error("There are no numbers yet.");
  if (!derived.certain.peek())
    throw new Error("The exact numbers are on their way from the kernel. Try again in a moment.");
  const model = session.about.peek()?.model.name ?? "";
  const shown = sentence(asked, derived.focus.peek(), looks);
  return {
    title: [model, map.title, shown].filter((part) => part !== "").join(" · "),
    recipe: map.recipe,
    direction: looks,
    pieces: named.pieces,
    weights,
    ...numberIn(session),
  };
}

/** More than this is a file and not something to paste: 12 MB of digits. */
const mostTokens = 1024;

/** The whole map on show, exact: asked for where the page has less. */
export async function copyMatrix({ session, derived }: View): Promise<Copy> {
  const map = derived.map.peek();
  const [queries, keys] = [derived.tokens.peek(), derived.keys.peek()];
  if (map === null || queries === null || keys === null) throw new Error("There are no numbers yet.");
  const size = `${grouped(map.queries)} × ${grouped(map.keys)} weights`;
  if (Math.max(map.queries, map.keys) > mostTokens)
    throw new Error(
      `${size} are too many to copy: ${mostTokens} tokens at most. “As Python” copies code that gets them.`,
    );
  const weights = map.precise ? map.values : await exactValues(session, map);
  return {
    text: matrixCsv({ queries: queries.pieces, keys: keys.pieces, weights, ...numberIn(session) }),
    what: `${size} as CSV`,
  };
}

async function exactValues(session: Session, map: Parameters<typeof tiledMap>[1] & object) {
  const tiled = tiledMap(session.shown.peek(), map);
  if (tiled === null)
    throw new Error("The exact numbers are on their way from the kernel. Try again in a moment.");
  const tile = await session.tiles.exact(tiled, { rows: [0, map.queries], columns: [0, map.keys] });
  if (typeof tile === "string") throw new Error(tile);
  return tile.values;
}

/** The table on the stage, where it has numbers of its own. */
export function copyTable({ figures, palette }: View): Copy {
  const figure = figures.makers.peek().get("stage")?.({ palette: palette.peek(), outlined: true });
  if (figure?.csv === undefined) throw new Error("There are no numbers yet.");
  return { text: figure.csv(), what: "the table as CSV" };
}

/** More than this of a picture's file is not for code: bytes. */
const mostOfFile = 24 * 1024;

/** The picture that is read in the place of a text, as code has it. */
async function pictureIn(session: Session): Promise<PictureCode | null> {
  const [picture] = session.shown.peek()?.frame.header.pictures ?? [];
  if (picture === undefined || untracked(() => standsIn(session, 0)) !== "picture") return null;
  const file = untracked(() => session.pictures.of(picture.name));
  const film = picture.frames !== undefined;
  const short = !film && file !== null && file.size <= mostOfFile;
  return { name: picture.name, film, file: short ? base64(new Uint8Array(await file.arrayBuffer())) : null };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export async function copyPython({ session }: View): Promise<Copy> {
  const { model } = session.about.peek() ?? {};
  const { text, pair, layer, head, query, direction, part, view, heads, filter, look, edits, question } =
    session.traits;
  const traits = {
    text: text.peek(),
    pair: pair.peek(),
    layer: layer.peek(),
    head: head.peek(),
    query: query.peek(),
    direction: direction.peek(),
    part: part.peek(),
    view: view.peek(),
    heads: heads.peek(),
    filter: filter.peek(),
    look: look.peek(),
    edits: edits.peek(),
    question: question.peek(),
  };
  const code = pythonCode({
    traits,
    source: model?.source ?? null,
    given: session.path.peek() === "given",
    model: model?.architecture ?? "model",
    usualPart: model?.second === "target" && pair.peek() !== "" ? "cross" : (model?.parts[0] ?? "self"),
    attending: session.heads.peek().flatMap((number, place) => (number > 0 ? [place] : [])),
    picture: await pictureIn(session),
    cut: session.shown.peek()?.frame.header.truncated?.shown ?? null,
  });
  return { text: code, what: "Python code for this explorer" };
}

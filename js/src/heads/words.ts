import { type Description, listed, mentioned } from "../focus/description";
import { count } from "../lib/format";
import type { Session } from "../session/session";
import type { Metric } from "../wire/metric";
import { type Frame, keptWhole } from "../wire/types";
import { census, type Found, find, headName, named, type Search, unnamed } from "./found";
import { metricAt, titleOf } from "./metrics";
import { searchOf } from "./search";

/** The heads that are looked for. Reads signals. */
export function modelInWords(session: Session): Description | null {
  const { by, lowest, top, only } = searchOf(session);
  const metric = metricAt(session, by.value);
  const search = { lowest: lowest.value, top: top.value, only: only.value };
  return metric === null ? null : ofHeads(metric, session.heads.value, search, titleOf(session, by.value));
}

/** All heads at once: how many have which pattern, or who leads. */
export function ofHeads(
  metric: Metric,
  counts: readonly number[],
  search: Search,
  title: string,
): Description {
  const { heads } = find(metric, counts, search);
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : "–");
  const all = counts.reduce((sum, each) => sum + each, 0);
  const start = `${count(counts.length, "layer")}, ${count(all, "head")}`;
  const rows = heads
    .slice(0, listed)
    .map((head) => [headName(head), ...(metric.labels === null ? [] : [head.label]), number(head.value)]);
  if (metric.labels !== null) {
    const kinds = census(metric, counts);
    const list = kinds.slice(0, mentioned).map((kind) => `${kind.label} ${kind.count}`);
    return {
      sentence: `${start}; by pattern: ${list.join(", ") || "none"}${kinds.length > mentioned ? " …" : ""}`,
      columns: ["Head", "Pattern", "Score"],
      rows,
    };
  }
  const list = heads.slice(0, mentioned).map((head) => `${headName(head)} ${number(head.value)}`);
  return {
    sentence: `${start}; ${search.lowest ? "lowest" : "highest"} ${title}: ${list.join(", ") || "none"}${heads.length > mentioned ? " …" : ""}`,
    columns: ["Head", title],
    rows,
  };
}

/** Why so many heads have no name; null where all have one. */
export function namelessOf(metric: Metric, counts: readonly number[]): string | null {
  const kinds = census(metric, counts);
  const all = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const nameless = kinds.find(({ label }) => label === unnamed)?.count ?? 0;
  if (nameless === 0) return null;
  return `${nameless} of ${all} heads fit no single pattern: none scores high enough on this text. A measure tells them apart:`;
}

/** How far a metric is; "" where all of it is there. */
export function layersDone({ measured: [done, all] = [0, 0] }: Pick<Metric, "measured">): string {
  return done < all ? `${done} of ${all} layers` : "";
}

/** What stays when others fade, in words. */
export function keptOf(session: Session, { kept, heads }: Found): string {
  if (kept === null) return "";
  const all = session.heads.value.reduce((sum, count) => sum + count, 0);
  const { by, only, lowest } = searchOf(session);
  const what =
    by.value === named
      ? (only.value ?? "")
      : `${lowest.value ? "lowest" : "highest"} ${titleOf(session, by.value)}`;
  return `${heads.length} of ${all} heads: ${what}`;
}

/** What the small maps leave out of a text, for a caption. */
export function pooled({ header, thumbnails }: Frame): string {
  const queries = header.tokens.pieces.length;
  const [, , rows = queries] = thumbnails?.shape ?? [];
  if (queries <= rows) return "";
  return queries <= keptWhole
    ? "; the largest weight of each cell"
    : "; sampled queries, the largest weight of each cell";
}

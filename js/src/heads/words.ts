import type { Description } from "../focus/description";
import { count } from "../lib/format";
import type { Metric } from "../wire/metric";
import { census, find, headName, type Search, unnamed } from "./found";

const listed = 8;
const said = 3;

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
    .map((head) => [
      headName(head),
      ...(metric.labels === null ? [] : [plain(head.label)]),
      number(head.value),
    ]);
  if (metric.labels !== null) {
    const kinds = census(metric, counts);
    const list = kinds.slice(0, said).map((kind) => `${plain(kind.label)} ${kind.count}`);
    return {
      sentence: `${start}; by pattern: ${list.join(", ") || "none"}${kinds.length > said ? " …" : ""}`,
      columns: ["Head", "Pattern", "Score"],
      rows,
    };
  }
  const list = heads.slice(0, said).map((head) => `${headName(head)} ${number(head.value)}`);
  return {
    sentence: `${start}; ${search.lowest ? "lowest" : "highest"} ${title}: ${list.join(", ") || "none"}${heads.length > said ? " …" : ""}`,
    columns: ["Head", title],
    rows,
  };
}

function plain(label: string): string {
  return label === unnamed ? "no single pattern" : label;
}

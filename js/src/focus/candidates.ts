import type { Expected } from "../wire/difference";
import type { Predicted } from "../wire/types";

export interface Row {
  readonly piece: string;
  readonly before: number | null;
  readonly after: number | null;
  readonly gain: number;
}

const listed = 5;

/** The candidates that are likeliest in either text: in the order of the text on show. */
export function expectedRows({ rows = [] }: Expected): readonly Row[] {
  const most = (row: Row) => Math.max(row.before ?? 0, row.after ?? 0);
  return rows
    .map((row) => ({ ...row, gain: (row.after ?? 0) - (row.before ?? 0) }))
    .sort((one, other) => most(other) - most(one))
    .slice(0, listed)
    .sort((one, other) => (other.after ?? 0) - (one.after ?? 0));
}

export function expectedHeading(kind: Predicted, name: string): string {
  switch (kind) {
    case "next token":
      return `Next token after “${name}”`;
    case "this token":
      return `In the place of “${name}”`;
    case "label":
      return `Label of “${name}”`;
    case "class":
      return "Class";
    case "answer span":
      return "Answer";
  }
}

/** What is kept of each row; "auto" leaves it to the view: lines keep 70 %, all else is whole. */
export type Filter =
  | { readonly kind: "auto" }
  | { readonly kind: "all" }
  | { readonly kind: "mass"; readonly amount: number }
  | { readonly kind: "top"; readonly amount: number }
  | { readonly kind: "least"; readonly amount: number };

/** A filter as Python writes it; anything else is "auto". */
export function readFilter(value: unknown): Filter {
  const auto = { kind: "auto" } as const;
  if (typeof value !== "string") return auto;
  const [kind, number, ...more] = value.split(" ");
  const amount = number === undefined || number === "" ? Number.NaN : Number(number);
  if (more.length > 0) return auto;
  if (kind === "all" && number === undefined) return { kind };
  if ((kind === "mass" || kind === "least") && amount > 0 && amount <= 1) return { kind, amount };
  if (kind === "top" && Number.isInteger(amount) && amount >= 1) return { kind, amount };
  return auto;
}

/** As Python writes it. */
export function filterText(filter: Filter): string {
  return "amount" in filter ? `${filter.kind} ${Number(filter.amount.toPrecision(6))}` : filter.kind;
}

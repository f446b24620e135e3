/** Ten heads told apart by colour, also by those who see less of it; each stands out from the ground it is drawn on. */
const onLight = [
  "#0072b2",
  "#d4540a",
  "#9b0a45",
  "#2f9a83",
  "#4b2fd6",
  "#7d86ff",
  "#626a76",
  "#221188",
  "#660000",
  "#bb1100",
] as const;

const onDark = [
  "#56b4e9",
  "#ff9145",
  "#e0307a",
  "#eedd44",
  "#5f6bff",
  "#e4e1cf",
  "#117700",
  "#bb00aa",
  "#00cc99",
  "#ccccff",
] as const;

export const headColourCount = onLight.length;

/** The colour of one of several chosen heads, by its place among them; from the eleventh on they begin anew. */
export function headColour(dark: boolean, index: number): string {
  return (dark ? onDark : onLight)[index % headColourCount] as string;
}

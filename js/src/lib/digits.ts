/** A float32 in the fewest digits that distinguish it from every other one. NaN and infinities are "". */
export function exactDigits(value: number): string {
  if (!Number.isFinite(value)) return "";
  const single = Math.fround(value);
  for (let digits = 6; digits < 9; digits++) {
    const near = Number(single.toPrecision(digits));
    if (Math.fround(near) === single) return String(near);
  }
  return String(Number(single.toPrecision(9)));
}

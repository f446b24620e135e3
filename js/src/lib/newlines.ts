// A text may hold \r\n; a text control knows \n only, and counts it as one.

/** A text as a control has it. */
export function plainNewlines(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** A place in the control -> the place in a text. */
export function placeIn(text: string, place: number): number {
  if (!text.includes("\r\n")) return place;
  let index = 0;
  for (let passed = 0; passed < place; passed++) index += text.startsWith("\r\n", index) ? 2 : 1;
  return index;
}

/** A place in a text -> the place in the control. */
export function placeOut(text: string, place: number): number {
  return plainNewlines(text.slice(0, place)).length;
}

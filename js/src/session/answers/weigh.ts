/** Bytes that a plain value holds on to. Two views of one buffer hold on to it once, however little of it they show. */
export function weigh(value: unknown, seen: Set<object> = new Set()): number {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  const own = ArrayBuffer.isView(value) ? value.buffer : value;
  if (seen.has(own)) return 0;
  seen.add(own);
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (own instanceof ArrayBuffer) return own.byteLength;
  let sum = 16;
  for (const item of value instanceof Map ? value.values() : Object.values(value)) sum += weigh(item, seen);
  return sum;
}

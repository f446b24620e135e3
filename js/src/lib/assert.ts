/** Stops at a broken invariant of our own. Not for what comes from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Closes a switch: a case that was forgotten is an error of the type checker. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}

import { bytesOf, WireError } from "./decode";
import type { Strip } from "./types";

/** The fields of a strip's answer and its floats -> Strip. Copies, so nothing need be aligned. */
export function readStrip(fields: unknown, bytes: ArrayBuffer | ArrayBufferView | undefined): Strip {
  const told = fields as Omit<Strip, "values"> | undefined;
  if (told === undefined || bytes === undefined) throw new WireError("a strip without its numbers");
  const numbers = bytesOf(bytes);
  const items = told.layers * told.tokens;
  if (!(items >= 0) || numbers.byteLength !== items * 4)
    throw new WireError(`a strip of ${told.layers} x ${told.tokens} in ${numbers.byteLength} bytes`);
  if (told.sinks.length !== told.layers) throw new WireError("a strip's sinks do not match its layers");
  return { ...told, values: new Float32Array(numbers) };
}

import { grouped } from "../../lib/format";
import type { Problem } from "../../wire/types";

/** A message of more than 10 MB would cost the connection to the kernel; a character may take 3 bytes and travel twice. */
const largestSent = 1_500_000;

/** Why a text is not sent at all; null for one that is. */
export function tooLarge({ length }: string): Problem | null {
  if (length <= largestSent) return null;
  const message = `This text has ${grouped(length)} characters, too many to send to the kernel.`;
  return { code: "too_large", message };
}

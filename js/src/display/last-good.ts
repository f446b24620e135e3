import { useRef } from "preact/hooks";
import type { Session } from "../session/session";

/**
 * What was there last stays until the next one has come. `current`: whether it is of the reading and the part on show;
 * else its places are not those of the text above.
 */
export function useLastGood<Value>(session: Session, known: Value | null | undefined) {
  const last = useRef<{ readonly of: string; readonly value: Value } | null>(null);
  const shown = session.shown.value;
  const of = `${shown?.reading}\n${shown?.frame.header.part}`;
  if (known != null) last.current = { of, value: known };
  return { value: last.current?.value ?? null, late: known == null, current: last.current?.of === of };
}

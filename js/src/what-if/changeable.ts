import type { Session } from "../session/session";

/** Whether the computation can be changed: there is a model that can run again. Reads signals. */
export function isChangeable(session: Session): boolean {
  return session.can("compare") && session.path.value !== null && session.path.value !== "given";
}

import { vi } from "vitest";

/** Waits until something holds. A busy machine may take its time: only what never comes is a fault. */
export const until = (holds: () => void) => vi.waitFor(holds, { timeout: 20_000 });

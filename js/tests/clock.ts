import { afterEach, beforeEach, vi } from "vitest";

// Who imports this has a clock that only the test moves: nothing there depends on how fast the machine is.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Let so many milliseconds pass, with all that was to happen in them. */
export const settle = (time = 150) => vi.advanceTimersByTimeAsync(time);

import { afterEach, beforeEach, vi } from "vitest";

// Who imports this has a clock that only the test moves: nothing there depends on how fast the machine is.
beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  // Preact keeps one list of effects that wait for a frame, for all tests: one that never comes would hold up the next test's.
  await vi.advanceTimersByTimeAsync(500);
  vi.useRealTimers();
});

/** Let so many milliseconds pass, with all that was to happen in them. */
export const settle = (time = 150) => vi.advanceTimersByTimeAsync(time);

import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { useView } from "../../display/view";
import type { SoundTold } from "../../wire/types";
import { Clock } from "./clock";

/** A sound that can be listened to; null until somebody wants to, and its file is here. */
export interface Listening {
  readonly clock: ReadonlySignal<Clock | null>;
  readonly wanted: Signal<boolean>;
}

/** The file is asked for when it is first played, and its address is given back when another sound comes. */
export function useClock({ name, playable }: SoundTold): Listening {
  const { session } = useView();
  const clock = useSignal<Clock | null>(null);
  const wanted = useSignal(false);
  const file = playable && wanted.value ? session.sounds.of(name) : null;
  useEffect(() => {
    wanted.value = false;
  }, [name]);
  useEffect(() => {
    if (file === null) return;
    const life = new AbortController();
    const made = new Clock(file, life.signal);
    clock.value = made;
    made.play();
    return () => {
      life.abort();
      clock.value = null;
    };
  }, [file]);
  return { clock, wanted };
}

interface Props {
  readonly sound: SoundTold;
  readonly listening: Listening;
  /** Where the space bar and Escape are heard. */
  readonly field: RefObject<HTMLElement | null>;
}

/** Plays the sound and stops it: never by itself. */
export function Player({ sound, listening: { clock, wanted }, field }: Props) {
  const now = clock.value;
  const playing = now?.playing.value === true;
  const waiting = now === null && wanted.value;
  const press = () => {
    if (now === null) wanted.value = true;
    else if (now.playing.peek()) now.pause();
    else now.play();
  };
  useEffect(() => {
    const element = field.current;
    if (element === null) return;
    const life = new AbortController();
    element.addEventListener(
      "keydown",
      (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const running = clock.peek()?.playing.peek() === true;
        // On a button the space bar presses it; while the sound runs it stops that.
        const own = event.target instanceof HTMLButtonElement && !running;
        if (event.key === " " && !own) press();
        else if (event.key === "Escape" && (running || clock.peek()?.begun.peek() === true))
          clock.peek()?.stop();
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
      { signal: life.signal, capture: true },
    );
    return () => life.abort();
  }, [now]);
  const part = sound.played < sound.seconds - 0.005 ? `the first ${sound.played.toFixed(0)} s` : "the sound";
  return (
    <>
      <button
        type="button"
        class="aw-play"
        aria-pressed={playing}
        disabled={waiting}
        title={
          playing ? "Stop. Also: space, and Escape to go back to the beginning" : `Play ${part}. Also: space`
        }
        onClick={press}
      >
        <span aria-hidden="true">{playing ? "❚❚" : "▶"}</span> {playing ? "pause" : "play"}
      </button>
      {now?.problem.value != null && (
        <span class="aw-file-problem" role="alert">
          {now.problem.value}
        </span>
      )}
    </>
  );
}

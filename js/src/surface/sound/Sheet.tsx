import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Boundary } from "../../display/Boundary";
import { useView, useWidth } from "../../display/view";
import type { FieldNumber } from "../../session/axes";
import type { SoundTold, Spoken, TimePlace } from "../../wire/types";
import { AxisLine } from "./AxisLine";
import type { Clock } from "./clock";
import { Mark } from "./Mark";
import { Player, useClock } from "./Player";
import { RowTimes } from "./RowTimes";
import { Spectrogram } from "./Spectrogram";
import { Lanes } from "./words/Lanes";
import { SpokenWords } from "./words/SpokenWords";

interface SheetProps {
  readonly number: FieldNumber;
  readonly sound: SoundTold;
  /** What else can be done with it. */
  readonly children: ComponentChildren;
}

/** Of all that is laid over one time, in pixels: the spectrogram, and what stands under it. */
const row = { normal: 19, compact: 16, projector: 19 } as const;
const axisHeight = 18;
const around = 46;

/** A sound, and whatever has the same time, under each other. */
export function Sheet({ number, sound, children }: SheetProps) {
  const view = useView();
  const { session, derived, layout } = view;
  const host = useRef<HTMLDivElement>(null);
  const pointer = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const shown = session.shown.value;
  const header = shown?.frame.header;
  const { tokens } = derived.fields[number].value;
  const times = tokens?.times ?? nowhere;
  const crossing = header?.key_tokens?.times !== undefined ? header.tokens : null;
  const spoken = header?.spoken ?? silent;
  const worded = crossing !== null || spoken.length > 0 || (session.about.value?.model.parts.length ?? 0) > 1;
  const left = worded ? (width < 520 ? 72 : 100) : 0;
  const axis = useMemo(
    () => ({ left, width: Math.max(1, width - left - 10), seconds: sound.seconds }),
    [left, width, sound.seconds],
  );
  const room = Math.max(180, layout.value.picture);
  const spectrogram = Math.round(Math.max(64, Math.min(110, 0.3 * room)));
  const each = row[session.traits.look.value.size];
  const words = spoken.length > 0 ? each : 0;
  const tallest = room - spectrogram - axisHeight - around - words;
  const listening = useClock(sound);
  const clock = listening.clock.value;
  const heard = useSignal<number | null>(null);
  useHeard(clock, spoken, (at) => {
    heard.value = at;
  });
  return (
    <div ref={host} class="aw-sound-sheet">
      {width > 0 && (
        <>
          <div class="aw-sound-top" style={{ width: `${left}px` }} aria-hidden="true">
            {left > 0 && sound.top}
          </div>
          <Spectrogram {...{ number, sound, times, axis, pointer }} height={spectrogram} />
          {spoken.length > 0 && (
            <SpokenWords spoken={spoken} axis={axis} height={words} heard={heard.value} />
          )}
          {crossing !== null && (
            <Boundary of="The words" instead={null}>
              <Lanes tokens={crossing} {...{ times, axis, tallest }} row={each} heard={heard.value} />
            </Boundary>
          )}
          <AxisLine axis={axis} height={axisHeight} />
          <div ref={pointer} class="aw-sound-pointer" hidden />
          <Mark clock={clock} left={left} across={axis.width} seconds={sound.seconds} />
          <div class="aw-sound-tools">
            {sound.playable && <Player sound={sound} listening={listening} field={host} />}
            <RowTimes number={number} />
            {children}
          </div>
        </>
      )}
    </div>
  );
}

const nowhere: readonly (TimePlace | null)[] = [];
const silent: readonly Spoken[] = [];

/** The middle of the word that is heard, followed. */
function useHeard(clock: Clock | null, spoken: readonly Spoken[], tell: (at: number | null) => void): void {
  const told = useRef(tell);
  told.current = tell;
  useEffect(() => {
    if (clock === null) return;
    const life = new AbortController();
    let before = -1;
    clock.follow((seconds) => {
      const running = clock.playing.peek();
      const now = running ? spoken.findIndex(([, , from, to]) => seconds >= from && seconds < to) : -1;
      if (now === before) return;
      before = now;
      const word = spoken[now];
      told.current(word === undefined ? null : (word[2] + word[3]) / 2);
    }, life.signal);
    return () => life.abort();
  }, [clock, spoken]);
}

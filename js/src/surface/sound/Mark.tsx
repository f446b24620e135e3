import { useEffect, useRef, useState } from "preact/hooks";
import type { Clock } from "./clock";
import { xOf } from "./times";

interface Props {
  readonly clock: Clock | null;
  readonly left: number;
  readonly across: number;
  readonly seconds: number;
}

/** Where the sound is. */
export function Mark({ clock, left, across, seconds }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    setBegun(false);
    if (clock === null) return;
    const life = new AbortController();
    clock.follow((now) => {
      setBegun(clock.begun.peek() || clock.playing.peek());
      const x = xOf({ left, width: across, seconds }, now);
      if (ref.current !== null) ref.current.style.transform = `translateX(${x}px)`;
    }, life.signal);
    return () => life.abort();
  }, [clock, left, across, seconds]);
  return <div ref={ref} class="aw-sound-playhead" hidden={!begun} />;
}

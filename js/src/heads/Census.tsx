import { batch } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useGuard } from "../display/guard";
import { useView } from "../display/view";
import type { Metric } from "../wire/metric";
import { census, unnamed } from "./found";
import { tintOf } from "./kinds";
import { searchOf } from "./search";
import { namelessOf } from "./words";

interface Props {
  readonly metric: Metric;
}

/** How many heads have each pattern, those that most have first; one that is pressed keeps only those. */
export function Census({ metric }: Props) {
  const { session } = useView();
  const kinds = census(metric, session.heads.value);
  const nameless = kinds.find(({ label }) => label === unnamed);
  const [all, setAll] = useState(false);
  const chips = useRef<HTMLDivElement>(null);
  const { only } = searchOf(session);
  const away = useRows(chips, all, [metric, only.value]);
  const other = all ? "Fewer patterns" : `${away} more patterns`;
  return (
    <>
      <div ref={chips} class="aw-census" role="group" aria-label="Patterns">
        {kinds
          .filter((kind) => kind !== nameless)
          .map((kind) => (
            <Chip key={kind.label} {...kind} />
          ))}
      </div>
      {(nameless !== undefined || away > 0 || all) && (
        <div class="aw-census">
          {nameless !== undefined && (
            <Chip {...nameless} title={namelessOf(metric, session.heads.value) ?? undefined} />
          )}
          {(away > 0 || all) && (
            <button
              type="button"
              class="aw-more"
              aria-expanded={all}
              aria-label={other}
              title={other}
              onClick={() => setAll(!all)}
            >
              {all ? "fewer" : `… ${away}`}
            </button>
          )}
        </div>
      )}
      {only.value === unnamed && <Nameless metric={metric} />}
    </>
  );
}

interface ChipProps {
  readonly label: string;
  readonly count: number;
  readonly title?: string | undefined;
}

function Chip({ label, count, title }: ChipProps) {
  const { session, palette } = useView();
  const { only } = searchOf(session);
  return (
    <button
      type="button"
      data-value={label}
      title={title}
      aria-pressed={only.value === label}
      onClick={() => {
        only.value = only.peek() === label ? null : label;
      }}
    >
      <span class="aw-tint" style={{ background: `rgb(${tintOf(label, palette.value).join(" ")})` }} />
      {label} <span class="aw-number">{count}</span>
    </button>
  );
}

/** Why many heads have no name, and the way on: all heads by a number. */
function Nameless({ metric }: Props) {
  const { session } = useView();
  const search = searchOf(session);
  const measure = (name: string) =>
    batch(() => {
      search.choose(name);
      search.shade.value = "values";
    });
  const offered = session.about.value?.metrics.filter(({ group }) => group === "measure").slice(0, 3) ?? [];
  return (
    <p class="aw-finder-meaning aw-nameless">
      {namelessOf(metric, session.heads.value)}{" "}
      {offered.map(({ name, title }) => (
        <button key={name} type="button" class="aw-link" onClick={() => measure(name)}>
          by {title}
        </button>
      ))}
    </p>
  );
}

/** Keeps two rows of chips, and what is pressed, unless all are wanted: how many are not shown. */
function useRows(chips: RefObject<HTMLElement | null>, all: boolean, of: readonly unknown[]): number {
  const guard = useGuard();
  const [away, setAway] = useState(0);
  useLayoutEffect(() => {
    const { current } = chips;
    if (current === null) return;
    const look = () => setAway(keepRows(current, all ? Number.POSITIVE_INFINITY : 2));
    const observer = new ResizeObserver(guard(look));
    observer.observe(current);
    look();
    return () => observer.disconnect();
  }, [chips, guard, all, ...of]);
  return away;
}

function keepRows(chips: HTMLElement, rows: number): number {
  const each = [...chips.children].filter((chip) => chip instanceof HTMLElement);
  for (const chip of each) chip.hidden = false;
  const tops = each.map((chip) => chip.offsetTop);
  const last = [...new Set(tops)][rows - 1] ?? Number.POSITIVE_INFINITY;
  const beyond = each.filter((chip, at) => (tops[at] ?? 0) > last && chip.ariaPressed !== "true");
  for (const chip of beyond) chip.hidden = true;
  return beyond.length;
}

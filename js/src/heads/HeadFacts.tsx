import { Measure } from "../controls/Measure";
import { termed } from "../controls/Term";
import { useView } from "../display/view";
import { howKnown } from "../focus/effect-words";
import type { Stats } from "../wire/types";
import { headName, named } from "./found";
import { metricSoFar, similarAt } from "./metrics";
import { effectsShown, isByEffect } from "./search";
import { effectSaid, spokenName } from "./shades";

/** The caption under the grid: which map is on show, and its measures. */
export function HeadFacts({ long }: { readonly long: boolean }) {
  const { numbers, derived } = useView();
  const map = numbers.map.value;
  if (map === null) return null;
  const ordered = derived.tokens.value?.nodes === undefined;
  const told = facts(map.stats, map.sinks.size > 0).filter(({ name }) => ordered || !ofAnOrder.has(name));
  return (
    <div class="aw-facts">
      <div class="aw-title-line">
        {/* Of a change there is more to say than a narrow column holds. */}
        <h3 class="aw-title" title={map.title}>
          {map.signed ? map.title.replace(/^Layer (\d+) · Head (\d+) · /, "L$1H$2 · ") : map.title}
        </h3>
        <Pattern />
      </div>
      <EffectNote />
      <dl data-approximate={map.stats === null} data-long={long}>
        {told.map(({ name, value, unit, title }) => (
          <div key={name} title={title}>
            <dt>{termed(name, words)}</dt>
            <dd>
              {value}
              {unit !== undefined && <span class="aw-unit"> {termed(unit, words)}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <Alike />
    </div>
  );
}

/** What the colours of the grid say of the head on show, where they come from, and a way to the exact ones. */
function EffectNote() {
  const { session, numbers } = useView();
  if (!isByEffect(session)) return null;
  const known = effectsShown(session);
  if (known === null) {
    const problem = session.effects.problem("heads");
    return (
      <p class="aw-effect-note aw-unit" data-problem={problem !== null || undefined}>
        {problem ?? "Estimating what each head does to the answer…"}
      </p>
    );
  }
  const { effects } = known;
  const head = numbers.head.value;
  const value =
    head === null ? Number.NaN : (effects.values[head.layer * effects.heads + head.head] ?? Number.NaN);
  return (
    <div class="aw-effect-note">
      {!Number.isNaN(value) && (
        <p data-effect={value > 0 ? "hurts" : "helps"}>
          {effectSaid(value, { unit: effects.unit, exact: known.exact >= known.all })}
        </p>
      )}
      <p class="aw-unit" title={effects.recipe}>
        {/* First, as what follows may be cut. */}
        <Measure of="heads" /> {howKnown(known)}
        {effects.answer !== null && <> · answer {effects.answer.words}</>}
      </p>
    </div>
  );
}

const words = { entropy: "entropy", nats: "nats", sinks: "sink" } as const;

/** The head's pattern, once it has been measured. */
function Pattern() {
  const { session, numbers } = useView();
  const head = numbers.head.value;
  const names = metricSoFar(session, named);
  if (head === null || names === null) return null;
  const label = names.labels?.[head.layer]?.[head.head] ?? "";
  if (label === "") return null;
  const score = names.values[head.layer * names.heads + head.head] ?? Number.NaN;
  return (
    <span class="aw-pattern" title={names.recipe}>
      {spokenName(label, score)}
    </span>
  );
}

const likenessRule = "Likeness: 1 for the same attention, 0 where no key is shared; 1 − distance ÷ log 2";

/** As `aw.redundancy` has it: the distance is a Jensen-Shannon divergence in nats, at most log 2. */
export function likeness(distance: number): number {
  return Math.min(1, Math.max(0, 1 - distance / Math.LN2));
}

/** The heads that read most like the pinned one. */
function Alike() {
  const view = useView();
  const { session, local } = view;
  const similar = similarAt(session, session.clampedHead());
  if (session.source.value !== "head" || similar === null || similar.nearest.length === 0) return null;
  return (
    <p class="aw-alike" title={similar.recipe}>
      most like {headName(similar)}
      {similar.nearest.map(({ layer, head, distance }) => (
        <button
          key={headName({ layer, head })}
          type="button"
          title={`${likenessRule}; the distance is ${distance.toFixed(3)} nats`}
          onPointerEnter={() => {
            local.hoverHead.value = { layer, head };
          }}
          onPointerLeave={() => {
            local.hoverHead.value = null;
          }}
          onClick={() => session.pinHead(layer, head)}
        >
          {headName({ layer, head })} <span class="aw-number">{likeness(distance).toFixed(2)}</span>
        </button>
      ))}
    </p>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly title?: string;
}

/** Nodes of a graph have no order: none is the first, the one before, or so many away. */
const ofAnOrder: ReadonlySet<string> = new Set(["distance", "on first", "on previous"]);

function facts(stats: Stats | null, sinks: boolean): Fact[] {
  const digits = (value: number | null | undefined, places: number) =>
    value == null || !Number.isFinite(value) ? "–" : value.toFixed(places);
  return [
    {
      name: "entropy",
      value: digits(stats?.entropy, 2),
      unit: `of ${digits(stats?.entropy_limit, 2)} nats`,
    },
    // Between two sequences there is neither a distance nor a token before.
    ...(stats?.distance === null
      ? []
      : [
          {
            name: "distance",
            value: digits(stats?.distance, 1),
            unit: "tokens",
            title: "The mean distance to the keys, weighted by attention.",
          },
        ]),
    { name: "on first", value: digits(stats?.first, 2), title: "The mean weight on the first token." },
    ...(stats?.previous === null
      ? []
      : [
          {
            name: "on previous",
            value: digits(stats?.previous, 2),
            title: "The mean weight on the token just before.",
          },
        ]),
    ...(sinks
      ? [
          {
            name: "on sinks",
            value: digits(stats?.sink, 2),
          },
        ]
      : []),
  ];
}

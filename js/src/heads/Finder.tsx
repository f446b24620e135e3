import { useId } from "preact/hooks";
import { Segmented } from "../controls/Segmented";
import { useView } from "../display/view";
import type { Metric, MetricChoice } from "../wire/metric";
import { Census } from "./Census";
import { FoundList } from "./FoundList";
import { type FoundHead, headsOf, named } from "./found";
import { metricIn } from "./metrics";
import { searchOf } from "./search";
import { useFound } from "./use-picture";
import { keptOf } from "./words";

/** Heads by what they do: the name of a pattern, how much of one, or a measure. */
export function Finder() {
  const view = useView();
  const { session } = view;
  const metrics = searchOf(session);
  const by = metrics.by.value;
  const metric = metricIn(session);
  const found = useFound(view);
  const choices = session.about.value?.metrics ?? [];
  const meaning = choices.find(({ name }) => name === by)?.meaning;
  return (
    <section class="aw-finder" aria-label="Find heads" data-by={by}>
      <div class="aw-finder-head">
        <h3>Find heads by</h3>
        <span class="aw-select">
          <select
            aria-label="Find heads by"
            title={meaning}
            value={by}
            onChange={(event) => metrics.choose(event.currentTarget.value)}
          >
            <Options choices={choices} />
          </select>
        </span>
      </div>
      {by === named ? (
        metric !== null && <Census metric={metric} />
      ) : (
        <>
          {meaning !== undefined && <p class="aw-finder-meaning">{meaning}</p>}
          <Limits metric={metric} />
        </>
      )}
      <FoundList found={found} metric={metric} />
    </section>
  );
}

function Options({ choices }: { readonly choices: readonly MetricChoice[] }) {
  const of = (group: MetricChoice["group"]) =>
    choices
      .filter((choice) => choice.group === group)
      .map(({ name, title }) => (
        <option key={name} value={name}>
          {title}
        </option>
      ));
  return (
    <>
      {of("name")}
      <optgroup label="Pattern scores">{of("pattern")}</optgroup>
      <optgroup label="Measures">{of("measure")}</optgroup>
    </>
  );
}

/** Which end of the numbers, and how many heads. */
function Limits({ metric }: { readonly metric: Metric | null }) {
  const { session } = useView();
  const { lowest, top } = searchOf(session);
  const id = useId();
  const all = metric === null ? 0 : countOf(headsOf(metric, session.heads.value));
  const most = Math.max(1, all);
  const shown = top.value === 0 ? most : Math.min(top.value, most);
  const keep = (count: number) => {
    top.value = count >= most ? 0 : Math.max(1, count);
  };
  return (
    <div class="aw-limits">
      <Segmented
        label="Order"
        choices={[
          { value: "highest", text: "highest" },
          { value: "lowest", text: "lowest" },
        ]}
        value={lowest.value ? "lowest" : "highest"}
        onChoose={(end) => {
          lowest.value = end === "lowest";
        }}
      />
      <input
        type="range"
        min={1}
        max={most}
        value={shown}
        aria-labelledby={id}
        onInput={(event) => keep(Number(event.currentTarget.value))}
      />
      <span id={id} class="aw-number">
        {shown === most ? `all ${all}` : `${shown} of ${all}`}
      </span>
    </div>
  );
}

function countOf(heads: readonly FoundHead[]): number {
  return heads.filter(({ value }) => !Number.isNaN(value)).length;
}

/** Under the small grid: what stands out there, and the way back. */
export function Kept() {
  const view = useView();
  const found = useFound(view);
  if (found === null || found.kept === null) return null;
  return (
    <p class="aw-kept">
      {keptOf(view.session, found)}{" "}
      <button type="button" class="aw-link" onClick={() => searchOf(view.session).showAll()}>
        show all
      </button>
    </p>
  );
}

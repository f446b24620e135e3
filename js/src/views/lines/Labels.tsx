import { useView } from "../../display/view";
import { tone } from "../../lib/colour";
import { pieceLabel, weight } from "../../lib/format";
import { sideOf } from "../../session/places";
import type { Direction } from "../../wire/types";
import type { Strong } from "./picture";
import { type LinesFrame, lineTop } from "./scene";

interface Props {
  readonly frame: LinesFrame;
  readonly strong: Strong;
  readonly sinks: ReadonlySet<number>;
}

/** The tokens in sight, on either side. The other ends of the lines carry their weight, as tint and as a number. */
export function LineLabels({ frame, strong, sinks }: Props) {
  const rows = Array.from({ length: frame.seen[1] - frame.seen[0] }, (_, index) => frame.seen[0] + index);
  return (
    <div class="aw-line-labels" aria-hidden="true">
      {(["query", "key"] as const).map((side) => {
        const direction: Direction = side === "key" ? "reads" : "read_by";
        const count = side === "key" ? frame.keys : frame.queries;
        return rows
          .slice(0, Math.max(0, count - frame.seen[0]))
          .map((token) => (
            <LineLabel
              key={`${side} ${token}`}
              side={side}
              token={token}
              frame={frame}
              lines={strong[direction]}
              sink={direction === "reads" && sinks.has(token)}
            />
          ));
      })}
    </div>
  );
}

function LineLabel(props: {
  readonly side: "query" | "key";
  readonly token: number;
  readonly frame: LinesFrame;
  readonly lines: Strong[Direction];
  readonly sink: boolean;
}) {
  const { side, token, frame, lines, sink } = props;
  const { derived, local } = useView();
  const map = derived.map.value;
  const piece = pieceLabel((side === "key" ? derived.keys : derived.tokens).value?.pieces[token] ?? "");
  const here = (direction: Direction | undefined) =>
    map?.square !== false || sideOf(direction ?? "reads") === side;
  const [start, stop] = here(map?.direction) ? (map?.query ?? [0, 0]) : [0, 0];
  const [from, to] = here(derived.direction.value) ? derived.focus.value : [0, 0];
  const marked = local.marked.value === token && (map?.square !== false || !here(derived.direction.value));
  const amount = lines?.weights[token] ?? 0;
  const kept = lines !== null && (lines.kept.tokens.includes(token) || lines.kept.sinks.includes(token));
  const certain = derived.certain.value;
  return (
    <div
      class="aw-line-label"
      data-side={side}
      data-token={token}
      data-query={(token >= start && token < stop) || undefined}
      data-focus={(token >= from && token < to) || undefined}
      data-marked={marked || undefined}
      data-sink={(sink && kept) || undefined}
      title={piece}
      style={{
        top: `${lineTop(frame, token)}px`,
        width: `${frame.left - 4}px`,
        height: `${frame.pitch}px`,
        "--aw-heat": lines === null ? "0" : tone(amount, lines.kept.peak).toFixed(3),
      }}
    >
      <bdi>{piece}</bdi>
      <span class="aw-number">{kept ? (certain ? weight(amount) : "…") : ""}</span>
    </div>
  );
}

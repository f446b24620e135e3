import { Scale } from "../../controls/Scale";
import { Caption } from "../../display/Caption";
import { useView } from "../../display/view";
import { layersDone } from "../../heads/words";
import { clauses, weight } from "../../lib/format";
import { Extent } from "../../matrix/Extent";
import type { MatrixPicture } from "../../matrix/paint";
import type { MatrixScene } from "../../matrix/scene";
import type { HeadRef } from "../../session/places";
import type { Difference } from "../../wire/difference";
import type { Metric } from "../../wire/metric";
import { changedMost, clearerThan } from "./picture";
import { numberIn } from "./places";
import { aloneNote } from "./words";

interface Props {
  readonly difference: Difference;
  readonly scene: MatrixScene;
  readonly picture: MatrixPicture | null;
  /** The change of the full tone, and the largest of this head. */
  readonly full: number;
  readonly most: number;
}

/** How a difference was made, what is left out of it, and its scale. */
export function ChangeCaption({ difference, scene, picture, full, most }: Props) {
  const { changeViewport } = useView().local;
  const pooling = picture?.queriesEach ?? 1;
  return (
    <Caption
      aside={
        <span class="aw-aside">
          <Scale direction="reads" full={full} signed />
          <Extent scene={scene} viewport={changeViewport} numberOf={numberIn(difference)} />
        </span>
      }
    >
      {clauses(
        `largest change ${weight(most)}`,
        pooling > 1
          ? `a cell is the largest change of ${pooling} x ${pooling} tokens · Ctrl + wheel zooms to single pairs`
          : "",
        aloneNote(difference),
        difference.recipe,
      )}
    </Caption>
  );
}

/** Said of a head that hardly changed: where there is more to see. */
export function Clearer({
  difference,
  changes,
}: {
  readonly difference: Difference;
  readonly changes: Metric;
}) {
  const { session } = useView();
  const found = clearerThan(changes, difference);
  if (found === null) return null;
  const { own, most } = found;
  return (
    <p class="aw-clearer">
      L{difference.layer}H{difference.head} hardly changed, at most {weight(own)}:
      <button type="button" class="aw-next" onClick={() => session.pinHead(most.layer, most.head)}>
        show L{most.layer}H{most.head}, which changed most
      </button>
    </p>
  );
}

/** The heads that changed most: a way to the next one. */
export function ChangedMost({
  looked,
  changes,
}: {
  readonly looked: HeadRef;
  readonly changes: Metric | null;
}) {
  const { session } = useView();
  const progress = changes === null ? "" : layersDone(changes);
  const most = changes === null ? [] : changedMost(changes);
  if (changes === null || (most.length === 0 && progress !== ""))
    return <p class="aw-changed aw-unit">comparing all heads{progress && `: ${progress}`}…</p>;
  if (most.length === 0)
    return <p class="aw-changed aw-unit">No weight changed between tokens that both texts have.</p>;
  return (
    <p class="aw-changed">
      <span class="aw-label">changed most{progress && ` in ${progress}`}</span>{" "}
      {most.map(({ layer, head, value }) => (
        <button
          key={`${layer} ${head}`}
          type="button"
          data-layer={layer}
          data-head={head}
          aria-pressed={layer === looked.layer && head === looked.head}
          onClick={() => session.pinHead(layer, head)}
        >
          L{layer}H{head} <span class="aw-number">{weight(value)}</span>
        </button>
      ))}
    </p>
  );
}

import { stretching } from "../controls/LookControls";
import { Measure } from "../controls/Measure";
import { EffectScale } from "../controls/Scale";
import { Term } from "../controls/Term";
import { useView } from "../display/view";
import type { Heat } from "../focus/derived";
import { howKnown } from "../focus/effect-words";
import { behindLetters, hexOf, rampColour, signedSteps, tone, toneSteps } from "../lib/colour";
import { signedWeight, toneNumber } from "../lib/format";

/** The tones of the text with the weights that they stand for, and what there is to know of this row. */
export function Legend() {
  const { session, numbers } = useView();
  const heat = numbers.heat.value;
  if (session.effects.heat.value && session.answers.value) return <EffectLegend heat={heat} />;
  if (heat === null) return null;
  return (
    <div class="aw-legend">
      <Note heat={heat} />
      <Term name="tone">tone</Term>
      {heat.less === null ? <Tones full={heat.full} /> : <ChangeTones full={heat.full} />}
      {heat.kept !== null && (
        <span class="aw-legend-kept">
          kept {heat.kept.tokens.length} of {heat.kept.all}
          {heat.kept.resting > 0 && " and the sinks"},{" "}
          <span class="aw-number">{heat.kept.share.toFixed(2)}</span> of the{" "}
          {numbers.direction.value === "read_by" ? "column" : "row"}
        </span>
      )}
      {isHatched(heat) && (
        <span>
          <span class="aw-legend-hatch" /> <Term name="sink">sink</Term>
        </span>
      )}
    </div>
  );
}

/** What the colours are of, where they are of effects; where these come from, and a way to the exact ones. */
function EffectLegend({ heat }: { readonly heat: Heat | null }) {
  const { session } = useView();
  const known = session.effects.known("tokens");
  if (heat === null || known === null)
    return (
      <div class="aw-legend">
        {session.effects.problem("tokens") ?? "Estimating what each token does to the answer…"}
      </div>
    );
  const { answer, recipe, unit } = known.effects;
  return (
    <div class="aw-legend">
      <span title={recipe}>
        {answer !== null && <>{answer.words} without the token · </>}
        {howKnown(known)}
      </span>
      <Measure of="tokens" />
      <EffectScale full={heat.full} unit={unit} />
    </div>
  );
}

function Tones({ full }: { readonly full: number }) {
  return (
    <span class="aw-tones aw-number">
      {toneSteps.map((share) => (
        <span key={share} style={{ background: mixed("var(--aw-mark)", share) }}>
          {toneNumber(share * full)}
        </span>
      ))}
    </span>
  );
}

const changeSteps = signedSteps.filter((share) => share !== 0);

/** What is read less than before, and what is read more. */
function ChangeTones({ full }: { readonly full: number }) {
  const { signed } = useView().palette.value;
  const colour = (share: number) => hexOf(rampColour(signed, share < 0 ? 0.25 : 0.75));
  return (
    <>
      <span class="aw-tones aw-number">
        {changeSteps.map((share) => (
          <span key={share} style={{ background: mixed(colour(share), Math.abs(share)) }}>
            {signedWeight(share * full, toneNumber)}
          </span>
        ))}
      </span>
      after − before
    </>
  );
}

function mixed(colour: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${100 * behindLetters(tone(share, 1))}%, var(--aw-ground))`;
}

function isHatched({ sinks, tones, less }: Heat): boolean {
  if (less !== null) return false;
  return Array.from(sinks).some((token) => (tones[token] ?? 0) > 0);
}

/** One sentence, where there is little or nothing to be seen; and the way on. */
function Note({ heat }: { readonly heat: Heat }) {
  const { session, derived } = useView();
  const note = heatNote(heat);
  if (note !== null) return <span>{note}</span>;
  if (derived.scale.value === "stretch") return <span>stretched to the largest of the query</span>;
  if (heat.full !== 1 || heat.peak >= pale) return null;
  return (
    <span>
      largest here <span class="aw-number">{toneNumber(heat.peak)}</span> ·{" "}
      <button type="button" class="aw-stretch" title={stretching} onClick={() => session.setScale("stretch")}>
        stretch
      </button>
    </span>
  );
}

/** Below this the whole row is pale. */
const pale = 0.1;

/** Why a row has no colours of its own, where no scale could give it any. */
export function heatNote({ tones, sinks, peak, less }: Heat): string | null {
  if (!(peak > 0)) return less === null ? "nothing is read here" : "nothing changed here";
  if (less !== null) return null;
  if (tones.length === 1) return "a single token takes all of it";
  const beside = tones.some((strength, token) => strength > 0 && !sinks.has(token));
  return sinks.size > 0 && !beside ? "this rests on sinks alone" : null;
}

import { useView } from "../display/view";
import { standsIn } from "../focus/fields";
import { plainLook } from "../session/look";
import type { HeadFusion, MapSource, Tokens } from "../wire/types";
import { NumberInput } from "./NumberInput";
import { Segmented } from "./Segmented";
import { Toggle } from "./Toggle";

const sources = [
  { value: "head", text: "head", title: "The weights of the chosen head or heads" },
  { value: "layer", text: "layer", title: "All heads of the chosen layer together" },
  {
    value: "rollout",
    text: "rollout",
    title: "All layers multiplied together, half of every step left to the residual stream",
  },
] as const satisfies readonly { value: MapSource; text: string; title: string }[];

const fusions = [
  { value: "mean", text: "mean", title: "The mean of the heads" },
  { value: "max", text: "max", title: "For each pair, the head with the largest weight" },
] as const satisfies readonly { value: HeadFusion; text: string; title: string }[];

const elsewhere = "The view below shows heads of its own choice, as it says in its heading";

/** Where the heat is from: which heads, and what several become. */
export function SourceControls({ textOnly }: { readonly textOnly: boolean }) {
  const { session } = useView();
  const { source, fusion } = session.traits.look.value;
  const { heat } = session.effects;
  const effect = heat.value && session.answers.value;
  const several = source === "layer" || (source === "head" && session.chosenHeads().length > 1);
  return (
    <span class="aw-control">
      <span class="aw-label" title={textOnly ? elsewhere : undefined}>
        {textOnly ? `colours the ${standsIn(session, 0)}:` : "heat from"}
      </span>
      <Segmented
        label="Heat from"
        choices={sources}
        value={effect ? null : source}
        onChoose={(chosen) => {
          heat.value = false;
          if (chosen !== source) session.setLook({ source: chosen });
        }}
      />
      {session.answers.value && (
        <Toggle
          value="effect"
          text="effect"
          tint="effect"
          title="What hiding each token does to the answer: violet hurts it, grey-teal helps it. The views below keep their map"
          pressed={effect}
          onPress={(pressed) => {
            heat.value = pressed;
          }}
        />
      )}
      {source !== "rollout" && <PlaceInputs single={source === "head"} />}
      {several && (
        <Segmented
          label="Several heads"
          choices={fusions}
          value={fusion}
          onChoose={(chosen) => session.setLook({ fusion: chosen })}
        />
      )}
    </span>
  );
}

/** Layer and head as plain numbers. */
function PlaceInputs({ single }: { readonly single: boolean }) {
  const { session } = useView();
  const heads = session.heads.value;
  const { layer, head } = session.clampedHead();
  const source = session.source.value;
  if (heads.length === 0) return null;
  return (
    <span class="aw-place">
      <span class="aw-unit" aria-hidden="true">
        L
      </span>
      <NumberInput
        label="Layer"
        title="Layer"
        value={layer}
        least={0}
        most={heads.length - 1}
        onChange={(wish) => session.pinHead(wish, head, source)}
      />
      {single && (
        <>
          <span class="aw-unit" aria-hidden="true">
            H
          </span>
          <NumberInput
            label="Head"
            title="Head"
            value={head}
            least={0}
            most={(heads[layer] ?? 1) - 1}
            onChange={(wish) => session.pinHead(layer, wish)}
          />
        </>
      )}
    </span>
  );
}

export const stretching =
  "Gives the full tone to the largest weight of the query outside sinks, not to 1, in the text, the matrix and the lines: pale things come out, and tones of different queries cannot be compared";

/** What is done to the map: words, sinks, norms. What would change nothing here is not drawn. */
export function ChangeControls() {
  const { session, derived } = useView();
  const { words, sinks, weight, source, scale } = session.traits.look.value;
  const header = session.shown.value?.frame.header;
  if (header === undefined) return null;
  const pieces = header.units === null ? hasPieces(header.tokens) : true;
  const resting = header.sinks.length > 0 || (derived.map.value?.sinks.size ?? 0) > 0;
  return (
    <>
      {(words || pieces) && (
        <Toggle
          value="words"
          text="words"
          title="Whole words instead of pieces: the sum over a word’s keys, the mean over its queries"
          pressed={words}
          onPress={(pressed) => session.setLook({ words: pressed })}
        />
      )}
      {(sinks !== "show" || resting) && (
        <Toggle
          value="sinks"
          text="hide sinks"
          title="Leave out tokens that soak up attention whatever the text is about; the caption says how much"
          pressed={sinks !== "show"}
          onPress={(pressed) => session.setLook({ sinks: pressed ? "hide" : "show" })}
        />
      )}
      {sinks !== "show" && (
        <Toggle
          value="renormalise"
          text="renormalise"
          title="Divide what is left of each row by its sum"
          pressed={sinks === "renormalise"}
          onPress={(pressed) => session.setLook({ sinks: pressed ? "renormalise" : "hide" })}
        />
      )}
      {(weight === "norm" || header.norms) && source !== "rollout" && (
        <Toggle
          value="norm"
          text="× ‖v‖"
          title="Attention weighted by the norm of what each key writes, ‖W_O v‖; each row divided by its sum"
          pressed={weight === "norm"}
          onPress={(pressed) => session.setLook({ weight: pressed ? "norm" : "attention" })}
        />
      )}
      <Toggle
        value="stretch"
        text="stretch"
        title={stretching}
        pressed={scale === "stretch"}
        onPress={(pressed) => session.setScale(pressed ? "stretch" : plainLook.scale)}
      />
    </>
  );
}

/** Whether any word is of several pieces. */
function hasPieces({ words, segment }: Tokens): boolean {
  return words.some(
    (word, token) =>
      token > 0 && word >= 0 && word === words[token - 1] && segment[token] === segment[token - 1],
  );
}

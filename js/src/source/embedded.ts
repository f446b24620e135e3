import type { Source } from "../wire/source";
import type { Answer, Ask, Replies, Request } from "../wire/types";
import { composeFlow } from "./embedded/flow";
import { composeFrame, predictionsAt } from "./embedded/frame";
import { savedMetric, savedSimilar } from "./embedded/head-numbers";
import { NotSaved, savedMaps } from "./embedded/maps/maps";
import { composeTile } from "./embedded/maps/tile";
import { composeNeuron } from "./embedded/neuron";
import { savedPicture } from "./embedded/picture";
import type { Saved } from "./embedded/saved";
import { composeStrip } from "./embedded/strip";

export { localModel } from "./embedded/local-model";
export { readSaved } from "./embedded/saved";

/** What only the model can say, or only a kernel can do. */
const needsModel: ReadonlySet<Request["kind"]> = new Set([
  "lens",
  "direct",
  "compare",
  "expected",
  "effects",
  "evidence",
  "variants",
  "counterfactual",
  "verify",
  "continue",
  "page",
  "finding",
  "still",
  "upload",
  "chart",
  "bokeh",
]);

/** Answers from inside a saved page. The text is the one that was saved; what would need the model is refused with a sentence. */
export function embeddedSource(saved: Saved): Source {
  const { header } = saved;
  const maps = savedMaps(saved);
  let count = 0;

  const reply = (request: Request): Replies[Request["kind"]] => {
    switch (request.kind) {
      case "about":
        return header.about;
      case "frame":
      case "preview":
        return composeFrame(header, maps, request, request.kind === "frame");
      case "predict":
        return predictionsAt(header, request.position);
      case "strip":
        return composeStrip(header, maps, request);
      case "tile":
      case "cell":
        return composeTile(header, maps, request);
      case "flow":
        return composeFlow(header, maps, request);
      case "picture":
        return savedPicture(saved, request.name);
      case "neuron":
        return composeNeuron(saved, request);
      case "metric":
        return savedMetric(saved, request);
      case "similar":
        return savedSimilar(header, request);
      default:
        throw new NotSaved("This is a saved page: it has no kernel that could answer this.");
    }
  };

  const ask: Ask = async (request) => {
    const id = `saved-${++count}`;
    try {
      // A saved page holds one reading.
      return { status: "ok", id, reading: "saved", reply: reply(request) } as Answer<never>;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { status: "error", id, problem: { code: "bad_request", message } };
    }
  };
  return { ask, answers: (kind) => !needsModel.has(kind), onClosed: () => {} };
}

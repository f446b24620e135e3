import { decodeFrame, decodeTile } from "../wire/decode";
import { type Expected, readDifference } from "../wire/difference";
import { readEffects } from "../wire/effects";
import { readCounterfactual } from "../wire/experiments/counterfactual";
import { readEvidence } from "../wire/experiments/evidence";
import { readVariants } from "../wire/experiments/variants";
import { readFlow } from "../wire/flow";
import { readDirect, readLens } from "../wire/lens";
import { readPicture } from "../wire/media/picture";
import { readSound, readSpectrogram, readUploaded } from "../wire/media/sound";
import { readMetric, type Similar } from "../wire/metric";
import { decodeNeuron } from "../wire/neuron";
import { lost } from "../wire/problem";
import type { Source } from "../wire/source";
import { readStrip } from "../wire/strip";
import type {
  About,
  Answer,
  Ask,
  Chart,
  Continued,
  OffEdit,
  Ok,
  Predictions,
  Problem,
  Progress,
  Replies,
  Request,
  Sight,
  StoredStill,
  Verification,
} from "../wire/types";

/** The part of an anywidget model that requests need. */
export interface Channel {
  send(content: unknown, callbacks?: unknown, buffers?: readonly ArrayBuffer[]): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
}

interface Message {
  readonly id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

interface Pending {
  readonly kind: Request["kind"];
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onPartial: ((part: Ok<never>) => void) | undefined;
  readonly onRenewed: ((answer: Ok<never>) => void) | undefined;
  readonly resolve: (answer: Answer<never>) => void;
}

/** Requests over `model.send`, answers from `msg:custom`, matched by id. No answer is never an error by itself: kernels are busy. */
export function kernelSource(channel: Channel, signal: AbortSignal): Source {
  const pending = new Map<string, Pending>();
  /** Of each kind the last answered question that wants to hear of other answers. */
  const answered = new Map<Request["kind"], Pending & { readonly id: string }>();
  const closedListeners = new Set<(closed: boolean) => void>();
  const prefix = Math.random().toString(36).slice(2, 8);
  let count = 0;

  const tell = (closed: boolean) => {
    for (const listener of closedListeners) listener(closed);
  };

  const receive = (content: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]) => {
    if (!isMessage(content)) return;
    if (content.status === "renewed") return renew(content, buffers ?? []);
    const waiting = pending.get(content.id);
    if (waiting === undefined) return;
    tell(false);
    if (content.status === "progress") return waiting.onProgress?.(readProgress(content));
    const partial = content.status === "partial" && waiting.onPartial !== undefined;
    const told = partial ? { ...content, status: "ok" } : content;
    const answer = readAnswer(waiting.kind, told, buffers ?? []) as Answer<never>;
    // A part that cannot be read is let pass: the whole answer is still to come.
    if (partial) return answer.status === "ok" ? waiting.onPartial?.(answer) : undefined;
    pending.delete(content.id);
    if (waiting.onRenewed !== undefined) answered.set(waiting.kind, { ...waiting, id: content.id });
    waiting.resolve(answer);
  };

  const renew = (content: Message, buffers: readonly (ArrayBuffer | ArrayBufferView)[]) => {
    const known = [...answered.values()].find(({ id }) => id === content.id);
    if (known === undefined) return;
    tell(false);
    const answer = readAnswer(known.kind, { ...content, status: "ok" }, buffers) as Answer<never>;
    if (answer.status === "ok") known.onRenewed?.(answer);
  };

  const close = () => {
    // Set aside first: a listener may ask at once whether somebody is back, and that question must stay open.
    const lostOnes = [...pending];
    pending.clear();
    tell(true);
    for (const [id, waiting] of lostOnes) waiting.resolve(closedAnswer(id) as Answer<never>);
  };

  const send = (
    content: { readonly id: string; readonly kind: string },
    buffers: readonly ArrayBuffer[] = [],
  ) => {
    try {
      if (buffers.length === 0) channel.send(content);
      else channel.send(content, undefined, buffers);
    } catch (error) {
      console.warn("attnwidget: could not send to the kernel", error);
      close();
    }
  };

  const ask: Ask = (request, { onProgress, onPartial, onRenewed, signal: wanted, buffers } = {}) =>
    new Promise((resolve) => {
      const id = `${prefix}-${++count}`;
      if (signal.aborted) return resolve(closedAnswer(id));
      if (wanted?.aborted) return resolve({ status: "superseded", id });
      const letGo = () => {
        if (!pending.delete(id)) return;
        resolve({ status: "superseded", id });
        send({ id, kind: "cancel" });
      };
      const settle = (answer: Answer<never>) => {
        wanted?.removeEventListener("abort", letGo);
        resolve(answer);
      };
      wanted?.addEventListener("abort", letGo, { once: true });
      answered.delete(request.kind);
      pending.set(id, { kind: request.kind, onProgress, onPartial, onRenewed, resolve: settle });
      // Two pages on one kernel are two askers, and so is every view of theirs.
      const asker = "asker" in request && request.asker !== undefined ? `${prefix}.${request.asker}` : prefix;
      // An older page takes a part for an answer of an unknown kind: who wants them says so.
      send({ id, ...request, asker, ...(onPartial && { partial: true }) }, buffers);
    });

  listen(channel, "msg:custom", receive as never, signal);
  listen(channel, "comm_live_update", close as never, signal);
  listen(channel, "comm:close", close as never, signal);
  signal.addEventListener("abort", () => pending.clear(), { once: true });
  return { ask, answers: () => true, onClosed: (listener) => void closedListeners.add(listener) };
}

function listen(
  channel: Channel,
  event: string,
  listener: (...args: never[]) => void,
  signal: AbortSignal,
): void {
  channel.on(event, listener);
  signal.addEventListener("abort", () => channel.off(event, listener), { once: true });
}

function isMessage(content: unknown): content is Message {
  if (typeof content !== "object" || content === null) return false;
  const { id, status } = content as Partial<Message>;
  return typeof id === "string" && typeof status === "string";
}

function closedAnswer(id: string): Answer<never> {
  return { status: "error", id, problem: { code: "closed", message: lost } };
}

function readProgress(message: Message): Progress {
  return { done: Number(message.done ?? 0), total: Number(message.total ?? 0) };
}

function readAnswer(
  kind: Request["kind"],
  message: Message,
  buffers: readonly (ArrayBuffer | ArrayBufferView)[],
): Answer<Replies[Request["kind"]]> {
  const { id, status } = message;
  if (status === "superseded" || status === "changed") return { status, id };
  if (status === "error") return { status, id, problem: readProblem(message) };
  if (status !== "ok") return failed(id, `The kernel gave an answer of an unknown kind (${status}).`);
  try {
    const reading = typeof message.reading === "string" ? { reading: message.reading } : {};
    const sights = Array.isArray(message.sights) ? { sights: message.sights as readonly Sight[] } : {};
    const off = Array.isArray(message.off) ? { off: message.off as readonly OffEdit[] } : {};
    return { status, id, reply: readReply(kind, message, buffers), ...reading, ...sights, ...off };
  } catch (error) {
    return failed(
      id,
      `The kernel's answer could not be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

function failed(id: string, message: string): Answer<never> {
  return { status: "error", id, problem: { code: "failed", message } };
}

function readProblem(message: Message): Problem {
  const { code, tokens, limit } = message;
  return {
    code: isCode(code) ? code : "failed",
    message: typeof message.message === "string" ? message.message : "The kernel reported an error.",
    ...(typeof tokens === "number" ? { tokens } : {}),
    ...(typeof limit === "number" ? { limit } : {}),
  };
}

const codes = ["too_long", "too_large", "empty", "bad_request", "failed"] as const;

function isCode(code: unknown): code is (typeof codes)[number] {
  return codes.some((known) => known === code);
}

function readReply(
  kind: Request["kind"],
  message: Message,
  buffers: readonly (ArrayBuffer | ArrayBufferView)[],
): Replies[Request["kind"]] {
  switch (kind) {
    case "about":
      if (typeof message.about !== "object" || message.about === null)
        throw new Error("it does not describe the model");
      return message.about as About;
    case "frame":
    case "preview":
      if (buffers[0] === undefined) throw new Error("it came without its frame");
      return decodeFrame(buffers[0]);
    case "tile":
    case "cell":
      if (buffers[0] === undefined) throw new Error("it came without its numbers");
      return decodeTile(buffers[0]);
    case "neuron":
      if (buffers[0] === undefined) throw new Error("it came without its numbers");
      return decodeNeuron(buffers[0]);
    case "upload":
      return readUploaded(message.uploaded, message.pair);
    case "picture":
      return readPicture(message.picture, buffers[0]);
    case "spectrogram":
      return readSpectrogram(message.spectrogram, buffers[0]);
    case "sound":
      return readSound(message.sound, buffers[0]);
    case "predict":
      return (message.predictions ?? null) as Predictions | null;
    case "verify":
      return (message.verify ?? null) as Verification | null;
    case "strip":
      return readStrip(message.strip, buffers[0]);
    case "compare":
      return readDifference(message.difference, buffers);
    case "expected":
      return (message.expected ?? null) as Expected | null;
    case "flow":
      return readFlow(message.flow, buffers);
    case "lens":
      return readLens(message.lens, buffers);
    case "direct":
      return readDirect(message.direct, buffers);
    case "metric":
    case "changes":
      return readMetric(message.metric, buffers[0]);
    case "similar":
      if (typeof message.similar !== "object" || message.similar === null)
        throw new Error("it lists no heads");
      return message.similar as Similar;
    case "effects":
      return readEffects(message.effects, buffers[0]);
    case "evidence":
      return readEvidence(message.evidence, buffers[0]);
    case "variants":
      return readVariants(message.variants);
    case "counterfactual":
      return readCounterfactual(message.counterfactual, buffers);
    case "continue":
      return readContinued(message.continued);
    case "page":
      return { name: String(message.name), html: new Blob([readText(buffers)], { type: "text/html" }) };
    case "finding":
      return {
        name: String(message.name),
        json: new Blob([readText(buffers)], { type: "application/json" }),
        words: String(message.words),
      };
    case "still":
      return (message.stored ?? null) as StoredStill | null;
    case "chart":
      return { version: String(message.version), item: JSON.parse(readText(buffers)) } satisfies Chart;
    case "bokeh":
      return readText(buffers);
  }
}

function readContinued(told: unknown): Continued {
  const { text, tokens, ended } = (told ?? {}) as Partial<Continued>;
  if (typeof text !== "string") throw new Error("it came without what was written");
  return { text, tokens: Number(tokens), ended: ended === true };
}

function readText([buffer]: readonly (ArrayBuffer | ArrayBufferView)[]): string {
  if (buffer === undefined) throw new Error("it came without its text");
  return new TextDecoder().decode(buffer);
}

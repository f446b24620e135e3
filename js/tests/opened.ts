import { DemoModel } from "../dev/model";
import { Session } from "../src/session/session";
import type { Asking } from "../src/wire/answer";
import { decodeFrame } from "../src/wire/decode";
import type { Answer, Ask, Header, Request } from "../src/wire/types";
import { frameBytes } from "./frames";

interface Asked {
  readonly request: Request;
  readonly asking: Asking<never> | undefined;
  readonly answer: (answer: object) => Promise<void>;
}

/** A session whose questions the test answers. */
export function open(state: Record<string, unknown> = {}) {
  const model = new DemoModel(null, {
    text: "The river bank",
    layer: 0,
    head: 0,
    query: [2, 3],
    direction: "reads",
    part: "self",
    ...state,
  });
  const asked: Asked[] = [];
  const ask = ((request: Request, asking?: Asking<never>) =>
    new Promise((resolve) => {
      const answer = async (content: object) => {
        resolve({ id: String(asked.length), ...content } as Answer<never>);
        await Promise.resolve();
        await Promise.resolve();
      };
      asked.push({ request, asking, answer });
    })) as Ask;
  const life = new AbortController();
  let setClosed = (_closed: boolean): void => {};
  const source = {
    ask,
    answers: () => true,
    onClosed: (listener: (closed: boolean) => void) => {
      setClosed = listener;
    },
  };
  const session = new Session(model, source, life.signal);
  session.start();
  const frames = () => asked.filter(({ request }) => request.kind === "frame");
  return { model, session, ask, asked, frames, life, setClosed: (closed: boolean) => setClosed(closed) };
}

/** The answer to a question for a frame. */
export const ok = (change: Partial<Omit<Header, "blocks">> = {}) => ({
  status: "ok",
  reply: decodeFrame(frameBytes(change)),
});

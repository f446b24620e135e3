import { describe, expect, it } from "vitest";
import { open } from "../opened";

/** A session in which the model writes on. */
function writing(text = "Is it?") {
  const opened = open({ text });
  opened.session.continue();
  const asked = opened.asked.find(({ request }) => request.kind === "continue");
  const come = (more: string) =>
    asked?.asking?.onPartial?.({
      status: "ok",
      id: "",
      reply: { text: more, tokens: 1, ended: false },
    } as never);
  const answer = (content: object) => asked?.answer(content);
  return { ...opened, come, answer, signal: () => asked?.asking?.signal };
}

describe("writing on", () => {
  it("gives way to whoever writes, and takes back nothing of theirs", async () => {
    const { session, model, come, answer, signal } = writing();
    come(" It is");
    expect(model.state.text).toBe("Is it? It is");
    session.edit("Is it? It was", [13, 13], 0, 0, "typing");
    expect(signal()?.aborted).toBe(true);
    await answer({ status: "superseded" });
    expect(model.state.text).toBe("Is it? It was");
    expect(session.travel("undo")).toMatchObject({ text: "Is it? It is" });
    expect(session.travel("undo")).toMatchObject({ text: "Is it?" });
  });

  it("is taken back like anything else while it goes on", async () => {
    const { session, model, come, answer } = writing();
    come(" It is");
    expect(session.travel("undo")).toMatchObject({ text: "Is it?" });
    await answer({ status: "superseded" });
    expect([model.state.text, session.continuing.running.value]).toEqual(["Is it?", false]);
    expect(session.travel("redo")).toMatchObject({ text: "Is it? It is" });
  });

  it("gives way to a text from elsewhere", async () => {
    const { model, come, answer, session } = writing();
    come(" It is");
    model.set("text", "The river");
    await answer({ status: "superseded" });
    expect([model.state.text, session.continuing.running.value]).toEqual(["The river", false]);
  });

  it("translates into the second text, beside the first, and anew once that is another", async () => {
    const { session, model, asked } = open({ text: "the red car" });
    session.about.value = { editable: true, model: { second: "target", generates: true } } as never;
    const translate = async (text: string) => {
      session.continue();
      const last = asked.findLast(({ request }) => request.kind === "continue");
      expect(last?.request).not.toHaveProperty("pair");
      await last?.answer({ status: "ok", reply: { text, tokens: 3, ended: true } });
      return last?.request;
    };
    expect(await translate("la voiture rouge")).toMatchObject({ text: "the red car" });
    expect(model.state).toMatchObject({ pair: "la voiture rouge", part: "cross" });
    expect(session.isStale()).toBe(false);
    session.edit("the red book", [12, 12], 0);
    expect(session.isStale()).toBe(true);
    session.travel("undo");
    expect(session.isStale()).toBe(false);
    session.travel("redo");
    expect(await translate("le livre rouge")).toMatchObject({ text: "the red book" });
    expect([model.state.pair, session.isStale()]).toEqual(["le livre rouge", false]);
  });

  it("keeps what has come where it is stopped, as one step of undo", async () => {
    const { session, model, come, answer } = writing();
    come(" It");
    come(" It is");
    session.continuing.stop();
    await answer({ status: "superseded" });
    expect([model.state.text, session.continuing.running.value]).toEqual(["Is it? It is", false]);
    expect(session.travel("undo")).toMatchObject({ text: "Is it?" });
  });
});

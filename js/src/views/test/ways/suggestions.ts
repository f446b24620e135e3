/** Another way of putting a text, made of its own sentences. */
export interface Suggestion {
  readonly title: string;
  readonly text: string;
}

/** A sentence: up to a mark and what closes behind it, or the end of the line. */
const sentence = /\S[^\n]*?(?:[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]+|(?=\n|$))/gu;

export function sentencesOf(text: string): readonly string[] {
  return (text.match(sentence) ?? []).map((one) => one.trim());
}

/**
 * Ways of putting a text that has something before its last sentence, which is what is asked: the fact moved, said again,
 * marked, and all of it as question and answer. The fact is the sentence that has the phrase, or else the first.
 */
export function suggestionsFor(text: string, phrase = ""): readonly Suggestion[] {
  const sentences = sentencesOf(text);
  const asked = sentences.at(-1);
  if (asked === undefined) return [];
  const before = sentences.slice(0, -1);
  const between = text.trim().includes("\n") ? "\n" : " ";
  const place = Math.max(0, phrase === "" ? 0 : before.findIndex((one) => one.includes(phrase)));
  const fact = before[place];
  const others = before.filter((_, at) => at !== place);
  const joined = (...parts: readonly string[]) => parts.join(between);
  const question = /[?？]$/u.test(asked) ? asked : `${asked.replace(/[.!…。！]+$/u, "")}?`;
  const asAnswer = joined(...before, `Question: ${question}`, "Answer:");
  const found: Suggestion[] = [
    ...(fact === undefined
      ? []
      : [
          { title: "fact last", text: joined(...others, fact, asked) },
          { title: "fact first", text: joined(fact, ...others, asked) },
          { title: "fact said twice", text: joined(...before, fact, asked) },
          {
            title: "fact marked",
            text: joined(...before.map((one) => (one === fact ? `Important: ${one}` : one)), asked),
          },
        ]),
    ...(/\bAnswer:/.test(text) ? [] : [{ title: "as question and answer", text: asAnswer }]),
  ];
  const plain = joined(...sentences);
  return found.filter(
    (one, at) => one.text !== plain && found.findIndex((other) => other.text === one.text) === at,
  );
}

import type { FrameRequest, Header, HeadPair, Span, Traits } from "../../wire/types";
import { changesOf, headsAsked } from "../look";
import { writtenTexts } from "../patches";
import type { HeadRef } from "../places";
import type { Synced } from "../traits";
import { toTokens, toUnits } from "../units";
import { editsAsked } from "../what-if";

/** The request for what the traits say. */
export function askedFor(
  traits: Synced["signals"],
  { layer, head }: HeadRef,
  heads: readonly HeadPair[],
  asked: Pick<FrameRequest, "caret" | "field" | "query">,
  first: boolean,
): FrameRequest {
  const look = traits.look.peek();
  return {
    ...writtenTexts(traits),
    ...editsAsked(traits.edits.peek(), look),
    layer,
    head,
    part: traits.part.peek(),
    direction: traits.direction.peek(),
    source: look.source,
    ...headsAsked(heads, look),
    ...changesOf(look),
    ...asked,
    ...(first ? { first: true } : {}),
  };
}

/** What the traits have become, as the newest frame says. `query` is the one that was asked for, null where the caret led. */
export function adopted(header: Header, query: Span | null): Partial<Traits> {
  const { layer, head, part, direction, chosen } = header;
  const units =
    header.key_tokens != null && direction === "read_by" ? (header.key_units ?? null) : header.units;
  const known = query === null ? null : toUnits(units, query);
  // A piece stands for its word, and stays the piece that was asked for.
  const stays = units !== null && known?.[0] === header.query[0] && known[1] === header.query[1];
  return {
    layer,
    head,
    part,
    direction,
    heads: chosen,
    ...(stays ? {} : { query: toTokens(units, header.query) }),
  };
}

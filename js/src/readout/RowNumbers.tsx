import { useState } from "preact/hooks";
import { useView } from "../display/view";
import { type RowFacts, rowFacts } from "../focus/row-facts";
import { exactDigits } from "../lib/digits";
import { grouped, pieceLabel, shorten, weight } from "../lib/format";
import { PatchCrop } from "../surface/picture/PatchCrop";
import { useCrops } from "../surface/picture/use-crops";
import type { Tokens } from "../wire/types";

interface Props {
  readonly tint: "reads" | "read_by";
  readonly weights: Float32Array;
  readonly tokens: Tokens;
}

/** What a row comes to, and all of its numbers on demand. */
export function RowNumbers({ tint, weights, tokens }: Props) {
  const { numbers } = useView();
  const [open, setOpen] = useState(false);
  const map = numbers.map.value;
  if (map === null) return null;
  const reads = tint === "reads";
  const { causal } = map;
  const sinks = map.sinks;
  const facts = rowFacts({ weights, tokens, focus: numbers.focus.value, reads, causal, sinks });
  const axis = reads ? "key" : "query";
  const all = `all ${grouped(facts.seen)} ${reads ? "keys" : "queries"}`;
  return (
    <>
      <p class="aw-row-facts">
        {numbers.certain.value ? <Facts facts={facts} reads={reads} /> : "…"}
        {facts.seen > 0 && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "close the list" : facts.seen === 1 ? `the only ${axis}` : all}
          </button>
        )}
      </p>
      {open && <AllWeights weights={weights} tokens={tokens} axis={axis} />}
    </>
  );
}

function Facts({ facts, reads }: { readonly facts: RowFacts; readonly reads: boolean }) {
  const { sum, entropy, limit, effective, resting } = facts;
  return (
    <>
      <span title={`${exactDigits(sum)}: the sum of all weights of the ${reads ? "row" : "column"}`}>
        sum <b>{weight(sum)}</b>
      </span>
      {entropy !== null && effective !== null && (
        <span
          title={`As wide as an even spread over ${effective.toFixed(2)} keys. The second number is that of an even spread over all visible keys.`}
        >
          entropy <b>{entropy.toFixed(2)}</b> of {limit.toFixed(2)} nats
        </span>
      )}
      {resting !== null && resting > 0 && (
        <span title="The weight on tokens that soak up attention whatever the text is about">
          sinks <b>{weight(resting)}</b>
        </span>
      )}
    </>
  );
}

/** More rows than this would slow the page; the CSV has all of them. */
const mostRows = 1000;

type Order = "token" | "weight";

interface AllProps {
  readonly weights: Float32Array;
  readonly tokens: Tokens;
  readonly axis: "key" | "query";
}

function AllWeights({ weights, tokens, axis }: AllProps) {
  const { session, local } = useView();
  const [order, setOrder] = useState<Order>("weight");
  const crops = useCrops(tokens);
  const places = Array.from(weights.keys()).filter((token) => (weights[token] ?? 0) > 0);
  if (order === "weight") places.sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0));
  const sorted = (by: Order) => (order === by ? (by === "weight" ? "descending" : "ascending") : "none");
  const head = (by: Order, text: string) => (
    <th scope="col" aria-sort={sorted(by)}>
      <button type="button" onClick={() => setOrder(by)}>
        {text}
      </button>
    </th>
  );
  return (
    <section class="aw-all-weights" aria-label={`All weights by ${axis}`}>
      <table>
        <thead>
          <tr>
            {head("token", axis)}
            {head("weight", "weight")}
          </tr>
        </thead>
        <tbody>
          {places.slice(0, mostRows).map((token, place) => (
            <tr key={place} data-token={token}>
              <td>
                <button
                  type="button"
                  onClick={() => session.pinQuery([token, token + 1], axis)}
                  onPointerEnter={() => {
                    local.marked.value = token;
                  }}
                  onPointerLeave={() => {
                    local.marked.value = null;
                  }}
                >
                  <span class="aw-unit">#{token}</span> <PatchCrop crops={crops} token={token} />
                  <bdi>{shorten(pieceLabel(tokens.pieces[token] ?? ""), 24)}</bdi>
                </button>
              </td>
              <td class="aw-number">{exactDigits(weights[token] ?? Number.NaN)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {places.length > mostRows && (
        <p>
          the first {grouped(mostRows)} of {grouped(places.length)}; Export, Row as CSV has all
        </p>
      )}
    </section>
  );
}

import { bytesOf, WireError } from "./decode";
import type { TextsRequest } from "./types";

/** What flows into one token through all layers. */
export interface FlowRequest extends TextsRequest {
  /** The token. */
  readonly position: number;
  readonly part: string;
  /** What rests on sinks moves nothing. */
  readonly sinks?: "hide";
}

/** The way of rollout: edges between the levels, of which there is one more than layers that attend. */
export interface Flow {
  readonly query: number;
  readonly levels: number;
  readonly pieces: readonly string[];
  /** The numbers of the layers between the levels. */
  readonly attending: readonly number[];
  /** The share of each layer's whole that its known edges carry. */
  readonly kept: readonly number[];
  readonly recipe: string;
  /** By level and token; level 0 is the input. */
  readonly reached: Float32Array;
  /** Of each edge the level below it, the token below and the token above. */
  readonly ends: Uint32Array;
  readonly shares: Float32Array;
}

/** The fields of a flow's answer, what reaches each token, the edges' ends and their shares -> Flow. Copies, so nothing need be aligned. */
export function readFlow(fields: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[]): Flow {
  const told = fields as Omit<Flow, "reached" | "ends" | "shares"> | undefined;
  const [reached, ends, shares] = buffers.map(bytesOf);
  if (told === undefined || !reached || !ends || !shares) throw new WireError("a flow without its numbers");
  const flow = {
    ...told,
    reached: new Float32Array(reached),
    ends: new Uint32Array(ends),
    shares: new Float32Array(shares),
  };
  if (flow.reached.length !== flow.levels * flow.pieces.length || flow.ends.length !== 3 * flow.shares.length)
    throw new WireError("a flow whose size does not match its header");
  return flow;
}

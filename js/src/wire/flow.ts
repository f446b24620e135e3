import { WireError } from "./decode";
import type { Flow } from "./types";

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
    throw new WireError("a flow of another size than it says");
  return flow;
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice().buffer;
}

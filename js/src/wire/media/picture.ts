/** A picture's file out of an answer. Throws for one without it. */
export function readPicture(told: unknown, buffer: ArrayBuffer | ArrayBufferView | undefined): Blob {
  return fileIn(told, buffer, ["image/png", "image/jpeg"], "its picture");
}

/** A file out of an answer, of one of the types that the kernel sends: nothing else is given to the browser's decoders. */
export function fileIn(
  told: unknown,
  buffer: ArrayBuffer | ArrayBufferView | undefined,
  types: readonly string[],
  what: string,
): Blob {
  const type = typeof told === "object" && told !== null ? (told as { type?: unknown }).type : undefined;
  if (buffer === undefined || typeof type !== "string" || !types.includes(type))
    throw new Error(`it came without ${what}`);
  const bytes = buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : bytesOf(buffer);
  return new Blob([bytes], { type });
}

/** The type of a picture's file by its first byte. */
export function pictureFile(bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: bytes[0] === 0x89 ? "image/png" : "image/jpeg" });
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

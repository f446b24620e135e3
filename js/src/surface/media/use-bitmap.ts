import { useEffect, useState } from "preact/hooks";

/** Each file is read once, whoever shows it; its pixels go with it. */
const read = new WeakMap<Blob, Promise<ImageBitmap>>();

function pixelsOf(file: Blob): Promise<ImageBitmap> {
  const known = read.get(file) ?? createImageBitmap(file);
  read.set(file, known);
  return known;
}

/** A picture's file as pixels; null until they are here. What was there before stays until then. */
export function useBitmap(file: Blob | null): ImageBitmap | null {
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
  useEffect(() => {
    if (file === null) return;
    let left = false;
    void pixelsOf(file).then((found) => {
      if (!left) setBitmap(found);
    });
    return () => {
      left = true;
    };
  }, [file]);
  return bitmap;
}

import { useEffect, useState } from "preact/hooks";

/** A picture's file as pixels, read once; null until it is. What was there before stays until then. */
export function useBitmap(file: Blob | null): ImageBitmap | null {
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
  useEffect(() => {
    if (file === null) return;
    const life = new AbortController();
    let made: ImageBitmap | null = null;
    void createImageBitmap(file).then((found) => {
      if (life.signal.aborted) return found.close();
      made = found;
      setBitmap(found);
    });
    return () => {
      life.abort();
      made?.close();
    };
  }, [file]);
  return bitmap;
}

import { useState } from "preact/hooks";
import { saveFile } from "./hand-over";
import { failure, type Handed } from "./Outcome";

interface Made {
  readonly file: Blob;
  readonly name: string;
  readonly message: string;
}

/** A file that takes its time: whether it is being made, and a way to have it made and saved. */
export function useSaving(tell: (handed: Handed) => void, make: () => Promise<Made>) {
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const { file, name, message } = await make();
      saveFile(file, name);
      tell({ message });
    } catch (error) {
      tell(failure(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, save };
}

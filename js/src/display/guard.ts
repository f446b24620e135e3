import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** Tells the part that something stands in that it has failed. */
export const FaultContext = createContext<((error: unknown) => void) | null>(null);

/** Makes something fail as the part does that it is for, whoever calls it. */
export type Guard = <Given extends unknown[]>(run: (...given: Given) => void) => (...given: Given) => void;

/** For what an observer, a timer or a frame of the screen calls: nobody else would hear of it. */
export function useGuard(): Guard {
  const fail = useContext(FaultContext);
  return (run) =>
    (...given) => {
      try {
        run(...given);
      } catch (error) {
        if (fail === null) throw error;
        fail(error);
      }
    };
}

import { useView } from "../display/view";
import { isChange } from "../focus/derived";

/** In the caption of what has no difference to show. */
export function AfterOnly() {
  const shown = useView().session.shown.value;
  return shown !== null && isChange(shown.asked) ? (
    <>as after the changes: this view shows no difference · </>
  ) : null;
}

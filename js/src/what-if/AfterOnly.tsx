import { useView } from "../display/view";

/** In the caption of what has no difference to show. */
export function AfterOnly() {
  const shown = useView().session.shown.value;
  return shown?.frame.header.signed === true ? (
    <>as after the changes: this view shows no difference · </>
  ) : null;
}

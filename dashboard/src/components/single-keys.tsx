/** The switch that turns single keys off, for those who dictate or whose keys slip. */
import { useState } from "react";
import { setSingleKeys, singleKeys } from "@/lib/keys";

export function SingleKeys({ hint = "" }: { hint?: string }) {
  const [on, setOn] = useState(singleKeys);
  return (
    <label className="switch">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => {
          setSingleKeys(event.target.checked);
          setOn(event.target.checked);
        }}
      />{" "}
      Single keys do something{hint}
    </label>
  );
}

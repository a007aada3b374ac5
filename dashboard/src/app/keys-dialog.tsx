/** The keys, and the switch that turns single ones off. */
import { Dialog } from "@/components/dialog";
import { SingleKeys } from "@/components/single-keys";
import { modKey } from "@/lib/keys";

const KEYS: [keys: string, does: string][] = [
  ["j k", "Next and previous item, or changed line"],
  ["n p", "Next and previous place of the patch"],
  ["v", "File viewed, or not"],
  ["Enter", "Open"],
  ["Esc", "Back"],
  ["a", "Approve (asks again)"],
  ["r", "Request changes (asks again)"],
  ["b", "Raise the budget (asks again)"],
  ["c", "Comment on the line"],
  ["[ ]", "Previous and next tab"],
  ["g i", "Inbox"],
  ["g b", "Board"],
  ["g n", "Incidents"],
  ["g r", "Report a fault"],
  ["g a", "Agents"],
  ["g l", "Analytics"],
  ["g v", "Activity"],
  ["/", "Search this screen, or everything"],
  [`${modKey} k`, "Find a screen, task, incident, role or setting"],
  ["?", "This list"],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <SingleKeys />
      <div className="buttons">
        <button type="button" data-first onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** How often something went well, with the interval in which the true share lies. */
interface Props {
  well: number;
  of: number;
  low: number;
  high: number;
  weak: boolean;
}

const percent = (share: number) => `${Math.round(share * 100)}`;
const place = (share: number) => `${(share * 100).toFixed(1)}%`;

export function Share({ well, of, low, high, weak }: Props) {
  if (of === 0) return <span className="quiet">not used yet</span>;
  const range = `${percent(low)}–${percent(high)}`;
  return (
    <span className="share">
      <span className="share-track" aria-hidden="true">
        <span
          className={weak ? "share-range share-weak" : "share-range"}
          style={{ left: place(low), width: place(high - low) }}
        />
        <span className="share-point" style={{ left: place(well / of) }} />
      </span>
      <span>
        {well} of {of} · {percent(well / of)} %{" "}
        <span className="quiet" title="Where the true share lies, as sure as 95 % (Wilson)">
          ({range})
        </span>
      </span>
    </span>
  );
}

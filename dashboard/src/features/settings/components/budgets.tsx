/** What models may cost, and what they cost today. */
import { Failed, Loading } from "@/components/states";
import { cost, limit, plural } from "@/lib/format";
import { useSpentToday, type Option } from "../api/use-settings";
import { Options } from "./configuration";

export function Budgets({ options }: { options: readonly Option[] }) {
  const day = Number(options.find(({ name }) => name === "MAX_DAY_BUDGET_USD")?.value);
  return (
    <>
      <Today limitUsd={day} />
      <section className="card settings-group">
        <h2>Limits</h2>
        <Options options={options.filter(({ group }) => group === "Budgets")} />
      </section>
    </>
  );
}

function Today({ limitUsd }: { limitUsd: number }) {
  const spent = useSpentToday();
  if (spent.isPending) return <Loading what="what was spent" rows={1} />;
  if (!spent.data)
    return <Failed what="what was spent" error={spent.error} retry={() => void spent.refetch()} />;
  const usd = Number(spent.data.total_usd ?? 0);
  const unpriced = Object.keys(spent.data.unpriced_models ?? {}).length;
  return (
    <div className="card settings-today">
      <h2>Today, UTC</h2>
      <p>
        <strong>{cost(usd)}</strong> of {limit(limitUsd)}
        {unpriced > 0 && (
          <span className="quiet">
            {" "}
            · {plural(unpriced, "model")} without a known price, not counted as 0
          </span>
        )}
      </p>
      <meter
        aria-label="Share of the day’s budget"
        min={0}
        max={Math.max(limitUsd, usd, 0.0001)}
        high={limitUsd * 0.8}
        optimum={0}
        value={usd}
      >
        {cost(usd)}
      </meter>
    </div>
  );
}

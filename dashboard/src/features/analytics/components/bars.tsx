/** Stacked or grouped bars, drawn by recharts; the arrow keys walk along them. */
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { Series } from "../api/series";

interface Props {
  label: string;
  series: Series;
  /** How a value is written. */
  shown: (value: number) => string;
  /** How a name is written. */
  named?: (name: string) => string;
  /** How the label of a row is written. */
  labelled?: (label: string) => string;
  /** The colour of a name; by its rank where none is given. */
  fillOf?: (name: string) => string | undefined;
  stacked?: boolean;
  /** Lying bars, for labels that are long. */
  lying?: boolean;
}

const HEIGHT_PX = 260;
const LYING_PX = 44;

export function Bars(props: Props) {
  const { label, series, shown, named = String, labelled = String, fillOf } = props;
  const { stacked = true, lying = false } = props;
  const { names, rows } = series;
  const data = rows.map((row) => ({ label: labelled(row.label), values: row.values }));
  const height = lying ? 84 + LYING_PX * rows.length : HEIGHT_PX;
  const quiet = { fill: "var(--quiet)", fontSize: 13 };
  const numbers = {
    type: "number",
    tickFormatter: shown,
    tick: quiet,
    stroke: "var(--line)",
  } as const;
  const words = { type: "category", dataKey: "label", tick: quiet, stroke: "var(--line)" } as const;
  return (
    <div className="chart" style={{ height }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height }}>
        <BarChart
          data={data}
          layout={lying ? "vertical" : "horizontal"}
          title={label}
          margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
        >
          <CartesianGrid stroke="var(--line)" vertical={lying} horizontal={!lying} />
          {lying ? <XAxis {...numbers} /> : <XAxis {...words} minTickGap={24} />}
          {lying ? <YAxis {...words} width={132} /> : <YAxis {...numbers} width={72} />}
          <Tooltip
            cursor={{ fill: "var(--sunken)" }}
            contentStyle={{
              background: "var(--surface)",
              border: "1px solid var(--line)",
              borderRadius: 8,
            }}
            itemStyle={{ color: "var(--text)" }}
            formatter={(value) => shown(Number(value))}
          />
          {names.length > 1 && (
            <Legend
              itemSorter={null}
              formatter={(name: string) => <span className="legend">{name}</span>}
            />
          )}
          {names.map((name, at) => (
            <Bar
              key={name}
              dataKey={(row: { values: Record<string, number> }) => row.values[name]}
              name={named(name)}
              fill={fillOf?.(name) ?? `var(--chart-${(at % 7) + 1})`}
              stackId={stacked ? "one" : undefined}
              maxBarSize={36}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

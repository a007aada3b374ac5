/** What Anton's work comes to over a time: one question a card. */
import { Link } from "@tanstack/react-router";
import { Empty, Failed, Loading } from "@/components/states";
import { useNow } from "@/lib/clock";
import { dayAfter, dayOf, useStats } from "../api/use-stats";
import { FixCard, SpentCard, type Way } from "./cost-cards";
import { FalseAlarmCard, LatencyCard, OutcomesCard, SentBackCard } from "./outcome-cards";
import { PaceCard } from "./pace-card";
import "./analytics.css";

const TIMES = [7, 30, 90];
const DEFAULT_DAYS = 30;

export interface Time {
  /** First and last day, UTC; empty for the last 30 days. */
  from: string;
  to: string;
}

interface Props {
  time: Time;
  by: Way;
  onTime: (time: Time) => void;
  onBy: (by: Way) => void;
}

export function Analytics({ time, by, onTime, onBy }: Props) {
  const today = dayOf(useNow());
  const to = time.to || today;
  const from = time.from || dayAfter(to, 1 - DEFAULT_DAYS);
  const found = useStats(from, to);
  return (
    <>
      <div className="page-head analytics-head">
        <h1>Analytics</h1>
        <TimePicker from={from} to={to} today={today} onTime={onTime} />
      </div>
      {found.isPending ? (
        <Loading what="figures" rows={4} />
      ) : !found.data ? (
        <Failed what="figures" error={found.error} retry={() => void found.refetch()} />
      ) : found.data.tasks.total + found.data.cost.by_day.length === 0 ? (
        <Empty title="Nothing happened in this time.">
          <Link to="/board">All tasks</Link>
        </Empty>
      ) : (
        <div className="figures" aria-busy={found.isPlaceholderData}>
          <PaceCard pace={found.data.time_to_pr} />
          <FixCard fix={found.data.cost.fix} />
          <SentBackCard said={found.data.sent_back} />
          <SpentCard spent={found.data.cost} from={from} to={to} by={by} onBy={onBy} />
          <OutcomesCard stats={found.data} />
          <FalseAlarmCard triage={found.data.triage} />
          <LatencyCard latency={found.data.latency} />
        </div>
      )}
    </>
  );
}

interface PickerProps {
  from: string;
  to: string;
  today: string;
  onTime: (time: Time) => void;
}

function TimePicker({ from, to, today, onTime }: PickerProps) {
  return (
    <div className="times">
      <div className="segments" role="group" aria-label="Time">
        {TIMES.map((days) => (
          <button
            key={days}
            type="button"
            aria-pressed={to === today && from === dayAfter(today, 1 - days)}
            onClick={() => onTime({ from: dayAfter(today, 1 - days), to: today })}
          >
            {days} days
          </button>
        ))}
      </div>
      <input
        type="date"
        aria-label="First day"
        value={from}
        max={to}
        onChange={({ target }) => target.value && onTime({ from: target.value, to })}
      />
      <input
        type="date"
        aria-label="Last day"
        value={to}
        min={from}
        max={today}
        onChange={({ target }) => target.value && onTime({ from, to: target.value })}
      />
    </div>
  );
}

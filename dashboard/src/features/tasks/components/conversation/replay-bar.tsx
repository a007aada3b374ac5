/** Plays a finished conversation once more. */
import { SPEEDS } from "../../api/replay";
import type { Player } from "./use-replay";

export function ReplayBar({ player, count }: { player: Player; count: number }) {
  const { replay } = player;
  const at = replay?.at ?? count;
  return (
    <div className="replay" role="group" aria-label="Replay">
      {replay?.playing ? (
        <button type="button" onClick={player.pause}>
          Pause
        </button>
      ) : (
        <button type="button" onClick={player.play}>
          {replay ? "Play" : "Replay"}
        </button>
      )}
      <button type="button" aria-label="Step back" onClick={() => player.step(-1)}>
        ‹
      </button>
      <button type="button" aria-label="Step forward" onClick={() => player.step(1)}>
        ›
      </button>
      <input
        type="range"
        aria-label="Call"
        aria-valuetext={`${Math.min(at, count)} of ${count} calls`}
        min={0}
        max={count}
        value={at}
        onChange={(event) => player.seek(Number(event.target.value))}
      />
      <span className="replay-at">
        {Math.min(at, count)} / {count}
      </span>
      <span className="segments" role="group" aria-label="Speed">
        {SPEEDS.map((speed) => (
          <button
            key={speed}
            type="button"
            aria-pressed={(replay?.speed ?? 4) === speed}
            onClick={() => player.speed(speed)}
          >
            {speed}×
          </button>
        ))}
      </span>
      {replay && (
        <button type="button" className="plain-button" onClick={player.leave}>
          Show all
        </button>
      )}
    </div>
  );
}

/** The examination of the running server, each finding with its remedy. */
import { ForeignText } from "@/components/foreign-text";
import { Failed } from "@/components/states";
import { When } from "@/components/when";
import { useDoctor, type Report } from "../api/use-settings";

const MARKS: Record<Report["status"], [sign: string, tone: string, words: string]> = {
  ok: ["✓", "good", "All is well."],
  warning: ["!", "wait", "It works, with something to look at."],
  error: ["✗", "bad", "Something does not work."],
};
const ORDER: Report["status"][] = ["error", "warning", "ok"];

export function Doctor({ mayRun }: { mayRun: boolean }) {
  const doctor = useDoctor();
  return (
    <>
      <p className="settings-lead">
        Looks at Python, packages, stores, the sandbox, models and channels, as{" "}
        <code>python main.py doctor</code> does. It takes some seconds.
      </p>
      <div className="buttons">
        <button
          type="button"
          className="primary"
          disabled={!mayRun || doctor.isPending}
          onClick={() => doctor.mutate()}
        >
          {doctor.isPending ? "Looking…" : doctor.data ? "Look again" : "Look now"}
        </button>
        {!mayRun && <span className="quiet">This needs a key with scope operate.</span>}
      </div>
      {doctor.isError && (
        <Failed what="the examination" error={doctor.error} retry={() => doctor.mutate()} />
      )}
      {doctor.data && <Found report={doctor.data} />}
    </>
  );
}

function Found({ report }: { report: Report }) {
  const [, tone, words] = MARKS[report.status];
  return (
    <section className="card settings-group" aria-live="polite">
      <h2>
        <span className={`status status-${tone}`}>{words}</span>{" "}
        <span className="quiet settings-when">
          <When at={report.at} />
        </span>
      </h2>
      <ul className="findings">
        {ORDER.flatMap((level) => report.checks.filter((check) => check.level === level)).map(
          (check, at) => (
            <li key={at}>
              <span className={`status status-${MARKS[check.level][1]}`}>
                {MARKS[check.level][0]} {check.level}
              </span>
              <strong>{check.name.trim()}</strong>
              <span>
                <ForeignText text={check.text} />
                {check.remedy && (
                  <span className="remedy">
                    <ForeignText text={check.remedy} />
                  </span>
                )}
              </span>
            </li>
          ),
        )}
      </ul>
    </section>
  );
}

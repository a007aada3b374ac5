/** What Anton works with outside: live, embedded, off or failing, and how that is changed. */
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import { Problem, Unreachable } from "@/lib/api";
import { useChannelTest, type Integration } from "../api/use-settings";

const MARKS: Record<Integration["state"], [label: string, tone: string]> = {
  live: ["✓ Live", "good"],
  embedded: ["Embedded", "plain"],
  off: ["Off", "plain"],
  failing: ["✗ Failing", "bad"],
};
const NAMES: Record<string, string> = {
  github: "GitHub",
  otlp: "Traces (OTLP)",
  interactions: "Log of model calls",
};

interface Props {
  integrations: readonly Integration[];
  mayTest: boolean;
}

export function Integrations({ integrations, mayTest }: Props) {
  return (
    <>
      <p className="settings-lead">
        Embedded is a stand-in on this machine, and nothing leaves it. The option named beside each
        switches it on.
      </p>
      <ul className="integrations">
        {integrations.map((one) => (
          <Row key={one.name} integration={one} mayTest={mayTest} />
        ))}
      </ul>
    </>
  );
}

function Row({ integration, mayTest }: { integration: Integration; mayTest: boolean }) {
  const { name, state, detail, variable, since, channel } = integration;
  const [label, tone] = MARKS[state];
  return (
    <li className="card integration">
      <h2>{NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1)}</h2>
      <span className={`status status-${tone}`}>{label}</span>
      <p>
        <ForeignText text={detail} />
        {since && (
          <span className="quiet">
            {" "}
            since <When at={since} />
          </span>
        )}
      </p>
      <code className="quiet">{variable}</code>
      {channel && <ChannelTest name={name} mayTest={mayTest} />}
    </li>
  );
}

function ChannelTest({ name, mayTest }: { name: string; mayTest: boolean }) {
  const test = useChannelTest(name);
  return (
    <div className="integration-test">
      <button
        type="button"
        disabled={!mayTest || test.isPending}
        title={mayTest ? undefined : "This needs a key with scope operate."}
        onClick={() => test.mutate()}
      >
        {test.isPending ? "Sending…" : "Send a test"}
      </button>
      <span role="status">
        {test.isSuccess && <span className="good">✓ It arrived.</span>}
        {test.isError && (
          <span className="bad">
            ✗ <ForeignText text={reasonOf(test.error)} />
          </span>
        )}
      </span>
    </div>
  );
}

function reasonOf(error: Error): string {
  if (error instanceof Unreachable) return "Not sent. The server does not answer.";
  return error instanceof Problem ? error.message : "Not sent.";
}

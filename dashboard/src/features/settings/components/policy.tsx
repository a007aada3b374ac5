/** Whose word counts, what passes without a person, and how far Anton goes in each repository. */
import { ForeignText } from "@/components/foreign-text";
import { limit } from "@/lib/format";
import type { Option, Settings } from "../api/use-settings";
import { Options } from "./configuration";

const GOES: Record<string, string> = {
  notify: "reports what triage found",
  diagnose: "reports cause and test",
  patch: "hands out a proven patch",
  pr: "publishes what was approved",
};

interface Props {
  options: readonly Option[];
  services: Settings["services"];
}

export function Policy({ options, services }: Props) {
  return (
    <>
      <h2 className="settings-caption" id="how-far">
        How far Anton goes by himself
      </h2>
      <table className="board settings-table" aria-labelledby="how-far">
        <thead>
          <tr>
            <th scope="col">Repository</th>
            <th scope="col">Goes as far as</th>
            <th scope="col">Profile</th>
            <th scope="col">Budget of a task</th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <tr key={service.repository}>
              <td>
                {service.repository === "*" ? (
                  services.length > 1 ? (
                    "Every other repository"
                  ) : (
                    "Every repository"
                  )
                ) : (
                  <ForeignText text={service.repository} />
                )}
              </td>
              <td data-label="Goes as far as">
                <span>
                  <code>{service.autonomy}</code>: {GOES[service.autonomy]}
                </span>
              </td>
              <td data-label="Profile">{service.profile}</td>
              <td data-label="Budget">
                {service.max_task_budget_usd === null ? (
                  <span>
                    as <code>MAX_TASK_BUDGET_USD</code>
                  </span>
                ) : (
                  limit(service.max_task_budget_usd)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <section className="card settings-group">
        <h2>Whose word counts</h2>
        <Options options={options.filter(({ group }) => group === "Consent")} />
      </section>
    </>
  );
}

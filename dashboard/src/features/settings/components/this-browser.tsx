/** What this browser alone does differently: colours, desktop notices, single keys. */
import { useState } from "react";
import { SingleKeys } from "@/components/single-keys";
import { standing, turn, type Standing } from "@/lib/notices";
import { setTheme, theme, THEMES } from "@/lib/theme";

const LOOKS = { system: "As the system", light: "Light", dark: "Dark" };

const NOTICES: Record<Standing, string> = {
  on: "They name severity, ticket and repository, make no sound, and go when somebody has answered.",
  off: "The browser will ask you for leave.",
  refused: "The browser has refused them for this address: allow notifications in its settings.",
  unable: "This browser shows none here: they need https or localhost, and phones have none.",
};

export function ThisBrowser() {
  return (
    <>
      <p className="settings-lead">
        Kept in this browser, for whoever uses it; the server does not know.
      </p>
      <section className="card settings-group">
        <h2>Colours</h2>
        <Looks />
      </section>
      <section className="card settings-group">
        <h2>Desktop notices</h2>
        <Notices />
      </section>
      <section className="card settings-group">
        <h2>Keys</h2>
        <SingleKeys hint="; press ? for the list" />
      </section>
    </>
  );
}

function Looks() {
  const [chosen, setChosen] = useState(theme);
  return (
    <div className="segments settings-segments" role="group" aria-label="Colours">
      {THEMES.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === chosen}
          onClick={() => {
            setTheme(one);
            setChosen(one);
          }}
        >
          {LOOKS[one]}
        </button>
      ))}
    </div>
  );
}

function Notices() {
  const [stands, setStands] = useState(standing);
  const unable = stands === "unable" || stands === "refused";
  return (
    <>
      <label className="switch">
        <input
          type="checkbox"
          checked={stands === "on"}
          disabled={unable}
          aria-describedby="notices-said"
          onChange={(event) => void turn(event.target.checked).then(setStands)}
        />{" "}
        Tell me when a question comes and no tab of the dashboard is in sight
      </label>
      <p id="notices-said" className="quiet" role="status">
        {NOTICES[stands]}
      </p>
    </>
  );
}

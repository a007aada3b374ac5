/** The page for those who have not shown a key yet. */
import { useState } from "react";
import { Problem } from "@/lib/api";
import { useSignIn } from "../api/use-session";

export function SignIn() {
  const [key, setKey] = useState("");
  const signIn = useSignIn();
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate(key.trim(), { onSettled: () => setKey("") });
        }}
      >
        <img src="/ui/icon.svg" alt="" width="44" height="44" />
        <h1>Sign in to Anton</h1>
        <p className="quiet">
          Paste an API key. It is exchanged for a session that no script can read, and is not kept
          in this browser.
        </p>
        <label htmlFor="key">API key</label>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
          aria-describedby="key-trouble"
        />
        <p id="key-trouble" role="alert" className="trouble">
          {signIn.error ? trouble(signIn.error) : ""}
        </p>
        <button type="submit" className="primary" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </button>
        <details>
          <summary>Where is my key?</summary>
          <p className="quiet">
            It is <code>API_KEY</code> in the server’s environment, or was printed by{" "}
            <code>python -m api.auth NAME SCOPES</code>.
          </p>
        </details>
      </form>
    </main>
  );
}

function trouble(error: Error): string {
  if (error instanceof Problem && error.status === 401) return "This key is not known.";
  return error.message;
}

import { useSignOut } from "../api/use-session";

export function SignOut({ name }: { name: string }) {
  const signOut = useSignOut();
  return (
    <button type="button" className="plain-button" onClick={() => signOut.mutate()}>
      Sign out {name}
    </button>
  );
}

/** Nobody sees a screen before the server knows who they are; the address stays as it was. */
import { Failed, Loading } from "@/components/states";
import { useSession } from "@/features/session/api/use-session";
import { SignIn } from "@/features/session/components/sign-in";
import { LiveProvider } from "@/lib/live";
import { Shell } from "./shell";

export function Gate() {
  const session = useSession();
  if (session.isPending)
    return (
      <main className="alone">
        <Loading what="Anton" />
      </main>
    );
  if (session.data === undefined)
    return (
      <main className="alone">
        <Failed what="Anton" error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  if (session.data === null) return <SignIn />;
  return (
    <LiveProvider after={session.data.as_of_seq}>
      <Shell session={session.data} />
    </LiveProvider>
  );
}

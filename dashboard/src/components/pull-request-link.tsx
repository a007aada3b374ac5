/** Leads to a pull request and names the host; an address that is none of the web is shown as text. */
import { ForeignText } from "./foreign-text";

export function PullRequestLink({ url }: { url: string }) {
  const host = hostOf(url);
  return host ? (
    <a href={url} rel="noreferrer" target="_blank">
      Pull request on {host}
    </a>
  ) : (
    <>
      Pull request: <ForeignText text={url} />
    </>
  );
}

function hostOf(url: string): string {
  try {
    const { host, protocol } = new URL(url);
    return protocol === "https:" ? host : "";
  } catch {
    return "";
  }
}

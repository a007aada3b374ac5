/** Every address of the API that is not reached by the typed client. */
export const paths = {
  stream: (after: number | null, watch: readonly string[] = []) => {
    const query = new URLSearchParams(watch.map((task) => ["watch", task]));
    if (after !== null) query.set("after", String(after));
    return `/stream${query.size ? `?${query}` : ""}`;
  },
  events: (after: number, limit = 500) => `/events?after=${after}&limit=${limit}`,
  artifactsZip: (task: string) => `/tasks/${encodeURIComponent(task)}/artifacts.zip`,
  artifact: (task: string, id: string) =>
    `/tasks/${encodeURIComponent(task)}/artifacts/${encodeURIComponent(id)}`,
};

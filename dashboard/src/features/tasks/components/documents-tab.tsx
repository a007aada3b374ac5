/** What a task left behind, to be downloaded; Anton's own report can be read here. */
import { useQuery } from "@tanstack/react-query";
import { Markdown } from "@/components/markdown";
import { Empty, Failed, Loading } from "@/components/states";
import { paths } from "@/config/paths";
import type { Task } from "@/lib/api";
import { useDocuments } from "../api/use-task";

const TOLD: Record<string, string> = {
  "patch.json": "The patch, with the whole of each changed file",
  "partial_patch.json": "The best patch that does not hold",
  "evidence.json": "Both test runs, each case and all output",
  "diagnosis.json": "The diagnosis with its claims",
  "reproduction.json": "The test that shows the fault",
  "review.json": "The review of the exact diff",
  "report.json": "The account, for programs",
  "incident.md": "The account, for people",
};

export function DocumentsTab({ task }: { task: Task }) {
  const found = useDocuments(task);
  if (!task.artifacts.length)
    return (
      <Empty
        title={task.ended_at ? "This task left nothing behind." : "There are no documents yet."}
      />
    );
  if (found.isPending) return <Loading what="the documents" />;
  if (!found.data)
    return <Failed what="the documents" error={found.error} retry={() => void found.refetch()} />;
  const documents = found.data.artifacts;
  const kept = documents.filter((one) => one.kept);
  const report = kept.find((one) => one.name === "incident.md");
  return (
    <>
      <div className="documents-head">
        <p>
          {task.output_path && (
            <>
              Also written to <code>{task.output_path}</code>.
            </>
          )}
          {kept.length < documents.length &&
            " What tasks make is kept for a time; hashes and decisions stay."}
        </p>
        {kept.length > 0 && (
          <a className="button" href={paths.artifactsZip(task.task_id)} download>
            {kept.length < documents.length ? "Download the rest (.zip)" : "Download all (.zip)"}
          </a>
        )}
      </div>
      <ul className="documents">
        {documents.map((one) => (
          <li key={`${one.name}:${one.id}`}>
            {one.kept ? (
              <a href={paths.artifact(task.task_id, one.id)} download={one.name}>
                {one.name}
              </a>
            ) : (
              one.name
            )}{" "}
            <span className="quiet">
              {one.kept ? (TOLD[one.name] ?? one.media_type) : "No longer kept"}
            </span>
          </li>
        ))}
      </ul>
      {report && <Report taskId={task.task_id} artifact={report.id} />}
    </>
  );
}

function Report({ taskId, artifact }: { taskId: string; artifact: string }) {
  const report = useQuery({
    queryKey: ["artifact", taskId, artifact],
    staleTime: Infinity,
    queryFn: async () => {
      const answer = await fetch(paths.artifact(taskId, artifact));
      if (!answer.ok) throw new Error(`Status ${answer.status}.`);
      return answer.text();
    },
  });
  if (!report.data) return null;
  return (
    <section className="card" aria-label="Report">
      <Markdown text={report.data} />
    </section>
  );
}

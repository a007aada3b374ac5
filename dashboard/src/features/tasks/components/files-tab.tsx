/** The files that the patch touches, as they are with it, between the two trees. */
import { Link } from "@tanstack/react-router";
import { Code } from "@/components/code";
import { ForeignText } from "@/components/foreign-text";
import { OnSight } from "@/components/on-sight";
import { Empty, Failed, Loading } from "@/components/states";
import { Problem, type Task } from "@/lib/api";
import { bytes, plural, words } from "@/lib/format";
import { languageOf } from "@/lib/highlight";
import { useFiles, type ChangedFile } from "../api/use-files";

const LINES_MAX = 3_000;
const LINE_PX = 21;

export function FilesTab({ task }: { task: Task }) {
  const found = useFiles(task);
  if (found.isPending) return <Loading what="the files" />;
  if (!found.data) {
    if (found.error instanceof Problem && found.error.status === 404)
      return (
        <Empty title={task.ended_at ? "This task changed no file." : "No file is changed yet."} />
      );
    return <Failed what="the files" error={found.error} retry={() => void found.refetch()} />;
  }
  const { files, base_sha: base, tree_hash: tree, partial } = found.data;
  return (
    <>
      <dl className="facts">
        <dt>Before</dt>
        <dd>
          commit <code title={base}>{base.slice(0, 12)}</code>
        </dd>
        <dt>After</dt>
        <dd>
          tree <code title={tree}>{tree.slice(0, 12)}</code>
          {task.tests?.after?.tree_hash === tree && (
            <span className="good"> ✓ this is what was tested</span>
          )}
        </dd>
      </dl>
      {partial && (
        <p className="notice notice-warn">This is the best that was found. It does not hold.</p>
      )}
      <p>{plural(files.length, "file")} touched.</p>
      {files.map((file) => (
        <File key={file.path} file={file} taskId={task.task_id} />
      ))}
    </>
  );
}

function File({ file, taskId }: { file: ChangedFile; taskId: string }) {
  const lines = file.text?.replace(/\n$/, "").split("\n") ?? [];
  const language = lines.length <= LINES_MAX ? languageOf(file.path) : null;
  return (
    <details className="file file-whole">
      <summary>
        <span className={`file-change file-${file.change}`}>{words(file.change)}</span>{" "}
        <code>
          <ForeignText text={file.path} />
        </code>
        <span className="file-size">
          <span className="added">+{file.added}</span>{" "}
          <span className="removed">−{file.deleted}</span>
          {file.bytes !== null && <span className="quiet"> {bytes(file.bytes)}</span>}
        </span>
      </summary>
      <p className="file-note">
        <Link
          to="/tasks/$taskId"
          params={{ taskId }}
          search={{ tab: "diff", file: file.path }}
          replace
        >
          Its changes
        </Link>
        {file.mode === "100755" && " · may be run"}
      </p>
      {file.text === null ? (
        <p className="file-note">
          {file.change === "deleted"
            ? "It is gone afterwards."
            : "No text, or too long to show here."}
        </p>
      ) : (
        <OnSight height={Math.min(lines.length, LINES_MAX) * LINE_PX}>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroll area takes the focus */}
          <div className="lines" tabIndex={0} role="group" aria-label={`${file.path} afterwards`}>
            {lines.slice(0, LINES_MAX).map((text, at) => (
              <div key={at}>
                <span className="lines-number">{at + 1}</span>
                <span className="lines-code">
                  <Code text={text} language={language} />
                </span>
              </div>
            ))}
          </div>
        </OnSight>
      )}
    </details>
  );
}

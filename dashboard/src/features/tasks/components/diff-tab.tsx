/** The patch of a revision, whole or since an earlier one. */
import { Empty, Failed, Loading } from "@/components/states";
import type { ApprovalFacts, Schemas, Task } from "@/lib/api";
import type { LineComment } from "../api/decide";
import type { Place } from "../api/place";
import { revisionsOf, useChanges, useQuestion } from "../api/use-revisions";
import { Diff } from "./diff";
import { Review } from "./review";

interface Props {
  task: Task;
  asked: readonly ApprovalFacts[];
  now: ApprovalFacts | undefined;
  place: Place;
  onPlace: (place: Place) => void;
  comments: readonly LineComment[];
  onComments: (comments: readonly LineComment[]) => void;
  /** Of the patch that is asked about now. */
  review?: Schemas["ReviewData"];
}

export function DiffTab(props: Props) {
  const { task, asked, now, place, onPlace, comments, onComments, review } = props;
  const revisions = revisionsOf(asked);
  const newest = revisions.at(-1);
  const named = revisions.find((one) => one.revision === place.rev);
  const shown = named ?? newest ?? now;
  const since = revisions.some((one) => one.revision === place.vs) ? place.vs : undefined;
  const whole = useQuestion(task.task_id, shown?.approval_id);
  const changes = useChanges(shown, since);
  const answering = since === undefined ? whole : changes;
  const diff = since === undefined ? whole.data?.diff : changes.data?.diff;
  const current = shown !== undefined && shown.approval_id === now?.approval_id;
  const commentable =
    current && now.state === "pending" && now.may_decide && Boolean(now.patch_hash);
  return (
    <>
      {revisions.length > 1 && (
        <div className="revisions">
          <select
            aria-label="Revision"
            value={shown?.revision}
            onChange={(event) => {
              const rev = Number(event.target.value);
              onPlace({ ...place, rev: rev === newest?.revision ? undefined : rev, vs: undefined });
            }}
          >
            {revisions.map(({ revision, state }) => (
              <option key={revision} value={revision}>
                Revision {revision}
                {revision === newest?.revision ? " (newest)" : `, ${state.replaceAll("_", " ")}`}
              </option>
            ))}
          </select>
          <select
            aria-label="Compared with"
            value={since ?? ""}
            onChange={(event) => onPlace({ ...place, vs: Number(event.target.value) || undefined })}
          >
            <option value="">The whole patch</option>
            {revisions
              .filter(({ revision }) => revision < (shown?.revision ?? 0))
              .map(({ revision }) => (
                <option key={revision} value={revision}>
                  Changes since revision {revision}
                </option>
              ))}
          </select>
        </div>
      )}
      {named && named !== newest && (
        <p className="notice notice-warn">This is an earlier revision; it cannot be approved.</p>
      )}
      {!current && shown === newest && now && now.kind !== "release" && !now.patch_hash && (
        <p className="quiet">The patch as it was before the question that waits now.</p>
      )}
      {review && current && <Review review={review} taskId={task.task_id} />}
      {shown === undefined ? (
        <Empty title={task.ended_at ? "This task has no patch." : "There is no patch yet."} />
      ) : answering.isPending ? (
        <Loading what="the patch" />
      ) : answering.isError && !answering.data ? (
        <Failed what="the patch" error={answering.error} retry={() => void answering.refetch()} />
      ) : since !== undefined && !changes.data?.same_base ? (
        <Empty title="The two revisions have different bases.">
          <p>They cannot be compared line by line.</p>
        </Empty>
      ) : diff ? (
        <Diff
          key={`${shown.approval_id}:${since}`}
          diff={diff}
          name={`${shown.patch_hash ?? shown.approval_id}:${since ?? ""}`}
          linked={place.file ? { file: place.file, line: place.line } : undefined}
          comments={current ? comments : []}
          onComments={commentable ? onComments : undefined}
        />
      ) : since === undefined && whole.data?.forgotten ? (
        <Empty title="This patch is no longer kept.">
          <p>
            What was decided is, and the hash: <code>{shown.patch_hash?.slice(0, 12)}</code>
          </p>
        </Empty>
      ) : since !== undefined ? (
        <Empty title={`Nothing changed since revision ${since}.`} />
      ) : (
        <Empty title={task.ended_at ? "This task has no patch." : "There is no patch yet."} />
      )}
    </>
  );
}

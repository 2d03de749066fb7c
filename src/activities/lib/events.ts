import type { Execution } from '../../db/repositories/executions.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import type { EventEnding } from '../../domain/event-types.ts'
import { jobIdOf, jobStatusOf } from '../../domain/task-dialects.ts'
import { outputKindOf, type TaskOutput, type TaskOutputFile } from '../../domain/task-output.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The body of an event as it is kept: `{ storageKey }` stands where a receiver will find a URL. */
export interface EventBody {
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

const ENDINGS: Partial<Record<Execution['status'], EventEnding>> = {
  completed: 'completed',
  partial: 'partial',
  error: 'failed',
}

/** How an execution ended: `{type, timestamp, data}`, as Standard Webhooks has it. The type is
 * `<pipeline>.<ending>`: `render.completed`, `stream.partial`. */
export const executionEvent = (execution: Execution, now: Date): EventBody => {
  const { pipeline, status } = execution
  const type = `${pipeline}.${ENDINGS[status] ?? 'canceled'}`
  const outputs = Object.entries(execution.outputKeys).map(([name, storageKey]) => [
    name,
    { storageKey, published: true },
  ])
  return {
    type,
    payload: {
      type,
      timestamp: now.toISOString(),
      data: {
        executionId: execution.id,
        ...subjectOf(execution),
        status,
        outputs: Object.fromEntries(outputs),
        error: execution.error,
      },
    },
  }
}

/** What it worked on, by the name that its kind has in events. */
const subjectOf = ({ pipeline, subjectId }: Execution): Readonly<Record<string, string>> => {
  if (pipeline === 'generate') return {}
  if (pipeline === 'recut') return { clipId: subjectId }
  return pipeline === 'render' ? { videoId: subjectId } : { mediaId: subjectId }
}

/** An event of a task, in the dialect that it was ordered in. */
export const taskEventBody = (
  task: Task,
  type: 'job.progress' | 'job.succeeded' | 'job.failed',
  now: Date,
): EventBody => {
  const { output, error, kind, metadata, progress } = task
  const common = {
    type,
    id: task.id,
    task_id: task.id,
    kind,
    status: task.status,
    progress,
    output_url: output === null ? null : { storageKey: output.storageKey },
    output: output === null ? null : eventOutput(output),
    error,
    metadata,
    created_at: now.toISOString(),
  }
  if (task.dialect === 'tasks') return { type, payload: common }
  return {
    type,
    payload: {
      ...common,
      object: 'task',
      job_id: jobIdOf(task.id),
      input: task.input,
      status: jobStatusOf(task.status),
      created_at: now.getTime(),
    },
  }
}

const eventOutput = (output: TaskOutput) => ({
  object: 'file',
  kind: outputKindOf(output.contentType),
  url: { storageKey: output.storageKey },
  content_type: output.contentType,
  filesize: output.sizeBytes,
  width: output.widthPx,
  height: output.heightPx,
  duration: output.durationSeconds,
  ...(output.files === undefined ? {} : { files: output.files.map(eventFile) }),
})

const eventFile = ({ name, storageKey, contentType }: TaskOutputFile) => ({
  name,
  url: { storageKey },
  content_type: contentType,
})

/** Replaces every `{ storageKey }` by a URL signed now: a delivery may be made days after the event,
 * and no signature is kept in the database. */
export const withSignedUrls = async (
  value: unknown,
  deps: Pick<ActivityDependencies, 'storage' | 'playbackUrlOf' | 'settings'>,
): Promise<unknown> => {
  if (Array.isArray(value)) {
    return await Promise.all(value.map((item) => withSignedUrls(item, deps)))
  }
  if (typeof value !== 'object' || value === null) return value
  if ('storageKey' in value && typeof value.storageKey === 'string') {
    const expiresInSeconds = deps.settings.urlTtlSeconds
    const published = 'published' in value && value.published === true
    const { storageKey } = value
    return (
      deps.playbackUrlOf(storageKey) ??
      (await deps.storage.signGet(storageKey, { expiresInSeconds, published }))
    )
  }
  const entries: [string, unknown][] = []
  for (const [name, item] of Object.entries(value)) {
    entries.push([name, await withSignedUrls(item, deps)])
  }
  return Object.fromEntries(entries)
}

import type { JobAnswer } from '../contracts/http/tasks/job.ts'
import type { Task } from '../db/repositories/tasks.ts'
import { isId } from '../domain/ids.ts'
import { jobIdOf, jobStatusOf } from '../domain/task-dialects.ts'
import { presentTask, type UrlSigning } from './presenters.ts'

const milliseconds = (time: Date | null): number | null => time?.getTime() ?? null

/** A task as the job that it is the only task of. */
export const presentJob = async (signing: UrlSigning, row: Task): Promise<JobAnswer> => {
  const { output, updated_at: updatedAt } = await presentTask(signing, row)
  const { kind, input, error } = row
  const options = { ...row.options }
  const status = jobStatusOf(row.status)
  const times = {
    created_at: row.createdAt.getTime(),
    started_at: milliseconds(row.startedAt),
    finished_at: milliseconds(row.finishedAt),
    updated_at: Date.parse(updatedAt),
  }
  return {
    id: jobIdOf(row.id),
    object: 'job',
    kind,
    input,
    output: output?.url ?? null,
    options,
    metadata: { ...row.metadata },
    status,
    error,
    tasks: [
      {
        id: row.id,
        object: 'task',
        kind,
        input: { object: isId('media', input) ? 'media' : 'external_file', url: input },
        options,
        output: output && {
          object: 'file',
          kind: output.kind,
          url: output.url,
          format: formatOf(row),
          width: output.width,
          height: output.height,
          duration: output.duration,
        },
        status,
        progress: row.progress,
        error,
        ...times,
      },
    ],
    ...times,
  }
}

/** As the file's name has it. */
const formatOf = ({ output }: Task): string => output?.storageKey.split('.').at(-1) ?? ''

import { createHash } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'
import { isId } from '../../domain/ids.ts'
import type { JobSource } from '../../domain/generation/job-params.ts'
import type { JobMedia } from '../../domain/generation/operations.ts'
import { inputsOf } from '../../domain/generation/sources.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { OwnedJob } from './plan-job.ts'

/** What a job is made from, in our storage. */
export interface StoredInput {
  readonly storageKey: string
  readonly media: JobMedia
  readonly contentType: string
  readonly sizeBytes: number
  /** Null for pictures and texts. */
  readonly durationSeconds: number | null
  /** The same for the same content. */
  readonly identity: string
}

export type StoredInputs = (source: JobSource) => StoredInput

/** Under this name a URL is noted. */
export const urlSha256 = (url: string): string => createHash('sha256').update(url).digest('hex')

const nameOf = (source: JobSource): string => {
  if (source.from === 'job') return `job ${source.jobId}`
  return source.from === 'url' ? `url ${urlSha256(source.url)}` : `medium ${source.mediaId}`
}

/**
 * Finds everything that a job is made from: results of other jobs, files at URLs that were brought in,
 * media of the account. *Errors:* NOT_FOUND for what is not there (any more).
 */
export const storedInputs = async (
  deps: Pick<ActivityDependencies, 'generations' | 'media'>,
  job: OwnedJob,
): Promise<StoredInputs> => {
  const inputs = inputsOf(job.row.job)
  const found = new Map<string, StoredInput>()
  for (const { source } of inputs) {
    const name = nameOf(source)
    if (!found.has(name)) found.set(name, await findInput(deps, job, source))
  }
  return (source) => {
    const input = found.get(nameOf(source))
    if (input === undefined) throw new MediaError('NOT_FOUND', `no ${nameOf(source)}`)
    return input
  }
}

const findInput = async (
  deps: Pick<ActivityDependencies, 'generations' | 'media'>,
  { row: { executionId }, account }: OwnedJob,
  source: JobSource,
): Promise<StoredInput> => {
  if (source.from === 'medium') {
    const { mediaId } = source
    const medium = isId('media', mediaId) ? await deps.media.find(account.id, mediaId) : null
    if (medium === null) throw new MediaError('NOT_FOUND', `no media ${mediaId}`)
    // What lies under a medium's id never changes.
    return { ...medium, media: medium.kind, identity: mediaId }
  }
  const result =
    source.from === 'job'
      ? (await deps.generations.jobOf(executionId, source.jobId))?.result
      : (await deps.generations.sourcesOf(executionId)).get(urlSha256(source.url))
  if (result == null) throw new MediaError('NOT_FOUND', `nothing from ${nameOf(source)}`)
  return { ...result, identity: result.sha256 }
}

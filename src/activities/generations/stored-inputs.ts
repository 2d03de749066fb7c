import { createHash } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'
import { isId } from '../../domain/ids.ts'
import type { JobSource } from '../../domain/generation/job-params.ts'
import type { JobMedia } from '../../domain/generation/operations.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
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

/** *Errors:* NOT_FOUND for what is not there (any more). */
export type StoredInputs = (source: JobSource) => StoredInput

type Lookups = Pick<ActivityDependencies, 'generations' | 'media'>

/** Under this name a URL is noted. */
export const urlSha256 = (url: string): string => createHash('sha256').update(url).digest('hex')

const jobName = (jobId: string): string => `job ${jobId}`
const urlName = (sha256: string): string => `url ${sha256}`
const mediumName = (mediaId: string): string => `medium ${mediaId}`

const nameOf = (source: JobSource): string => {
  if (source.from === 'job') return jobName(source.jobId)
  return source.from === 'url' ? urlName(urlSha256(source.url)) : mediumName(source.mediaId)
}

/** Finds everything that jobs of one plan are made from: results of other jobs, files at URLs that were
 * brought in, media of the account. */
export const storedInputs = async (
  deps: Lookups,
  jobs: readonly OwnedJob[],
): Promise<StoredInputs> => {
  const sources = jobs.flatMap(({ row }) => inputsOf(row.job).map(({ source }) => source))
  const [plan] = jobs
  const looks = plan === undefined ? [] : [madeInputs, fetchedInputs, ownMedia]
  const found = await Promise.all(looks.map((look) => look(deps, plan!, sources)))
  const inputs = new Map(found.flat())
  return (source) => {
    const input = inputs.get(nameOf(source))
    if (input === undefined) throw new MediaError('NOT_FOUND', `nothing from ${nameOf(source)}`)
    return input
  }
}

type Look = (
  deps: Lookups,
  /** Any job of the plan. */
  plan: OwnedJob,
  sources: readonly JobSource[],
) => Promise<readonly (readonly [name: string, input: StoredInput])[]>

const madeInputs: Look = async ({ generations }, { row: { executionId } }, sources) => {
  const jobIds = sources.flatMap((source) => (source.from === 'job' ? [source.jobId] : []))
  if (jobIds.length === 0) return []
  const results = await generations.resultsOf(executionId, [...new Set(jobIds)])
  return [...results].map(([jobId, result]) => [jobName(jobId), asInput(result)])
}

const fetchedInputs: Look = async ({ generations }, { row: { executionId } }, sources) => {
  if (!sources.some(({ from }) => from === 'url')) return []
  const results = await generations.sourcesOf(executionId)
  return [...results].map(([sha256, result]) => [urlName(sha256), asInput(result)])
}

const ownMedia: Look = async ({ media }, { account }, sources) => {
  const ids = sources.flatMap((source) => (source.from === 'medium' ? [source.mediaId] : []))
  const found = [...new Set(ids)].map(async (id) => {
    const medium = isId('media', id) ? await media.find(account.id, id) : null
    // What lies under a medium's id never changes.
    return medium === null
      ? []
      : [[mediumName(id), { ...medium, media: medium.kind, identity: id }] as const]
  })
  return (await Promise.all(found)).flat()
}

const asInput = (result: JobResult): StoredInput => ({ ...result, identity: result.sha256 })

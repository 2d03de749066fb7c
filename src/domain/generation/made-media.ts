import { findModel } from './models/table.ts'
import { OPERATIONS, type JobMedia } from './operations.ts'
import type { JobSource } from './job-params.ts'
import type { MediumLookup } from './medium-facts.ts'
import type { PlanJob } from './plan.ts'
import { inputsOf } from './sources.ts'

/** By the endings of file names, for what lies behind a URL. */
const ENDINGS: Readonly<Record<string, JobMedia>> = {
  ...Object.fromEntries(
    ['mp4', 'mov', 'webm', 'mkv', 'm4v', 'avi'].map((ending) => [ending, 'video'] as const),
  ),
  ...Object.fromEntries(
    ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif'].map((ending) => [ending, 'image'] as const),
  ),
  ...Object.fromEntries(
    ['mp3', 'wav', 'm4a', 'aac', 'flac', 'ogg', 'opus'].map((ending) => [ending, 'audio'] as const),
  ),
}

/** What lies behind a URL, if its path says so. */
export const mediaOfUrl = (url: string): JobMedia | null => {
  const path = url.split(/[?#]/, 1)[0] ?? ''
  const ending = /\.([A-Za-z0-9]{2,4})$/.exec(path)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(ENDINGS, ending) ? (ENDINGS[ending] ?? null) : null
}

const makesOf = (job: PlanJob): JobMedia | 'input' => {
  if (!('choices' in job) || job.operation === 'expand') return OPERATIONS[job.operation].makes
  const [choice] = job.choices
  const facts = choice === undefined ? null : findModel(choice.model)
  return facts?.operation === job.operation ? facts.makes : OPERATIONS[job.operation].makes
}

/**
 * Says of each job what it makes; null where that depends on a file that nobody has looked at, or on a
 * job that is not there. *Guarantee:* answers for circles too (with null).
 */
export const madeMedia = (
  jobs: readonly PlanJob[],
  mediumOf: MediumLookup = () => null,
): ((jobId: string) => JobMedia | null) => {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const known = new Map<string, JobMedia | null>()
  const ofSource = (source: JobSource): JobMedia | null => {
    if (source.from === 'url') return mediaOfUrl(source.url)
    return source.from === 'medium' ? (mediumOf(source.mediaId)?.media ?? null) : null
  }
  return (jobId) => {
    // A chain of jobs that change their input is followed without a stack: it may be long.
    const chain: string[] = []
    let media: JobMedia | null = null
    for (let id: string | null = jobId; id !== null;) {
      const job = byId.get(id)
      if (known.has(id) || job === undefined) {
        media = known.get(id) ?? null
        break
      }
      known.set(id, null)
      chain.push(id)
      const makes = makesOf(job)
      if (makes !== 'input') {
        media = makes
        break
      }
      const source = inputsOf(job)[0]?.source
      if (source?.from !== 'job') {
        media = source === undefined ? null : ofSource(source)
        break
      }
      id = source.jobId
    }
    for (const id of chain) known.set(id, media)
    return media
  }
}

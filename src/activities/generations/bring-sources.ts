import { readFile, stat } from 'node:fs/promises'
import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import { transcriptFile } from '../../contracts/http/tasks/transcript-file.ts'
import { MediaError } from '../../domain/failures.ts'
import { inputsOf, type JobInput } from '../../domain/generation/sources.ts'
import { planTerms } from '../../domain/plans.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { findJob, type OwnedJob } from './plan-job.ts'
import { measureFile, storeFile } from './store-result.ts'
import { urlSha256 } from './stored-inputs.ts'

/**
 * Brings the files at URLs that a job is made from into storage, judged. One that another job of the plan
 * has brought in is not fetched again. *Idempotent.* *Errors:* SOURCE_FORBIDDEN, SOURCE_NOT_FOUND,
 * MEDIA_* (final); SOURCE_UNAVAILABLE, STORAGE_UNAVAILABLE (retried). *Cancellation:* the download stops.
 */
export const bringSources =
  (deps: ActivityDependencies): GenerationActivities['bringSources'] =>
  async ({ executionId, jobId }) => {
    const owned = await findJob(deps, { executionId, jobId })
    const known = new Set((await deps.generations.sourcesOf(executionId)).keys())
    for (const input of inputsOf(owned.row.job)) {
      if (input.source.from !== 'url') continue
      const { url } = input.source
      const sha256 = urlSha256(url)
      if (known.has(sha256)) continue
      known.add(sha256)
      const result = await deps.tools.withWorkspace(executionId, (workspace) =>
        bring(deps, owned, { url, input, workspace }),
      )
      await deps.generations.noteSource({ executionId, urlSha256: sha256, result })
    }
  }

const bring = async (
  deps: ActivityDependencies,
  { account }: OwnedJob,
  source: { readonly url: string; readonly input: JobInput; readonly workspace: Workspace },
) => {
  const filePath = source.workspace.path('source')
  const { uploadSizeBytesMax: maxBytes, mediaDurationSecondsMax } = planTerms(account.plan)
  const { sizeBytes } = await fetchFile(deps, { url: source.url, filePath, maxBytes })
  if (sizeBytes > maxBytes) throw new MediaError('MEDIA_TOO_LARGE', `${sizeBytes} bytes`)
  const made = { accountId: account.id, filePath }
  if (source.input.expects.includes('transcript')) {
    const durationSeconds = await transcriptSeconds(filePath)
    const contentType = 'application/json'
    return await storeFile(deps, made, { media: 'transcript', contentType, durationSeconds })
  }
  const limits = { trust: 'brought', durationSecondsMax: mediaDurationSecondsMax } as const
  return await storeFile(deps, made, await measureFile(deps, filePath, limits))
}

/** A transcript is small; what is larger is none. */
const TRANSCRIPT_BYTES_MAX = 16 * 1024 * 1024

const transcriptSeconds = async (filePath: string): Promise<number> => {
  try {
    if ((await stat(filePath)).size > TRANSCRIPT_BYTES_MAX) throw new RangeError('too large')
    return transcriptFile.parse(JSON.parse(await readFile(filePath, 'utf8'))).duration
  } catch (cause) {
    throw new MediaError('MEDIA_UNREADABLE', 'a source that is no transcript', { cause })
  }
}

import { mkdir } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { LocalMedium, MediaWork } from '../../adapters/ffmpeg/compose/compose-job.ts'
import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { priceOfMediaResult } from '../../domain/generation/estimate.ts'
import type { JobSource } from '../../domain/generation/job-params.ts'
import type { MediaJob } from '../../domain/generation/plan.ts'
import { replaceSources } from '../../domain/generation/replace-sources.ts'
import { inputsOf } from '../../domain/generation/sources.ts'
import { jobStep } from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { stepProgress } from '../lib/step-progress.ts'
import { findJob, type OwnedJob } from './plan-job.ts'
import { measureFile, storeFile } from './store-result.ts'
import { storedInputs } from './stored-inputs.ts'

/**
 * Makes a job's result of other files, by FFmpeg: brings them to a private folder, works, measures and
 * stores what was made, and sets its price. *Idempotent:* the key is that of the content. *Errors:*
 * INPUT_INVALID, MEDIA_* (final); ENCODER_*, DISK_FULL, STORAGE_UNAVAILABLE (retried). *Cancellation:*
 * ffmpeg is ended within seconds.
 */
export const makeMedia =
  (deps: ActivityDependencies): GenerationActivities['makeMedia'] =>
  async ({ executionId, jobId }) => {
    const owned = await findJob(deps, { executionId, jobId })
    const { job } = owned.row
    if ('choices' in job) throw new MediaError('NOT_FOUND', `${jobId} is made by a model`)
    const { account } = owned
    const result = await deps.tools.withWorkspace(executionId, async (workspace) => {
      const filePath = await make(deps, owned, job, workspace)
      const measured = await measureFile(deps, filePath, { trust: 'made' })
      return await storeFile(deps, { accountId: account.id, filePath }, measured)
    })
    const { credits, costMicroUsd } = priceOfMediaResult(result, account.plan)
    const priceCredits = await deps.generations.deliver({
      ...{ executionId, jobId, result, model: null, provider: null },
      ...{ priceCredits: credits, costMicroUsd, endsStep: true },
    })
    return { priceCredits, outputKey: result.storageKey }
  }

const make = async (
  deps: ActivityDependencies,
  owned: OwnedJob,
  job: MediaJob,
  workspace: Workspace,
): Promise<string> => {
  const { executionId, jobId } = owned.row
  const mediumOf = await localMedia(deps, owned, workspace)
  const folder = workspace.path('made')
  await mkdir(folder)
  const { operation } = job
  const params = replaceSources(job.params, mediumOf)
  const progress = stepProgress(deps, { executionId, step: jobStep(jobId) })
  const made = await deps.tools.runMediaOperation({
    // The pair of operation and parameters is the job's own; the compiler cannot follow it through.
    ...({ operation, params } as MediaWork),
    folder,
    signal: cancellationSignal(),
    onProgress: progress.report,
  })
  await progress.settled()
  return made.path
}

/** Brings everything that a job is made from to this machine, each file once. */
const localMedia = async (
  { storage, ...deps }: ActivityDependencies,
  owned: OwnedJob,
  workspace: Workspace,
): Promise<(source: JobSource) => LocalMedium> => {
  const inputs = await storedInputs(deps, [owned])
  const brought = new Map<string, LocalMedium>()
  for (const { source } of inputsOf(owned.row.job)) {
    const { storageKey, media } = inputs(source)
    if (brought.has(storageKey)) continue
    const path = workspace.path(`input-${brought.size + 1}`)
    await storage.downloadTo(storageKey, path, cancellationSignal())
    brought.set(storageKey, { path, media })
  }
  return (source) => brought.get(inputs(source).storageKey)!
}

import { cancellationSignal } from '@temporalio/activity'
import type { ProviderActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { PLAN_TERMS } from '../../domain/plans.ts'
import { providedExtension } from '../../domain/task-providers.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from '../lib/fetch-file.ts'
import { asProviderFailure } from './as-provider-failure.ts'
import { configuredProvider } from './configured-provider.ts'
import { judgeDelivery } from './judge-delivery.ts'
import { limitBadOutput } from './limit-bad-output.ts'

/**
 * Takes delivery of a provider's work: asks whether the job really is done, fetches what it made, makes
 * sure that it is a file of the kind that was ordered, and stores it. *Idempotent:* the key is the
 * caller's. *Errors:* PROVIDER_OUTPUT_INVALID, PROVIDER_UNAVAILABLE, STORAGE_UNAVAILABLE (retried).
 * *Cancellation:* the download stops and the workspace is removed.
 */
export const collectRemoteTask =
  (deps: ActivityDependencies): ProviderActivities['collectRemoteTask'] =>
  (input) =>
    limitBadOutput(() => collect(deps, input))

const collect = async (
  deps: ActivityDependencies,
  {
    provider,
    jobId,
    kind,
    options,
    outputStem,
  }: Parameters<ProviderActivities['collectRemoteTask']>[0],
): Promise<TaskOutput> => {
  const signal = cancellationSignal()
  const { client, fetcher } = configuredProvider(deps, provider)
  const job = await client.get(jobId, signal)
  if (job.status !== 'completed' || job.output === null) {
    const detail = `job ${jobId} is ${job.status}${job.output === null ? ', without output' : ''}`
    throw new MediaError('PROVIDER_OUTPUT_INVALID', detail)
  }
  const extension = providedExtension(kind, options)
  return await deps.tools.withWorkspace(jobId, async (workspace): Promise<TaskOutput> => {
    const filePath = workspace.path(`output.${extension}`)
    const maxBytes = PLAN_TERMS.internal.uploadSizeBytesMax
    await fetchFile(deps, { url: job.output ?? '', filePath, maxBytes, fetcher }).catch(
      (error: unknown) => {
        throw asProviderFailure(error)
      },
    )
    const found = await judgeDelivery(deps, { filePath, kind, options, signal })
    const storageKey = `${outputStem}.${extension}`
    const { contentType } = found
    const { sizeBytes } = await deps.storage.put(storageKey, { filePath }, { contentType, signal })
    return { storageKey, sizeBytes, ...found }
  })
}

import { createHash } from 'node:crypto'
import type { GenerationActivities, QueuedChoice } from '../../contracts/generation-activities.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import { MediaError } from '../../domain/failures.ts'
import { cacheContent } from '../../domain/generation/cache-content.ts'
import { modelQueueOf } from '../../domain/generation/model-queue.ts'
import type { JobResult, PlanJob } from '../../domain/generation/plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findJob, type OwnedJob } from './plan-job.ts'
import { storedInputs } from './stored-inputs.ts'

/** A result may be forgotten because its file is gone; that two are is no accident. */
const LOOKS_MAX = 2

/**
 * Looks whether the account has made the same before, from the same inputs, and claims the making of it
 * if not: one job makes it, all others take the result. *Idempotent.* *Errors:* NOT_CONFIGURED when no
 * provider of the job's models is set up here; NOT_FOUND (final); DATABASE_UNAVAILABLE (retried).
 */
export const claimJob =
  (deps: ActivityDependencies): GenerationActivities['claimJob'] =>
  async ({ executionId, jobId, takes }) => {
    const owned = await findJob(deps, { executionId, jobId })
    const { row } = owned
    if (row.result !== null) return await reuse(deps, row, row.result)
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const claim = await claimOnce(deps, owned, takes)
      if (claim !== null) return claim
    }
    throw new MediaError('STORAGE_NOT_FOUND', `results of ${jobId} are gone`)
  }

/** The plan began with it, or it is from an earlier attempt. */
const reuse = async (deps: ActivityDependencies, row: GenerationJob, result: JobResult) => {
  const { executionId, jobId, job, model, provider, costMicroUsd } = row
  const isHalf = job.operation === 'expand' && result.media === 'text'
  if (!isHalf) {
    const price = { priceCredits: 0, costMicroUsd }
    const delivered = { executionId, jobId, result, model, provider, ...price }
    await deps.generations.deliver({ ...delivered, cacheHit: true, endsStep: true })
  }
  return { status: 'hit', outputKey: result.storageKey } as const
}

const claimOnce = async (deps: ActivityDependencies, owned: OwnedJob, takes: boolean) => {
  const { row, account } = owned
  const { executionId, jobId, job } = row
  const inputs = await storedInputs(deps, owned)
  const content = cacheContent(job, {
    identityOf: (source) => inputs(source).identity,
    freshFor: row.isFresh ? executionId : null,
  })
  const cacheKey = createHash('sha256').update(content).digest('hex')
  const choices = queuedChoices(deps, job)
  const models = 'choices' in job ? job.choices.map(({ model }) => model) : null
  const key = { accountId: account.id, cacheKey }
  const claim = await deps.generations.claim({ ...key, executionId, jobId, models, takes })
  switch (claim.state) {
    case 'hit': {
      const { result, model, provider } = claim
      if ((await deps.storage.head(result.storageKey)) === null) {
        await deps.generations.forgetResult({ ...key, storageKey: result.storageKey })
        return null
      }
      const price = { priceCredits: 0, costMicroUsd: 0 }
      const delivered = { executionId, jobId, result, model, provider, ...price }
      const endsStep = job.operation !== 'expand'
      await deps.generations.deliver({ ...delivered, cacheHit: true, endsStep })
      return { status: 'hit', outputKey: result.storageKey } as const
    }
    case 'mine':
      if (models !== null && choices.length === 0) {
        throw new MediaError('NOT_CONFIGURED', `no provider of ${models.join(', ')}`)
      }
      return { status: 'mine', choices } as const
    case 'taken':
      return {
        status: 'taken',
        byJobId: claim.executionId === executionId ? claim.jobId : null,
      } as const
    case 'free':
      return { status: 'free' } as const
  }
}

/** Those whose providers are set up here. */
const queuedChoices = (
  { modelProviders }: ActivityDependencies,
  job: PlanJob,
): readonly QueuedChoice[] => {
  if (!('choices' in job)) return []
  const operation = job.operation === 'expand' ? 'generateText' : job.operation
  return job.choices
    .filter(({ provider }) => modelProviders.has(provider))
    .map((choice) => ({ ...choice, queue: modelQueueOf(choice.provider, operation) }))
}

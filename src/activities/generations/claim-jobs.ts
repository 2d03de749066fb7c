import { createHash } from 'node:crypto'
import type {
  GenerationActivities,
  JobClaim,
  QueuedChoice,
} from '../../contracts/generation-activities.ts'
import type { CacheClaim, ClaimRequest } from '../../db/repositories/generation-cache.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import type { AccountId } from '../../domain/ids.ts'
import { MediaError, type FailureCode } from '../../domain/failures.ts'
import { cacheContent } from '../../domain/generation/cache-content.ts'
import { modelQueueOf } from '../../domain/generation/model-queue.ts'
import type { ModelChoice } from '../../domain/generation/plan.ts'
import { isHalfExpanded } from '../../domain/generation/scenes.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findJobs } from './plan-job.ts'
import { storedInputs, type StoredInputs } from './stored-inputs.ts'

/** A result may be forgotten because its file is gone; that two are is no accident. */
const LOOKS_MAX = 2

type Finding = CacheClaim | { readonly state: 'failed'; readonly failure: FailureCode }

/**
 * Looks whether the account has made the same before, from the same inputs, and claims the making of it
 * if not: one job makes it, all others take the result. *Idempotent.* *Errors:* DATABASE_UNAVAILABLE,
 * STORAGE_UNAVAILABLE (retried). A single job is answered with its failure: NOT_CONFIGURED when no
 * provider of its models is set up here, NOT_FOUND and STORAGE_NOT_FOUND when something is gone.
 */
export const claimJobs =
  (deps: ActivityDependencies): GenerationActivities['claimJobs'] =>
  async ({ executionId, jobs }) => {
    const jobIds = jobs.map(({ jobId }) => jobId)
    const owned = await findJobs(deps, executionId, jobIds)
    const [any] = owned
    if (any === undefined) return []
    const inputs = await storedInputs(deps, owned)
    const asked = owned.map(({ row }, index) => asking(row, inputs, jobs[index]!.takes))
    const requests = asked.filter((one) => 'cacheKey' in one)
    const looked = await lookUp(deps, any.account.id, requests)
    const found = asked.map((one) => ('cacheKey' in one ? looked.get(one.jobId)! : one))
    const taken = owned.flatMap(({ row }, index) => takenBy(row, found[index]!))
    if (taken.length > 0) await deps.generations.takeResults({ executionId, taken })
    return owned.map(({ row }, index) => claimOf(deps, row, found[index]!))
  }

/** What the cache is asked for a job, or what is known without it: the plan began with the result, or it
 * is from an earlier attempt. */
const asking = (
  row: GenerationJob,
  inputs: StoredInputs,
  takes: boolean,
): ClaimRequest | Finding => {
  const { executionId, jobId, job, result, model, provider } = row
  if (result !== null) return { state: 'hit', result, model, provider }
  const models = 'choices' in job ? job.choices.map((choice) => choice.model) : null
  try {
    const content = cacheContent(job, {
      identityOf: (source) => inputs(source).identity,
      freshFor: row.isFresh ? executionId : null,
    })
    const cacheKey = createHash('sha256').update(content).digest('hex')
    return { executionId, jobId, cacheKey, models, takes }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { state: 'failed', failure: error.code }
  }
}

/** What the cache says, by job; what has lost its file is forgotten and asked for once more. */
const lookUp = async (
  { generations, storage }: ActivityDependencies,
  accountId: AccountId,
  requests: readonly ClaimRequest[],
): Promise<ReadonlyMap<string, Finding>> => {
  const isGone = async (claim: CacheClaim, { cacheKey }: ClaimRequest): Promise<boolean> => {
    if (claim.state !== 'hit') return false
    const { storageKey } = claim.result
    if ((await storage.head(storageKey)) !== null) return false
    await generations.forgetResult({ accountId, cacheKey, storageKey })
    return true
  }
  const findings = new Map<string, Finding>()
  let open = requests
  for (let looks = 0; looks < LOOKS_MAX && open.length > 0; looks += 1) {
    const claims = await generations.claim(accountId, open)
    const gone = await Promise.all(claims.map((claim, index) => isGone(claim, open[index]!)))
    for (const [index, claim] of claims.entries()) {
      if (gone[index] !== true) findings.set(open[index]!.jobId, claim)
    }
    open = open.filter((_, index) => gone[index])
  }
  for (const { jobId } of open) {
    findings.set(jobId, { state: 'failed', failure: 'STORAGE_NOT_FOUND' })
  }
  return findings
}

/** The result that a job takes, at no price; none when it is still to be made. */
const takenBy = (row: GenerationJob, finding: Finding) => {
  if (finding.state !== 'hit') return []
  const { jobId, job } = row
  const { result, model, provider } = finding
  const endsStep = !isHalfExpanded(job, result)
  if (row.result !== null && !endsStep) return []
  const costMicroUsd = row.result === null ? 0 : row.costMicroUsd
  return [{ jobId, result, model, provider, costMicroUsd, endsStep }]
}

const claimOf = (deps: ActivityDependencies, row: GenerationJob, finding: Finding): JobClaim => {
  const { executionId, job } = row
  switch (finding.state) {
    case 'hit':
      return { status: 'hit', outputKey: finding.result.storageKey }
    case 'mine': {
      const choices = queuedChoices(deps, row)
      const isNobodys = 'choices' in job && choices.length === 0
      return isNobodys
        ? { status: 'failed', failure: 'NOT_CONFIGURED' }
        : { status: 'mine', choices }
    }
    case 'taken':
      return {
        status: 'taken',
        byJobId: finding.executionId === executionId ? finding.jobId : null,
      }
    case 'free':
      return { status: 'free' }
    case 'failed':
      return { status: 'failed', failure: finding.failure }
  }
}

/** Those whose providers are set up here; the one first that has an order of which nothing was collected. */
const queuedChoices = (
  { modelProviders }: ActivityDependencies,
  { job, model, provider, orderState }: GenerationJob,
): readonly QueuedChoice[] => {
  if (!('choices' in job)) return []
  const operation = job.operation === 'expand' ? 'generateText' : job.operation
  const isAtWork = (choice: ModelChoice) =>
    orderState !== null && choice.model === model && choice.provider === provider
  return job.choices
    .filter((choice) => modelProviders.has(choice.provider))
    .map((choice) => ({ ...choice, queue: modelQueueOf(choice.provider, operation) }))
    .toSorted((a, b) => Number(isAtWork(b)) - Number(isAtWork(a)))
}

import { condition, sleep } from '@temporalio/workflow'
import type {
  JobClaim,
  JobClaimRequest,
  PlannedJob,
} from '../../contracts/generation-activities.ts'
import { lookAgainAfterMs } from '../../domain/generation/after-failure.ts'
import { generations } from '../activities.ts'
import { GaveUp } from './failures.ts'
import { runModelJob } from './model-job.ts'
import type { PlanRound } from './plan-round.ts'
import { stretched } from './stretched.ts'

type Settled = Extract<JobClaim, { readonly status: 'hit' | 'mine' }>

/**
 * Makes one job of a plan whose inputs are ready, and answers the key of its result: brings its sources
 * in, takes what the account has made before, or claims the making of it. What it costs is set aside
 * first; without room below the limit it waits until there is. *Input:* `endOf`, how another job of this
 * plan ends. *Errors:* CREDIT_LIMIT_REACHED when nobody raises the limit in time, and those of the work.
 */
export const makePlanJob = async (
  round: PlanRound,
  job: PlannedJob,
  endOf: (jobId: string) => Promise<unknown>,
): Promise<string> => {
  const ref = { executionId: round.order.executionId, jobId: job.id }
  if (job.hasSources) await generations.bringSources(ref)
  const claim = await claimed(round, job, endOf)
  if (claim.status === 'hit') return claim.outputKey
  try {
    const { outputKey, priceCredits } = await round.slots.run(() =>
      job.kind === 'media' ? generations.makeMedia(ref) : runModelJob(round, job.id, claim.choices),
    )
    round.budget.settle(job.id, priceCredits)
    return outputKey
  } finally {
    round.budget.settle(job.id, 0)
  }
}

const claimed = async (
  round: PlanRound,
  job: PlannedJob,
  endOf: (jobId: string) => Promise<unknown>,
): Promise<Settled> => {
  for (let looks = 0; ; looks += 1) {
    const takes = round.budget.reserve(job.id, job.upperCredits)
    const claim = await claimOf(round, { jobId: job.id, takes })
    if (claim.status === 'mine') return claim
    round.budget.settle(job.id, 0)
    if (claim.status === 'hit') return claim
    if (claim.status === 'failed') throw new GaveUp(claim.failure)
    if (claim.status === 'free') await roomFor(round, job)
    // The news of our own plan come by themselves; others are looked for, now and then.
    else if (claim.byJobId !== null && looks === 0) await endOf(claim.byJobId)
    else await sleep(stretched(lookAgainAfterMs(looks)))
  }
}

const claimOf = async (round: PlanRound, request: JobClaimRequest): Promise<JobClaim> => {
  try {
    return await round.claims.load(request)
  } catch (error) {
    round.budget.settle(request.jobId, 0)
    throw error
  }
}

/** Jobs in work may cost less than was set aside for them; after that only a higher limit helps. */
const roomFor = async (round: PlanRound, { id, upperCredits }: PlannedJob): Promise<void> => {
  const { budget, terms } = round
  await condition(() => budget.hasRoom(upperCredits) || !budget.isWaitingForJobs)
  if (budget.hasRoom(upperCredits)) return
  const hasRoom = await round.waiting(id, 'a higher limit', () =>
    condition(() => budget.hasRoom(upperCredits), terms.graceMs),
  )
  if (!hasRoom) throw new GaveUp('CREDIT_LIMIT_REACHED')
}

import type {
  GenerationActivities,
  JobClaim,
  JobClaimRequest,
  PlannedJob,
  PlanTerms,
  QueuedChoice,
} from '../../src/contracts/generation-activities.ts'
import { jobStep } from '../../src/domain/steps.ts'
import { orderWorld, type OrderChanges, type OrderWorld } from './order-fakes.ts'

/** A job of a plan in tests: what is not said is usual. */
export interface FakeJob extends Partial<Omit<PlannedJob, 'id'>> {
  readonly id: string
  readonly choices?: readonly QueuedChoice[]
  /** What is delivered costs this; by default one credit less than is held. */
  readonly priceCredits?: number
}

export interface GenerationWorld extends OrderWorld<GenerationActivities> {
  /** Jobs that were done at some time, in this order. */
  readonly made: string[]
  /** What the plan consists of now. */
  readonly jobs: FakeJob[]
}

const choice = (provider: string): QueuedChoice => ({
  model: `model of ${provider}`,
  provider,
  queue: 'inference',
})
export const ALPHA = choice('alpha')
export const BETA = choice('beta')

const TERMS: PlanTerms = {
  parallelCount: 50,
  pollIntervalMs: 60_000,
  stallTimeoutMs: 60_000,
  modelTimeoutMs: 3600_000,
  graceMs: 3600_000,
}

const UPPER_CREDITS = 10

const planned = (job: FakeJob): PlannedJob => ({
  id: job.id,
  needs: job.needs ?? [],
  kind: job.kind ?? 'model',
  upperCredits: job.upperCredits ?? UPPER_CREDITS,
  isOutput: job.isOutput ?? false,
  hasSources: job.hasSources ?? false,
})

interface Plan {
  readonly jobs: readonly FakeJob[]
  readonly terms?: Partial<PlanTerms>
  readonly maxCredits?: number | null
  /** How many jobs go into an answer. */
  readonly pageCount?: number
}

/** Claims that are answered one by one. */
export const claimEach =
  (answer: (job: JobClaimRequest) => JobClaim): GenerationActivities['claimJobs'] =>
  async ({ jobs }) =>
    jobs.map(answer)

/** What happens before each attempt at a job, by a model or by FFmpeg. */
export const beforeMaking =
  (act: (jobId: string) => void): NonNullable<OrderChanges<GenerationActivities>['change']> =>
  (_, base) => ({
    collectModelJob: async (input) => {
      act(input.jobId)
      return await base.collectModelJob(input)
    },
    makeMedia: async (input) => {
      act(input.jobId)
      return await base.makeMedia(input)
    },
  })

/** A plan and its account, as the database would know them. In `calls` activities of a job stand with
 * its id, orders with their provider. */
export const generationWorld = ({
  jobs: ordered,
  terms,
  maxCredits = null,
  pageCount = 50,
  ...changes
}: Plan & OrderChanges<GenerationActivities>): GenerationWorld => {
  const jobs = [...ordered]
  const made: string[] = []
  const prices = Object.fromEntries(jobs.map((job) => [jobStep(job.id), planned(job).upperCredits]))
  const jobOf = (id: string) => jobs.find((job) => job.id === id)!
  const deliver = (id: string) => {
    const job = jobOf(id)
    const priceCredits = job.priceCredits ?? planned(job).upperCredits - 1
    prices[jobStep(id)] = priceCredits
    made.push(id)
    return { priceCredits, outputKey: `${id}.mp4` }
  }
  const world = orderWorld<GenerationActivities>(
    {
      prices,
      callOf: ({ name, input }) => {
        const { jobId, provider } = input as { jobId?: string; provider?: string }
        return [name, jobId, provider].filter((part) => part !== undefined).join(' ')
      },
      work: ({ done }) => ({
        openPlan: async ({ earlierCount }) => ({
          jobs: jobs.slice(earlierCount, earlierCount + pageCount).map(planned),
          isLast: earlierCount + pageCount >= jobs.length,
          maxCredits,
          spentCredits: jobs
            .filter(({ id }) => done.has(jobStep(id)))
            .reduce((sum, { id }) => sum + (prices[jobStep(id)] ?? 0), 0),
          terms: { ...TERMS, ...terms },
        }),
        bringSources: async () => undefined,
        claimJobs: claimEach(({ jobId, takes }) =>
          takes ? { status: 'mine', choices: jobOf(jobId).choices ?? [ALPHA] } : { status: 'free' },
        ),
        submitModelJob: async () => ({ status: 'answered', hasWebhook: false }),
        inspectModelJob: async () => ({ status: 'completed', failure: null, answered: true }),
        cancelModelJob: async () => undefined,
        adoptModelJob: async () => undefined,
        collectModelJob: async ({ jobId }) => deliver(jobId),
        makeMedia: async ({ jobId }) => deliver(jobId),
        expandJob: async () => ({ earlierCount: jobs.length, resultJobId: null }),
        adoptResult: async ({ resultJobId }) => ({
          priceCredits: 0,
          outputKey: `${resultJobId}.mp4`,
        }),
        markWaiting: async () => undefined,
        failJob: async () => undefined,
      }),
    },
    changes,
  )
  return Object.assign(world, { made, jobs })
}

import { CancellationScope, CancelledFailure, isCancellation, log } from '@temporalio/workflow'
import type { PlannedJob } from '../../contracts/generation-activities.ts'
import type { BranchResult } from '../../contracts/orders.ts'
import { jobStep } from '../../domain/steps.ts'
import { generations } from '../activities.ts'
import { failureCodeOf, GaveUp } from './failures.ts'
import { makePlanJob } from './plan-job.ts'
import type { PlanRound } from './plan-round.ts'
import { readPlan } from './read-plan.ts'

/**
 * Runs the jobs of a plan: each begins when all that it needs is done, whatever else runs. A job that
 * fails takes those with it that need it, and no other. Jobs may be added while it runs.
 */
export class PlanRun {
  readonly #round: PlanRound
  /** Steps that an earlier round has done. */
  readonly #done: ReadonlySet<string>
  readonly #ends = new Map<string, Promise<BranchResult | null>>()

  constructor(round: PlanRound, done: readonly string[]) {
    this.#round = round
    this.#done = new Set(done)
  }

  /** Begins jobs; those that it knows already run on. */
  begin(jobs: readonly PlannedJob[]): void {
    for (const job of jobs.filter(({ id }) => !this.#ends.has(id))) {
      // All of them are known before the first one asks for another: a plan may stand in any order.
      const end = Promise.resolve().then(() => this.#run(job))
      this.#ends.set(job.id, end)
    }
  }

  /** How every job ended that was not done before, what failed by itself first. */
  async results(): Promise<readonly BranchResult[]> {
    const results: BranchResult[] = []
    // Jobs that are added meanwhile come at the end of the map.
    for (const end of this.#ends.values()) {
      const result = await end
      if (result !== null) results.push(result)
    }
    const isConsequence = ({ failure }: BranchResult) => failure === 'JOB_INPUT_FAILED'
    return [...results.filter((one) => !isConsequence(one)), ...results.filter(isConsequence)]
  }

  /** Null: an earlier round has done it. Never rejects. */
  async #run(job: PlannedJob): Promise<BranchResult | null> {
    const step = jobStep(job.id)
    if (this.#done.has(step)) return null
    const ended = (outcome: BranchResult['outcome']) => ({
      step,
      outcome,
      failure: null,
      outputs: {},
    })
    for (const need of job.needs) {
      const end = (await this.#ends.get(need)) ?? null
      if (end === null || end.outcome === 'completed') continue
      if (end.outcome === 'canceled') return ended('canceled')
      return { ...ended('failed'), failure: 'JOB_INPUT_FAILED' }
    }
    try {
      const outputKey = await this.#round.desk.during(step, () => this.#make(job))
      const outputs: Readonly<Record<string, string>> = job.isOutput ? { [job.id]: outputKey } : {}
      return { ...ended('completed'), outputs }
    } catch (error) {
      if (isCancellation(error)) return ended('canceled')
      const failure = failureCodeOf(error)
      log.error('a job failed; those that do not need it go on', { step, failure })
      return { ...ended('failed'), failure }
    }
  }

  async #make(job: PlannedJob): Promise<string> {
    const { executionId } = this.#round.order
    try {
      const outputKey = await makePlanJob(this.#round, job, (id) => this.#endOf(id))
      return job.kind === 'expand' ? await this.#expand(job, outputKey) : outputKey
    } catch (error) {
      if (!isCancellation(error)) {
        const failure = failureCodeOf(error)
        await CancellationScope.nonCancellable(() =>
          generations.failJob({ executionId, jobId: job.id, failure }),
        )
      }
      throw error
    }
  }

  async #endOf(jobId: string): Promise<BranchResult | null> {
    return (await this.#ends.get(jobId)) ?? null
  }

  /** Runs the jobs that a job adds; the result of the last of them is its own. */
  async #expand({ id: jobId }: PlannedJob, ownKey: string): Promise<string> {
    const { executionId } = this.#round.order
    const { earlierCount, resultJobId } = await generations.expandJob({ executionId, jobId })
    if (resultJobId === null) return ownKey
    this.begin((await readPlan(executionId, earlierCount)).jobs)
    const end = await this.#endOf(resultJobId)
    if (end?.outcome === 'canceled') throw new CancelledFailure(`${resultJobId} was cancelled`)
    if (end?.outcome === 'failed') throw new GaveUp('JOB_INPUT_FAILED')
    return (await generations.adoptResult({ executionId, jobId, resultJobId })).outputKey
  }
}

import { CancellationScope } from '@temporalio/workflow'
import type { PlanTerms } from '../../contracts/generation-activities.ts'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Budget } from '../../domain/generation/budget.ts'
import type { JobWait } from '../../domain/generation/model-order.ts'
import { generations } from '../activities.ts'
import { jobClaims, type JobClaims } from './job-claims.ts'
import type { OrderDesk } from './order-desk.ts'
import type { OutsideHelp } from './outside-help.ts'
import { Slots } from './slots.ts'

/** What all jobs of one round of a plan have in common. */
export class PlanRound {
  readonly desk: OrderDesk
  readonly order: PipelineOrder
  readonly terms: PlanTerms
  readonly help: OutsideHelp
  readonly budget: Budget
  readonly slots: Slots
  readonly claims: JobClaims
  readonly #waits = new Map<string, JobWait>()

  constructor(parts: Pick<PlanRound, 'desk' | 'order' | 'terms' | 'help' | 'budget'>) {
    this.desk = parts.desk
    this.order = parts.order
    this.terms = parts.terms
    this.help = parts.help
    this.budget = parts.budget
    this.slots = new Slots(parts.terms.parallelCount)
    this.claims = jobClaims(parts.order.executionId)
    this.help.followLimit((maxCredits) => this.budget.raise(maxCredits))
  }

  /** Shows, while the work runs, that a job waits for somebody outside. */
  async waiting<T>(jobId: string, waitingFor: JobWait, work: () => Promise<T>): Promise<T> {
    const { executionId } = this.order
    this.#show(jobId, waitingFor)
    await generations.markWaiting({ executionId, jobId, waitingFor })
    try {
      return await work()
    } finally {
      this.#show(jobId, null)
      await CancellationScope.nonCancellable(() =>
        generations.markWaiting({ executionId, jobId, waitingFor: null }),
      )
    }
  }

  #show(jobId: string, waitingFor: JobWait | null): void {
    if (waitingFor === null) this.#waits.delete(jobId)
    else this.#waits.set(jobId, waitingFor)
    const [first] = this.#waits.values()
    this.desk.report({ waitingFor: first ?? null })
  }
}

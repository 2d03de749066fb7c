import { condition, log, setHandler } from '@temporalio/workflow'
import type { OutcomeDecided } from '../../contracts/orders.ts'
import { OUTCOME_DECISIONS } from '../../domain/generation/model-order.ts'
import { limitRaised, outcomeDecided } from '../messages.ts'

/**
 * What somebody outside says to a run: that it may spend more, and what has become of an order that
 * nobody knows of. Both are kept from the moment they arrive; people send them by hand, so what makes
 * no sense is dropped, for an error in a handler would block the workflow.
 */
export class OutsideHelp {
  readonly #decisions = new Map<string, OutcomeDecided>()
  #onLimit: (maxCredits: number | null) => void = () => undefined
  #raisedTo: { readonly maxCredits: number | null } | null = null

  constructor() {
    setHandler(limitRaised, (raised) => this.#raise(raised?.maxCredits), {
      description: 'The plan may cost more: {"maxCredits": 500}, or null for no limit',
    })
    setHandler(outcomeDecided, (decided) => this.#decide(decided), {
      description:
        'What became of an order: {"jobId": …, "decision": "repeat", "abandon" or "found", "providerJobId": …}',
    })
  }

  /** Hears of every limit from now on, and of one that came before. */
  followLimit(raise: (maxCredits: number | null) => void): void {
    this.#onLimit = raise
    if (this.#raisedTo !== null) raise(this.#raisedTo.maxCredits)
  }

  /** What was decided of a job's order; null when the time is up. */
  async decision(jobId: string, timeoutMs: number): Promise<OutcomeDecided | null> {
    await condition(() => this.#decisions.has(jobId), timeoutMs)
    const decided = this.#decisions.get(jobId) ?? null
    this.#decisions.delete(jobId)
    return decided
  }

  #raise(maxCredits: number | null | undefined): void {
    if (maxCredits !== null && !Number.isSafeInteger(maxCredits)) {
      log.warn('a signal that names no limit was dropped')
      return
    }
    this.#raisedTo = { maxCredits: maxCredits as number | null }
    this.#onLimit(this.#raisedTo.maxCredits)
  }

  #decide(decided: OutcomeDecided | undefined): void {
    const { jobId, decision, providerJobId } = decided ?? {}
    const isWhole =
      typeof jobId === 'string' &&
      OUTCOME_DECISIONS.some((known) => known === decision) &&
      (decision !== 'found' || typeof providerJobId === 'string')
    if (isWhole) this.#decisions.set(jobId, decided as OutcomeDecided)
    else log.warn('a signal that decides nothing was dropped')
  }
}

import { condition, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import type {
  RenderAdmission,
  RenderOrder,
  RenderPlan,
  RenderProgress,
} from '../../contracts/orders.ts'
import { ledger } from '../activities.ts'
import { admitRender, cancelExecution, progress, retry, taskEvent } from '../messages.ts'
import { Inbox } from './inbox.ts'
import { OrderBook, type Waiting } from './order-book.ts'
import { showStatus } from './shown-status.ts'

export interface AdmittedRender {
  readonly order: RenderOrder
  readonly plan: RenderPlan
}

/** An order that was admitted while the one before it was in work. */
export type WaitingRender = Waiting<AdmittedRender>

/**
 * Takes every message of a render workflow and knows its state. One order is in work at a time:
 *
 * - waiting: no order yet. Left by the first admission, or by a refusal (`firstOrder` is null).
 * - in work: `inWork` runs in a scope of its own. Left when that scope ends.
 * - superseded: a newer order was admitted while one was in work. Its hold has taken the place of
 *   the older one in one transaction; the older one's scope is cancelled, and the workflow goes on
 *   with `successor`. An order that cannot be paid never disturbs the one in work.
 */
export class RenderDesk {
  readonly inbox = new Inbox()
  readonly #book: OrderBook<AdmittedRender>
  #retryAsked = false
  #state: RenderProgress = {
    executionId: null,
    status: 'waiting',
    step: null,
    renderer: null,
    taskId: null,
    rounds: 0,
    waitingFor: null,
  }

  constructor(waiting: WaitingRender | null) {
    this.#book = new OrderBook<AdmittedRender>(waiting, ({ order }) => order.executionId)
    setHandler(progress, () => this.#state, { description: 'Where the render is' })
    setHandler(taskEvent, (event) => this.inbox.accept(event), {
      description:
        'A remote task ended; {"taskId":"manual",…,"outputUrl":…} delivers a video by hand',
    })
    const askRetry = () => {
      this.#retryAsked = true
    }
    setHandler(retry, askRetry, { description: 'Try a stalled render again at once' })
    setHandler(cancelExecution, (order) => this.#cancel(order?.executionId), {
      description: 'Cancel this one order',
    })
    setHandler(admitRender, (order) => this.#book.admitting(() => this.#admit(order)), {
      description: 'Order a render; it supersedes the one in work',
    })
  }

  /** The order to work on, or null when it was refused (or never came). */
  async firstOrder(): Promise<AdmittedRender | null> {
    const first = await this.#book.first()
    if (first === null) this.settle('declined')
    return first
  }

  /** Takes no more part in the work: lets messages in flight be answered, and names the order that
   * superseded the one in work, if any. */
  close(): Promise<WaitingRender | null> {
    return this.#book.close()
  }

  /** Whether the workflow itself was cancelled (`temporal workflow cancel`), and not one order. */
  get closedFromOutside(): boolean {
    return this.#book.isClosedFromOutside
  }

  /** The step in work, for the account of a failure. */
  get step(): string | null {
    return this.#state.step
  }

  /** Runs the work on the current order so that a cancellation or a newer order ends it. */
  inWork<T>(work: () => Promise<T>): Promise<T> {
    return this.#book.inWork(work)
  }

  /** Says where the work is: to the query, to the Web UI, and to searches. */
  report(change: Partial<RenderProgress>): void {
    this.#state = { ...this.#state, ...change }
    setCurrentDetails(describe(this.#state))
    // Closing takes moments, and its outcome is searched for, not that it goes on.
    if (this.#state.status !== 'closing') this.settle(this.#state.status)
  }

  /** Waits until a retry was asked for or a video was delivered by hand; false when time is up. */
  async helped(timeoutMs: number): Promise<boolean> {
    const helped = await condition(() => this.#retryAsked || this.inbox.hasManual, timeoutMs)
    this.#retryAsked = false
    return helped
  }

  /** The outcome is settled; `step` is what is left to do. */
  closing(step?: string): void {
    this.report({ status: 'closing', waitingFor: null, ...(step === undefined ? {} : { step }) })
  }

  /** Makes the outcome findable: `SpoolStatus = "error"`. */
  settle(status: string): void {
    showStatus(status, this.#book.current?.order.executionId)
  }

  #cancel(executionId: string | undefined): void {
    if (typeof executionId === 'string') this.#book.cancel(executionId)
  }

  async #admit(order: RenderOrder): Promise<RenderAdmission> {
    const { latest } = this.#book
    if (latest?.order.executionId === order.executionId) {
      return { status: 'held', plan: latest.plan }
    }
    const admission = await ledger.holdCredits({
      order,
      workflowId: workflowInfo().workflowId,
      replaces: latest?.order.executionId ?? null,
    })
    if (admission.status === 'held') this.#book.accept({ order, plan: admission.plan })
    else this.#book.refuse()
    return admission
  }
}

const describe = (state: RenderProgress): string =>
  [
    `**${state.status}**${state.step === null ? '' : `: ${state.step}`}`,
    ...(state.renderer === null ? [] : [`renderer \`${state.renderer}\`, round ${state.rounds}`]),
    ...(state.taskId === null ? [] : [`task \`${state.taskId}\``]),
    ...(state.waitingFor === null ? [] : [`waiting for ${state.waitingFor}`]),
  ].join('\n\n')

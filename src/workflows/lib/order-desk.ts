import { isCancellation, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import type { PipelineAdmission, PipelineOrder, PipelineProgress } from '../../contracts/orders.ts'
import { ledger } from '../activities.ts'
import { admitOrder, cancelExecution, pipelineProgress, taskEvent } from '../messages.ts'
import { Inbox } from './inbox.ts'
import { OrderBook, type Waiting } from './order-book.ts'
import { showStatus } from './shown-status.ts'

/** An order that was paid for, with what earlier rounds of it have done. */
export interface AdmittedOrder {
  readonly order: PipelineOrder
  readonly done: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
}

/** A retry that was admitted while the round before was closing. */
export type WaitingOrder = Waiting<AdmittedOrder>

const roundOf = ({ round }: PipelineOrder): string => String(round)

/**
 * Takes every message of a pipeline's workflow and knows its state. A workflow id has one execution,
 * and one round of it at a time:
 *
 * - waiting: no order yet. Left by its admission, or by a refusal (`firstOrder` is null).
 * - in work: `inWork` runs in a scope of its own. Left when that scope ends.
 * - closing: the outcome is settled. A retry that comes now is admitted, and is the next run's work;
 *   so is giving its credits back, if a cancel comes after it.
 */
export class OrderDesk {
  readonly inbox = new Inbox()
  readonly #book: OrderBook<AdmittedOrder>
  #inAdmission: PipelineOrder | null = null
  #state: PipelineProgress = {
    executionId: null,
    status: 'waiting',
    steps: [],
    failed: [],
    waitingFor: null,
  }

  constructor(waiting: WaitingOrder | null) {
    this.#book = new OrderBook<AdmittedOrder>(waiting, ({ order }) => roundOf(order))
    setHandler(pipelineProgress, () => this.#state, { description: 'Where the work is' })
    setHandler(taskEvent, (event) => this.inbox.accept(event), {
      description: 'A remote task ended',
    })
    setHandler(cancelExecution, (order) => this.#cancel(order?.executionId), {
      description: 'Cancel the order',
    })
    setHandler(admitOrder, (order) => this.#book.admitting(() => this.#admit(order)), {
      description: 'Order the work, or a retry of what failed',
    })
  }

  /** The order to work on, or null when it was refused (or never came). */
  async firstOrder(): Promise<AdmittedOrder | null> {
    const first = await this.#book.first()
    if (first === null) this.settle('declined')
    return first
  }

  /** Takes no more part in the work: lets messages in flight be answered, and names the retry that
   * was admitted meanwhile, if any. */
  close(): Promise<WaitingOrder | null> {
    return this.#book.close()
  }

  /** Whether the workflow itself was cancelled (`temporal workflow cancel`), and not the order. */
  get closedFromOutside(): boolean {
    return this.#book.isClosedFromOutside
  }

  /** The step that failed last or, if none did, the one in work: for the account of a failure. */
  get step(): string | null {
    return this.#state.failed.at(-1) ?? this.#state.steps[0] ?? null
  }

  /** Runs the work on the current order so that a cancellation ends it. */
  inWork<T>(work: () => Promise<T>): Promise<T> {
    return this.#book.inWork(work)
  }

  /** Runs one step; others may run beside it. */
  async during<T>(step: string, work: () => Promise<T>): Promise<T> {
    this.report({ status: 'processing', steps: [...this.#state.steps, step] })
    try {
      return await work()
    } catch (error) {
      if (!isCancellation(error)) this.report({ failed: [...this.#state.failed, step] })
      throw error
    } finally {
      this.report({ steps: this.#state.steps.filter((running) => running !== step) })
    }
  }

  /** Says where the work is: to the query, to the Web UI, and to searches. */
  report(change: Partial<PipelineProgress>): void {
    const executionId = this.#book.current?.order.executionId ?? null
    this.#state = { ...this.#state, executionId, ...change }
    setCurrentDetails(describe(this.#state))
    if (this.#state.status === 'processing') showStatus('processing')
  }

  /** The outcome is settled; `step` is what is left to do. */
  closing(step?: string): void {
    const steps = step === undefined ? {} : { steps: [step] }
    this.report({ status: 'closing', waitingFor: null, ...steps })
  }

  /** Makes the outcome findable: `SpoolStatus = "partial"`. */
  settle(status: string): void {
    this.report({ status: 'closing', steps: [] })
    showStatus(status)
  }

  /** All rounds have one execution: a cancel is of the round in work or, when none is, of the one
   * that is being admitted or waits for its turn. */
  #cancel(executionId: string | undefined): void {
    const { isInWork, current, latest } = this.#book
    const order = isInWork ? current?.order : (this.#inAdmission ?? latest?.order)
    if (order !== undefined && order.executionId === executionId) {
      this.#book.cancel(roundOf(order))
    }
  }

  async #admit(order: PipelineOrder): Promise<PipelineAdmission> {
    this.#inAdmission = order
    try {
      const { workflowId } = workflowInfo()
      const admission = await ledger.admitExecution({ order, workflowId })
      const isKnown = this.#book.latest?.order.round === order.round
      if (admission.status === 'declined') this.#book.refuse()
      else if (!isKnown) {
        const { done, outputs } = admission
        this.#book.accept({ order, done, outputs })
      }
      return admission
    } catch (error) {
      // Nobody else will order under this id: there is nothing to wait for.
      this.#book.refuse()
      throw error
    } finally {
      this.#inAdmission = null
    }
  }
}

const describe = (state: PipelineProgress): string =>
  [
    `**${state.status}**${state.steps.length === 0 ? '' : `: ${state.steps.join(', ')}`}`,
    ...(state.failed.length === 0 ? [] : [`failed: ${state.failed.join(', ')}`]),
    ...(state.waitingFor === null ? [] : [`waiting for ${state.waitingFor}`]),
  ].join('\n\n')

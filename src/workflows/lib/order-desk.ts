import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import type { PipelineAdmission, PipelineOrder, PipelineProgress } from '../../contracts/orders.ts'
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes.ts'
import { ledger } from '../activities.ts'
import { admitOrder, cancelExecution, pipelineProgress, taskEvent } from '../messages.ts'
import { Inbox } from './inbox.ts'

/** An order that was paid for, with what earlier rounds of it have done. */
export interface AdmittedOrder {
  readonly order: PipelineOrder
  readonly done: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
}

const statusAttribute = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.status,
  SearchAttributeType.KEYWORD,
)

/**
 * Takes every message of a pipeline's workflow and knows its state. A workflow id has one execution,
 * and one round of it at a time:
 *
 * - waiting: no order yet. Left by its admission, or by a refusal (`firstOrder` is null).
 * - in work: `inWork` runs in a scope of its own. Left when that scope ends.
 * - closing: the outcome is settled. A retry that comes now is admitted, and is the next run's work.
 */
export class OrderDesk {
  readonly inbox = new Inbox()
  #latest: AdmittedOrder | null
  #current: AdmittedOrder | null = null
  #refused = false
  #admitting = false
  #scope: CancellationScope | null = null
  readonly #root = CancellationScope.current()
  #state: PipelineProgress = {
    executionId: null,
    status: 'waiting',
    steps: [],
    failed: [],
    waitingFor: null,
  }

  constructor(admitted: AdmittedOrder | null) {
    this.#latest = admitted
    setHandler(pipelineProgress, () => this.#state, { description: 'Where the work is' })
    setHandler(taskEvent, (event) => this.inbox.accept(event), {
      description: 'A remote task ended',
    })
    setHandler(cancelExecution, (order) => this.#cancel(order?.executionId), {
      description: 'Cancel the order',
    })
    setHandler(admitOrder, (order) => this.#admit(order), {
      description: 'Order the work, or a retry of what failed',
    })
  }

  /** The order to work on, or null when it was refused (or never came). */
  async firstOrder(): Promise<AdmittedOrder | null> {
    await CancellationScope.nonCancellable(() =>
      condition(() => this.#latest !== null || this.#refused, '1 minute'),
    )
    this.#current = this.#latest
    if (this.#current === null) this.settle('declined')
    return this.#current
  }

  /** Takes no more part in the work: lets messages in flight be answered, and names the retry that
   * was admitted meanwhile, if any. */
  async close(): Promise<AdmittedOrder | null> {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
    return this.#latest === this.#current ? null : this.#latest
  }

  /** Whether the workflow itself was cancelled (`temporal workflow cancel`), and not the order. */
  get closedFromOutside(): boolean {
    return this.#root.consideredCancelled
  }

  /** The step that failed last or, if none did, the one in work: for the account of a failure. */
  get step(): string | null {
    return this.#state.failed.at(-1) ?? this.#state.steps[0] ?? null
  }

  /** Runs the work on the current order so that a cancellation ends it. */
  async inWork<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope()
    this.#scope = scope
    return await scope.run(work)
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
    const executionId = this.#current?.order.executionId ?? null
    this.#state = { ...this.#state, executionId, ...change }
    setCurrentDetails(describe(this.#state))
    if (this.#state.status === 'processing') this.#search('processing')
  }

  /** Makes the outcome findable: `SpoolStatus = "partial"`. */
  settle(status: string): void {
    this.report({ status: 'closing', steps: [] })
    this.#search(status)
  }

  #cancel(executionId: string | undefined): void {
    if (this.#current !== null && this.#current.order.executionId === executionId) {
      this.#scope?.cancel()
    }
  }

  /** Writes what differs from what is there: each write is work for the server's visibility store. */
  #search(status: string): void {
    if (workflowInfo().typedSearchAttributes.get(statusAttribute) === status) return
    upsertSearchAttributes([{ key: statusAttribute, value: status }])
  }

  async #admit(order: PipelineOrder): Promise<PipelineAdmission> {
    await condition(() => !this.#admitting)
    this.#admitting = true
    try {
      return await CancellationScope.nonCancellable(() => this.#hold(order))
    } finally {
      this.#admitting = false
    }
  }

  async #hold(order: PipelineOrder): Promise<PipelineAdmission> {
    const { workflowId } = workflowInfo()
    const admission = await ledger.admitExecution({ order, workflowId }).catch((error: unknown) => {
      // Nobody else will order under this id: there is nothing to wait for.
      this.#refused = this.#latest === null
      throw error
    })
    const known = this.#latest?.order.round === order.round
    if (admission.status === 'held' && !known) {
      const { done, outputs } = admission
      this.#latest = { order, done, outputs }
    } else if (this.#latest === null) {
      this.#refused = true
    }
    return admission
  }
}

const describe = (state: PipelineProgress): string =>
  [
    `**${state.status}**${state.steps.length === 0 ? '' : `: ${state.steps.join(', ')}`}`,
    ...(state.failed.length === 0 ? [] : [`failed: ${state.failed.join(', ')}`]),
    ...(state.waitingFor === null ? [] : [`waiting for ${state.waitingFor}`]),
  ].join('\n\n')

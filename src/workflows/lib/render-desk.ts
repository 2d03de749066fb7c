import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import type {
  RenderAdmission,
  RenderOrder,
  RenderPlan,
  RenderProgress,
} from '../../contracts/orders.ts'
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes.ts'
import { ledger } from '../activities.ts'
import { admitRender, cancelExecution, progress, retry, taskEvent } from '../messages.ts'
import { Inbox } from './inbox.ts'

export interface AdmittedRender {
  readonly order: RenderOrder
  readonly plan: RenderPlan
}

/** An order that was admitted while the one before it was in work. */
export interface WaitingRender extends AdmittedRender {
  /** It was cancelled before its turn came: all that is left is to give its credits back. */
  readonly canceled: boolean
}

const statusAttribute = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.status,
  SearchAttributeType.KEYWORD,
)
const executionAttribute = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.execution,
  SearchAttributeType.KEYWORD,
)

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
  /** A cancel may come before the order's turn, and even before its admission has been heard of. */
  readonly #canceled = new Set<string>()
  #latest: AdmittedRender | null
  #current: AdmittedRender | null = null
  #refused = false
  #admitting = false
  #retryAsked = false
  #scope: CancellationScope | null = null
  readonly #root = CancellationScope.current()
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
    this.#latest = waiting && { order: waiting.order, plan: waiting.plan }
    if (waiting?.canceled) this.#canceled.add(waiting.order.executionId)
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
    setHandler(admitRender, (order) => this.#admit(order), {
      description: 'Order a render; it supersedes the one in work',
    })
  }

  /** The order to work on, or null when it was refused (or never came). */
  async firstOrder(): Promise<AdmittedRender | null> {
    await CancellationScope.nonCancellable(() =>
      condition(() => this.#latest !== null || this.#refused, '1 minute'),
    )
    this.#current = this.#latest
    if (this.#current === null) this.settle('declined')
    return this.#current
  }

  /** Takes no more part in the work: lets messages in flight be answered, and names the order that
   * superseded the one in work, if any. */
  async close(): Promise<WaitingRender | null> {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
    const next = this.#successor
    return next && { ...next, canceled: this.closedFromOutside || this.#isCanceled(next) }
  }

  /** Whether the workflow itself was cancelled (`temporal workflow cancel`), and not one order. */
  get closedFromOutside(): boolean {
    return this.#root.consideredCancelled
  }

  get #successor(): AdmittedRender | null {
    return this.#latest === this.#current ? null : this.#latest
  }

  /** The step in work, for the account of a failure. */
  get step(): string | null {
    return this.#state.step
  }

  /** Runs the work on the current order so that a cancellation or a newer order ends it. */
  async inWork<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope()
    this.#scope = scope
    const isCanceled = this.#current !== null && this.#isCanceled(this.#current)
    if (isCanceled || this.#successor !== null) scope.cancel()
    return await scope.run(work)
  }

  /** Says where the work is: to the query, to the Web UI, and to searches. */
  report(change: Partial<RenderProgress>): void {
    this.#state = { ...this.#state, ...change }
    setCurrentDetails(describe(this.#state))
    // Closing takes moments, and its outcome is searched for, not that it goes on.
    if (this.#state.status !== 'closing') this.#search(this.#state.status)
  }

  /** Waits until a retry was asked for or a video was delivered by hand; false when time is up. */
  async helped(timeoutMs: number): Promise<boolean> {
    const helped = await condition(() => this.#retryAsked || this.inbox.hasManual, timeoutMs)
    this.#retryAsked = false
    return helped
  }

  /** Makes the outcome findable: `SpoolStatus = "error"`. */
  settle(status: string): void {
    this.#search(status)
  }

  #cancel(executionId: string | undefined): void {
    if (typeof executionId !== 'string') return
    this.#canceled.add(executionId)
    if (this.#current?.order.executionId === executionId) this.#scope?.cancel()
  }

  #isCanceled({ order }: AdmittedRender): boolean {
    return this.#canceled.has(order.executionId)
  }

  /** Writes what differs from what is there: each write is work for the server's visibility store. */
  #search(status: string): void {
    const { typedSearchAttributes: shown } = workflowInfo()
    const executionId = this.#current?.order.executionId
    const wanted = [
      { key: statusAttribute, value: status },
      ...(executionId === undefined ? [] : [{ key: executionAttribute, value: executionId }]),
    ]
    const changes = wanted.filter(({ key, value }) => shown.get(key) !== value)
    if (changes.length > 0) upsertSearchAttributes(changes)
  }

  async #admit(order: RenderOrder): Promise<RenderAdmission> {
    await condition(() => !this.#admitting)
    this.#admitting = true
    try {
      return await CancellationScope.nonCancellable(() => this.#hold(order))
    } finally {
      this.#admitting = false
    }
  }

  async #hold(order: RenderOrder): Promise<RenderAdmission> {
    const latest = this.#latest
    if (latest?.order.executionId === order.executionId) {
      return { status: 'held', plan: latest.plan }
    }
    const admission = await ledger.holdCredits({
      order,
      workflowId: workflowInfo().workflowId,
      replaces: latest?.order.executionId ?? null,
    })
    if (admission.status === 'held') {
      this.#latest = { order, plan: admission.plan }
      this.#scope?.cancel()
    } else if (latest === null) {
      this.#refused = true
    }
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

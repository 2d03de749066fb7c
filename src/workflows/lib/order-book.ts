import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow'

/** An order that was admitted while the one before it was in work or closing. */
export type Waiting<Admitted> = Admitted & {
  /** It was cancelled before its turn came: all that is left is to give its credits back. */
  readonly canceled: boolean
}

/**
 * Knows which order of a workflow is in work and which one waits for its turn, and has a cancel
 * reach either. An order is known by its key, even before its admission has been heard of.
 */
export class OrderBook<Admitted extends object> {
  readonly #keyOf: (admitted: Admitted) => string
  readonly #canceled = new Set<string>()
  readonly #root = CancellationScope.current()
  #latest: Admitted | null
  #current: Admitted | null = null
  #isRefused = false
  #isAdmitting = false
  #scope: CancellationScope | null = null

  constructor(waiting: Waiting<Admitted> | null, keyOf: (admitted: Admitted) => string) {
    this.#keyOf = keyOf
    this.#latest = waiting
    if (waiting?.canceled) this.#canceled.add(keyOf(waiting))
  }

  /** The order that was admitted last. */
  get latest(): Admitted | null {
    return this.#latest
  }

  /** The order whose turn it is. */
  get current(): Admitted | null {
    return this.#current
  }

  /** Whether the current order's outcome is still open. */
  get isInWork(): boolean {
    return this.#scope !== null
  }

  /** Whether the workflow itself was cancelled (`temporal workflow cancel`), and not one order. */
  get isClosedFromOutside(): boolean {
    return this.#root.consideredCancelled
  }

  /** The order to work on, or null when it was refused (or never came). */
  async first(): Promise<Admitted | null> {
    await CancellationScope.nonCancellable(() =>
      condition(() => this.#latest !== null || this.#isRefused, '1 minute'),
    )
    this.#current = this.#latest
    return this.#current
  }

  /** Runs the work on the current order so that a cancellation or a newer order ends it. */
  async inWork<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope()
    this.#scope = scope
    const isCanceled = this.#current !== null && this.#isCanceled(this.#current)
    if (isCanceled || this.#successor !== null) scope.cancel()
    try {
      return await scope.run(work)
    } finally {
      this.#scope = null
    }
  }

  /** Lets messages in flight be answered, and names the order that was admitted since, if any. */
  async close(): Promise<Waiting<Admitted> | null> {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
    const next = this.#successor
    return next && { ...next, canceled: this.isClosedFromOutside || this.#isCanceled(next) }
  }

  /** Admits one order at a time, and each to the end: credits that are held are accounted for. */
  async admitting<T>(admission: () => Promise<T>): Promise<T> {
    await condition(() => !this.#isAdmitting)
    this.#isAdmitting = true
    try {
      return await CancellationScope.nonCancellable(admission)
    } finally {
      this.#isAdmitting = false
    }
  }

  /** Writes down an admitted order. One that is in work is ended for it. */
  accept(admitted: Admitted): void {
    this.#latest = admitted
    this.#scope?.cancel()
  }

  /** Writes down that there is nothing to wait for, unless an order was admitted before. */
  refuse(): void {
    if (this.#latest === null) this.#isRefused = true
  }

  cancel(key: string): void {
    this.#canceled.add(key)
    if (this.#current !== null && this.#isCanceled(this.#current)) this.#scope?.cancel()
  }

  get #successor(): Admitted | null {
    return this.#latest === this.#current ? null : this.#latest
  }

  #isCanceled(admitted: Admitted): boolean {
    return this.#canceled.has(this.#keyOf(admitted))
  }
}

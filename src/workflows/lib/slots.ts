import { condition } from '@temporalio/workflow'

/** Lets so much work run at a time; the rest waits, in the order in which it came. */
export class Slots {
  #freeCount: number
  readonly #queue: symbol[] = []

  constructor(count: number) {
    this.#freeCount = count
  }

  /** *Cancellation:* whoever waits gives his place up. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const ticket = Symbol('ticket')
    this.#queue.push(ticket)
    try {
      await condition(() => this.#freeCount > 0 && this.#queue[0] === ticket)
    } finally {
      this.#queue.splice(this.#queue.indexOf(ticket), 1)
    }
    this.#freeCount -= 1
    try {
      return await work()
    } finally {
      this.#freeCount += 1
    }
  }
}

/**
 * What a run may spend. A job reserves the upper end of its estimate before it begins, and pays what was
 * delivered; so the limit holds however many jobs are in work.
 */
export class Budget {
  #maxCredits: number
  #spentCredits: number
  readonly #reserved = new Map<string, number>()

  /** *Input:* `maxCredits`, null for no limit; `spentCredits`, of earlier rounds. */
  constructor(maxCredits: number | null, spentCredits: number) {
    this.#maxCredits = maxCredits ?? Infinity
    this.#spentCredits = spentCredits
  }

  /** Null: there is no limit any more. */
  raise(maxCredits: number | null): void {
    this.#maxCredits = Math.max(this.#maxCredits, maxCredits ?? Infinity)
  }

  /** Whether a job of so many credits would stay within the limit. */
  hasRoom(upperCredits: number): boolean {
    const reserved = [...this.#reserved.values()].reduce((sum, credits) => sum + credits, 0)
    return upperCredits === 0 || this.#spentCredits + reserved + upperCredits <= this.#maxCredits
  }

  /** Whether jobs are in work that may cost less than they reserved. */
  get isWaitingForJobs(): boolean {
    return this.#reserved.size > 0
  }

  /** Sets credits aside for a job; false: there is no room for it. */
  reserve(jobId: string, upperCredits: number): boolean {
    if (!this.hasRoom(upperCredits)) return false
    this.#reserved.set(jobId, upperCredits)
    return true
  }

  /** The job has ended: it costs this, and sets nothing aside any more. */
  settle(jobId: string, priceCredits: number): void {
    if (this.#reserved.delete(jobId)) this.#spentCredits += priceCredits
  }
}

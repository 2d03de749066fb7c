/** What the ledger should do, in memory and in the simplest words: the oracle of the model test. */

interface ModelHold {
  readonly amountCredits: number
  state: 'pending' | 'captured' | 'voided' | 'expired' | 'declined'
  capturedCredits: number
  readonly refunds: Map<string, number>
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

export class LedgerModel {
  readonly topUps = new Map<string, number>()
  readonly holds = new Map<string, ModelHold>()

  get posted(): number {
    const holds = [...this.holds.values()]
    const captured = sum(holds.map((hold) => hold.capturedCredits))
    const refunded = sum(holds.map((hold) => sum(hold.refunds.values())))
    return sum(this.topUps.values()) - captured + refunded
  }

  get held(): number {
    const pending = [...this.holds.values()].filter(({ state }) => state === 'pending')
    return sum(pending.map(({ amountCredits }) => amountCredits))
  }

  get available(): number {
    return this.posted - this.held
  }

  /** Every operation answers what the ledger should, with failures as their code. */
  topUp(reference: string, amountCredits: number): unknown {
    const earlier = this.topUps.get(reference)
    if (earlier !== undefined) return earlier === amountCredits ? { added: false } : 'CONFLICT'
    this.topUps.set(reference, amountCredits)
    return { added: true }
  }

  hold(id: string, amountCredits: number, replaces?: string): unknown {
    const earlier = this.holds.get(id)
    if (earlier !== undefined) {
      if (earlier.amountCredits !== amountCredits) return 'HOLD_CONFLICT'
      return this.outcome(earlier)
    }
    const replaced = replaces === undefined ? undefined : this.holds.get(replaces)
    const freed = replaced?.state === 'pending' ? replaced.amountCredits : 0
    const fits = this.available + freed >= amountCredits
    if (fits && replaced?.state === 'pending') replaced.state = 'voided'
    const hold: ModelHold = {
      amountCredits,
      state: fits ? 'pending' : 'declined',
      capturedCredits: 0,
      refunds: new Map(),
    }
    this.holds.set(id, hold)
    return this.outcome(hold)
  }

  capture(id: string, wanted?: number): unknown {
    const hold = this.holds.get(id)
    if (hold === undefined) return 'NOT_FOUND'
    const capturedCredits = wanted ?? hold.amountCredits
    if (hold.state === 'captured' && hold.capturedCredits === capturedCredits) {
      return this.ending(hold, false)
    }
    if (hold.state !== 'pending' || capturedCredits > hold.amountCredits) return 'HOLD_CONFLICT'
    hold.state = 'captured'
    hold.capturedCredits = capturedCredits
    return this.ending(hold, true)
  }

  release(id: string, state: 'voided' | 'expired'): unknown {
    const hold = this.holds.get(id)
    if (hold === undefined) return 'NOT_FOUND'
    if (hold.state !== 'pending') return this.ending(hold, false)
    hold.state = state
    return this.ending(hold, true)
  }

  refund(id: string, reference: string, wanted?: number): unknown {
    const hold = this.holds.get(id)
    if (hold === undefined) return 'NOT_FOUND'
    const earlier = hold.refunds.get(reference)
    if (earlier !== undefined) {
      if ((wanted ?? earlier) !== earlier) return 'HOLD_CONFLICT'
      return { refunded: false, refundedCredits: earlier }
    }
    const left = hold.capturedCredits - sum(hold.refunds.values())
    const amount = wanted ?? left
    if (hold.state !== 'captured' || left === 0 || amount > left) return 'HOLD_CONFLICT'
    hold.refunds.set(reference, amount)
    return { refunded: true, refundedCredits: amount }
  }

  private outcome({ state }: ModelHold): unknown {
    return state === 'declined' ? { state, availableCredits: this.available } : { state }
  }

  private ending({ state, amountCredits, capturedCredits }: ModelHold, ended: boolean): unknown {
    const releasedCredits = state === 'declined' ? 0 : amountCredits - capturedCredits
    return { state, ended, capturedCredits, releasedCredits }
  }
}

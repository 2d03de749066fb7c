import fc from 'fast-check'
import type { LedgerRepository } from '../../src/db/repositories/ledger.ts'
import { MediaError } from '../../src/domain/failures.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import type { LedgerModel } from './ledger-model.ts'

/** The ledger under test, and the account that a run has for itself. */
export interface RealLedger {
  readonly ledger: LedgerRepository
  readonly accountId: AccountId
}

/** The same operation for the model and for the ledger; both may be asked again. */
export interface LedgerOperation {
  readonly label: string
  readonly onModel: (model: LedgerModel, real: RealLedger) => unknown
  readonly onReal: (real: RealLedger) => Promise<unknown>
}

/** What a call answers, with a failure as its code, as the model has it. */
export const answerOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof MediaError) return error.code
    throw error
  }
}

const operation = (
  label: string,
  onModel: LedgerOperation['onModel'],
  onReal: LedgerOperation['onReal'],
): LedgerOperation => ({ label, onModel, onReal })

/** A hold's name within a run; other runs have other accounts. */
const nameOf = ({ accountId }: RealLedger, hold: number): string => `${accountId}-${hold}`

const holds = fc.nat({ max: 5 })
const amounts = fc.integer({ min: 1, max: 30 })
const references = fc.constantFrom('a', 'b', 'c')

/** All operations of the ledger, on a few holds and references, so that they meet. */
export const ledgerOperations: readonly fc.Arbitrary<LedgerOperation>[] = [
  fc.tuple(references, amounts).map(([reference, amountCredits]) =>
    operation(
      `top up ${amountCredits} as ${reference}`,
      (model) => model.topUp(reference, amountCredits),
      ({ ledger, accountId }) => ledger.topUp({ accountId, amountCredits, reference }),
    ),
  ),
  fc.tuple(holds, amounts, fc.option(holds, { nil: undefined })).map(([hold, amount, replaces]) =>
    operation(
      `hold ${amount} as ${hold} in place of ${replaces}`,
      (model, real) =>
        model.hold(
          nameOf(real, hold),
          amount,
          replaces === undefined ? undefined : nameOf(real, replaces),
        ),
      (real) =>
        real.ledger.hold({
          id: nameOf(real, hold),
          accountId: real.accountId,
          amountCredits: amount,
          workflowId: 'model',
          expiresAt: new Date(),
          replacesHoldId: replaces === undefined ? undefined : nameOf(real, replaces),
        }),
    ),
  ),
  fc.tuple(holds, fc.option(amounts, { nil: undefined })).map(([hold, capturedCredits]) =>
    operation(
      `capture ${capturedCredits} of ${hold}`,
      (model, real) => model.capture(nameOf(real, hold), capturedCredits),
      (real) => real.ledger.capture({ holdId: nameOf(real, hold), capturedCredits }),
    ),
  ),
  holds.map((hold) =>
    operation(
      `void ${hold}`,
      (model, real) => model.release(nameOf(real, hold), 'voided'),
      (real) => real.ledger.void(nameOf(real, hold)),
    ),
  ),
  holds.map((hold) =>
    operation(
      `expire ${hold}`,
      (model, real) => model.release(nameOf(real, hold), 'expired'),
      (real) => real.ledger.expire(nameOf(real, hold)),
    ),
  ),
  fc
    .tuple(holds, references, fc.option(amounts, { nil: undefined }))
    .map(([hold, reference, amountCredits]) =>
      operation(
        `refund ${amountCredits} of ${hold} as ${reference}`,
        (model, real) => model.refund(nameOf(real, hold), reference, amountCredits),
        (real) =>
          real.ledger.refund({
            holdId: nameOf(real, hold),
            reference,
            amountCredits,
            note: 'model',
          }),
      ),
    ),
]

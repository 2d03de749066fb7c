import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLedgerRepository, type LedgerRepository } from '../../src/db/repositories/ledger.ts'
import { MediaError } from '../../src/domain/failures.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { LedgerModel } from '../support/ledger-model.ts'
import { insertAccount } from '../support/records.ts'

const RUNS = Number(process.env['LEDGER_MODEL_RUNS'] ?? 25)

/** Enough for one or two holds, so that both outcomes are common. */
const START_CREDITS = 40

const { database } = await testDatabase()
const ledger = createLedgerRepository(database)

interface Real {
  readonly ledger: LedgerRepository
  readonly accountId: AccountId
}

/** A hold's name within a run; other runs have other accounts. */
const nameOf = ({ accountId }: Real, hold: number): string => `${accountId}-${hold}`

const answerOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return await call
  } catch (error) {
    if (error instanceof MediaError) return error.code
    throw error
  }
}

/** One operation, done by both; the answers and all sums afterwards have to be the same. */
const command = (
  label: string,
  onModel: (model: LedgerModel, real: Real) => unknown,
  onReal: (real: Real) => Promise<unknown>,
): fc.AsyncCommand<LedgerModel, Real> => ({
  check: () => true,
  run: async (model, real) => {
    const expected = onModel(model, real)
    expect(await answerOf(onReal(real)), label).toEqual(expected)
    const { posted, held, available } = model
    expect(await real.ledger.balance(real.accountId)).toEqual({ posted, held, available })
    expect(await real.ledger.audit()).toEqual([])
  },
  toString: () => label,
})

const holds = fc.nat({ max: 5 })
const amounts = fc.integer({ min: 1, max: 30 })
const references = fc.constantFrom('a', 'b', 'c')

const commands = [
  fc.tuple(references, amounts).map(([reference, amountCredits]) =>
    command(
      `top up ${amountCredits} as ${reference}`,
      (model) => model.topUp(reference, amountCredits),
      ({ accountId }) => ledger.topUp({ accountId, amountCredits, reference }),
    ),
  ),
  fc.tuple(holds, amounts, fc.option(holds, { nil: undefined })).map(([hold, amount, replaces]) =>
    command(
      `hold ${amount} as ${hold} in place of ${replaces}`,
      (model, real) =>
        model.hold(
          nameOf(real, hold),
          amount,
          replaces === undefined ? undefined : nameOf(real, replaces),
        ),
      (real) =>
        ledger.hold({
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
    command(
      `capture ${capturedCredits} of ${hold}`,
      (model, real) => model.capture(nameOf(real, hold), capturedCredits),
      (real) => ledger.capture({ holdId: nameOf(real, hold), capturedCredits }),
    ),
  ),
  holds.map((hold) =>
    command(
      `void ${hold}`,
      (model, real) => model.release(nameOf(real, hold), 'voided'),
      (real) => ledger.void(nameOf(real, hold)),
    ),
  ),
  holds.map((hold) =>
    command(
      `expire ${hold}`,
      (model, real) => model.release(nameOf(real, hold), 'expired'),
      (real) => ledger.expire(nameOf(real, hold)),
    ),
  ),
  fc
    .tuple(holds, references, fc.option(amounts, { nil: undefined }))
    .map(([hold, reference, amountCredits]) =>
      command(
        `refund ${amountCredits} of ${hold} as ${reference}`,
        (model, real) => model.refund(nameOf(real, hold), reference, amountCredits),
        (real) =>
          ledger.refund({ holdId: nameOf(real, hold), reference, amountCredits, note: 'model' }),
      ),
    ),
]

test('whatever is done in whatever order, the ledger answers and counts as its model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: '+1' }), async (sequence) => {
      const accountId = await insertAccount(database, START_CREDITS)
      const model = new LedgerModel()
      model.topUp('start', START_CREDITS)
      await fc.asyncModelRun(() => ({ model, real: { ledger, accountId } }), sequence)
    }),
    { numRuns: RUNS },
  )
}, 120_000)

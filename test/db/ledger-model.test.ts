import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { testDatabase } from '../support/database.ts'
import { LedgerModel } from '../support/ledger-model.ts'
import {
  answerOf,
  ledgerOperations,
  type LedgerOperation,
  type RealLedger,
} from '../support/ledger-operations.ts'
import { insertAccount } from '../support/records.ts'

const RUNS = Number(process.env['LEDGER_MODEL_RUNS'] ?? 25)

/** Enough for one or two holds, so that both outcomes are common. */
const START_CREDITS = 40

const { database } = await testDatabase()
const ledger = createLedgerRepository(database)

/** One operation, done by both; the answers and all sums afterwards have to be the same. */
const command = ({
  label,
  onModel,
  onReal,
}: LedgerOperation): fc.AsyncCommand<LedgerModel, RealLedger> => ({
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

const commands = ledgerOperations.map((operations) => operations.map(command))

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

import { sql } from 'drizzle-orm'
import { auditLedger } from '../../src/db/repositories/ledger-audit.ts'
import type { TestStack } from './stack.ts'

type Looking = Pick<TestStack, 'database'>

/** What became of an execution's money and of its jobs elsewhere. */
export interface Accounts {
  readonly holdState: string | null
  readonly captures: number
  readonly capturedCredits: number
  /** Tasks of our own API that were made for the execution. */
  readonly tasks: readonly { readonly round: number; readonly status: string }[]
}

export const accountsOf = async (
  { database: { database } }: Looking,
  executionId: string,
): Promise<Accounts> => {
  const holds = await database.execute<{ state: string }>(
    sql`SELECT state FROM holds WHERE id = ${`${executionId}:hold`}`,
  )
  const captures = await database.execute<{ credits: string }>(
    sql`SELECT -amount_credits AS credits FROM ledger_entries
        WHERE hold_id = ${`${executionId}:hold`} AND kind = 'capture' AND amount_credits < 0`,
  )
  const tasks = await database.execute<{ round: number; status: string }>(
    sql`SELECT (metadata->>'round')::int AS round, status FROM tasks
        WHERE metadata->>'execution_id' = ${executionId} ORDER BY 1`,
  )
  return {
    holdState: holds.rows[0]?.state ?? null,
    captures: captures.rows.length,
    capturedCredits: captures.rows.reduce((sum, { credits }) => sum + Number(credits), 0),
    tasks: tasks.rows,
  }
}

/** Everything that contradicts the invariants of the ledger. */
export const ledgerViolations = ({ database }: Looking) => auditLedger(database.database)

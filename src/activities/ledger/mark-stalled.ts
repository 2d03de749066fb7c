import type { LedgerActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** Shows that no renderer gives a sign of life; the hold is kept. *Idempotent.* */
export const markStalled =
  ({ executions }: ActivityDependencies): LedgerActivities['markStalled'] =>
  async ({ executionId }) => {
    await executions.markStalled(executionId)
  }

/** Takes the mark away when the rota begins anew. *Idempotent.* */
export const markResumed =
  ({ executions }: ActivityDependencies): LedgerActivities['markResumed'] =>
  async ({ executionId }) => {
    await executions.markResumed(executionId)
  }

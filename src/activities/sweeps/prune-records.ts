import type { SweepActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

const DAY_MS = 24 * 3600 * 1000

/** Answers to idempotency keys are promised for a day; events of an execution are read while it runs
 * and shortly after. */
const IDEMPOTENCY_KEYS_KEPT_MS = 2 * DAY_MS
const EVENTS_KEPT_MS = 30 * DAY_MS

/** Removes records that nobody can ask for any more. *Idempotent.* */
export const pruneRecords =
  ({ executions, idempotency, clock }: ActivityDependencies): SweepActivities['pruneRecords'] =>
  async () => {
    const nowMs = clock().getTime()
    return {
      idempotencyKeys: await idempotency.prune(new Date(nowMs - IDEMPOTENCY_KEYS_KEPT_MS)),
      events: await executions.pruneEvents(new Date(nowMs - EVENTS_KEPT_MS)),
    }
  }

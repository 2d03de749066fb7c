import type { SweepActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

const DAY_MS = 24 * 3600 * 1000

/** Answers to idempotency keys are promised for a day; events of an execution are read while it runs
 * and shortly after. */
const IDEMPOTENCY_KEYS_KEPT_MS = 2 * DAY_MS
const EVENTS_KEPT_MS = 30 * DAY_MS
/** They are tried for three days, and can be repeated by hand as long as they are there. */
const DELIVERIES_KEPT_MS = 30 * DAY_MS
/** An order that was not admitted may be sent again under its key for a day. */
const UNADMITTED_PLANS_KEPT_MS = 2 * DAY_MS
/** What nobody makes any more is free in any case; the row is only in the way of a reader. */
const STALE_CLAIMS_KEPT_MS = DAY_MS

/** Removes records that nobody can ask for any more. *Idempotent.* */
export const pruneRecords =
  ({
    executions,
    generations,
    idempotency,
    webhookDeliveries,
    clock,
  }: ActivityDependencies): SweepActivities['pruneRecords'] =>
  async () => {
    const nowMs = clock().getTime()
    const ago = (ageMs: number) => new Date(nowMs - ageMs)
    return {
      idempotencyKeys: await idempotency.prune(ago(IDEMPOTENCY_KEYS_KEPT_MS)),
      events: await executions.pruneEvents(ago(EVENTS_KEPT_MS)),
      deliveries: await webhookDeliveries.prune(ago(DELIVERIES_KEPT_MS)),
      unadmittedPlans: await generations.pruneUnadmitted(ago(UNADMITTED_PLANS_KEPT_MS)),
      staleClaims: await generations.freeStaleClaims(ago(STALE_CLAIMS_KEPT_MS)),
    }
  }

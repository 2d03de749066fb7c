import { workflowInfo } from '@temporalio/workflow'
import { ledger } from '../activities.ts'
import { GaveUp } from './failures.ts'
import type { AdmittedOrder, OrderDesk } from './order-desk.ts'

/** How a pipeline gets what it works on. */
export interface SourceWork<Source> {
  readonly step: string
  readonly bring: () => Promise<Source>
  /** The same, of what an earlier round has brought. */
  readonly find: () => Promise<Source>
}

/** What an order works on, paid for by its length: that of a URL is not known before it was fetched. */
export const bringSource = async <Source extends { readonly durationSeconds: number }>(
  { order, done }: AdmittedOrder,
  desk: OrderDesk,
  { step, bring, find }: SourceWork<Source>,
): Promise<Source> => {
  if (done.includes(step)) return await find()
  const source = await desk.during(step, bring)
  if (order.input['sealedUrl'] !== undefined) {
    const { workflowId } = workflowInfo()
    const { durationSeconds } = source
    const admission = await ledger.raiseHold({ order, workflowId, durationSeconds })
    if (admission.status === 'declined') throw new GaveUp('INSUFFICIENT_CREDITS')
  }
  return source
}

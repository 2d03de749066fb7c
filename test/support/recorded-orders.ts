import type { RecordedEnding } from './recorded-endings.ts'
import type { Customer } from './stack-customer.ts'
import { encodingFor } from './stack-workers.ts'
import type { TestStack } from './stack.ts'

type OrderBody = Readonly<Record<string, unknown>>

interface Accepted {
  readonly executionId: string
  readonly workflowId: string
}

/** What is ordered of a pipeline, so that it ends in each of its ways. */
export interface OrdersToRecord {
  readonly stack: TestStack
  readonly customer: Customer
  /** Its workflow's name. */
  readonly pipeline: string
  readonly path: string
  readonly completes: OrderBody
  /** Ends `partial` while something it needs is away, and `completed` when it is tried again. */
  readonly lacksAtFirst: OrderBody
  readonly setAway?: (isAway: boolean) => void
  readonly isCanceled: OrderBody
}

/** Brings orders to each of their endings, on a stack with one worker. */
export const recordedOrders = async (orders: OrdersToRecord): Promise<RecordedEnding[]> => {
  const { stack, customer, pipeline, path, setAway } = orders
  const order = async (body: OrderBody): Promise<Accepted> => {
    const answer = await customer.call<Accepted>('POST', path, { body })
    if (answer.status === 202) return answer.body
    throw new Error(`the order was answered ${answer.status}`)
  }

  const completed = await order(orders.completes)
  await customer.untilOver(completed.executionId)

  setAway?.(true)
  const retried = await order(orders.lacksAtFirst)
  await customer.untilOver(retried.executionId)
  setAway?.(false)
  await customer.call('POST', `/v1/executions/${retried.executionId}/retry`)
  await customer.until(retried.executionId, ({ status }) => status === 'completed')

  const failed = await order({ url: 'http://127.0.0.1:9/film.mp4' })
  await customer.untilOver(failed.executionId)

  stack.setSlow(true)
  const canceled = await order(orders.isCanceled)
  const isOwner = (owner: string) => owner === canceled.executionId
  await encodingFor(stack, { isOwner, word: ' -re ' })
  await customer.call('POST', `/v1/executions/${canceled.executionId}/cancel`)
  await customer.untilOver(canceled.executionId)
  stack.setSlow(false)

  const named = (...endings: string[]) => endings.map((ending) => `${pipeline}-${ending}`)
  return [
    { workflowId: completed.workflowId, names: named('completed') },
    { workflowId: retried.workflowId, names: named('partial', 'retried') },
    { workflowId: failed.workflowId, names: named('failed') },
    { workflowId: canceled.workflowId, names: named('canceled') },
  ]
}

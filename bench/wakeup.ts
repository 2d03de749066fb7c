import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { bareSignal } from './bare-workflows.ts'
import { atMost, type Figure } from './figure.ts'
import { startInstantWorker } from './instant-worker-process.ts'
import { createOrderer, createWebhookSender, prepareOrders, type Order } from './orders.ts'
import type { Measure } from './run.ts'
import { inTurns, percentile } from './samples.ts'

const GOAL = 1.3
/** Between samples the server comes to rest: this is about one webhook, not about load. */
const REST_MS = 100

/**
 * From the webhook's arrival to the start of the next step, one at a time: a signed POST to the API;
 * against a client's signal to a workflow that does nothing else, on the same server and worker.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const count = run.quick ? 60 : 120
  const worker = await startInstantWorker(stack, { besideBare: true })
  const post = createWebhookSender(stack)
  const orders = await prepareOrders(stack, count)
  const order = createOrderer(stack)
  const waiting: string[] = []
  for (const each of orders) {
    await order(each)
    await worker.submitted(each.executionId)
    const id = randomUUID()
    const place = { taskQueue: 'bare', workflowId: id }
    await stack.temporal.workflow.start('bareWait', { ...place, args: [{ id }] })
    waiting.push(id)
  }

  const timed = async (id: string, workflowId: string, wake: () => Promise<unknown>) => {
    await delay(REST_MS)
    const sentNs = process.hrtime.bigint()
    await wake()
    const milliseconds = Number((await worker.began(id)) - sentNs) / 1e6
    await stack.temporal.workflow.getHandle(workflowId).result()
    return milliseconds
  }
  try {
    const { ours, yardstick } = await inTurns(count, {
      ours: () => {
        const next = orders.shift() as Order
        return timed(next.executionId, next.workflowId, () => post(next))
      },
      yardstick: () => {
        const id = waiting.shift() as string
        const handle = stack.temporal.workflow.getHandle(id)
        return timed(id, id, () => handle.signal(bareSignal))
      },
    })
    const figure = (name: string, share: number): Figure => {
      const [mine, bare] = [percentile(ours, share), percentile(yardstick, share)]
      return {
        name: `wake-up: webhook to next step, ${name} of ${count}`,
        ours: `${mine.toFixed(0)} ms`,
        yardstick: `${bare.toFixed(0)} ms bare signal`,
        ...atMost(mine / bare, GOAL),
      }
    }
    return [{ ...figure('p50', 0.5), goal: '', met: true }, figure('p95', 0.95)]
  } finally {
    await worker.stop()
  }
}

import { randomUUID } from 'node:crypto'
import { atLeast } from './figure.ts'
import { startInstantWorker } from './instant-worker-process.ts'
import { createOrderer, prepareOrders } from './orders.ts'
import type { Measure } from './run.ts'
import { bounded, inTurns, median, secondsOf } from './samples.ts'

const GOAL = 0.7
const IN_FLIGHT = 20

/**
 * Renders per second when media work takes no time: orders, ledger, steps and all else as always, on
 * one worker; against a bare workflow with as many activities of the same kinds and a signal.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const count = run.quick ? 50 : 100
  const pairs = run.quick ? 2 : 3
  const worker = await startInstantWorker(stack, { besideBare: true })
  worker.tell({ type: 'mode', signalsItself: true })
  const order = createOrderer(stack)
  const ours = async (renders: number): Promise<number> => {
    const orders = await prepareOrders(stack, renders)
    const seconds = await secondsOf(() =>
      bounded(IN_FLIGHT, orders, async (each) => {
        await order(each)
        await stack.temporal.workflow.getHandle(each.workflowId).result()
      }),
    )
    return renders / seconds
  }
  const bare = async (renders: number): Promise<number> => {
    const ids = Array.from({ length: renders }, () => randomUUID())
    const seconds = await secondsOf(() =>
      bounded(IN_FLIGHT, ids, (id) =>
        stack.temporal.workflow.execute('bareRender', {
          taskQueue: 'bare',
          workflowId: id,
          args: [{ id, workflowId: id }],
        }),
      ),
    )
    return renders / seconds
  }
  try {
    // Until the compiler has seen it all: the first renders cost twice as much as the later ones.
    await ours(count)
    await bare(count)
    const rates = await inTurns(pairs, { ours: () => ours(count), yardstick: () => bare(count) })
    return [
      {
        name: 'throughput: renders per second, media work instant',
        ours: `${median(rates.ours).toFixed(1)} /s`,
        yardstick: `${median(rates.yardstick).toFixed(1)} /s bare Temporal`,
        ...atLeast(median(rates.ours) / median(rates.yardstick), GOAL),
      },
    ]
  } finally {
    await worker.stop()
  }
}

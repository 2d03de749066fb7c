import { setTimeout as delay } from 'node:timers/promises'
import { count, inArray, sum } from 'drizzle-orm'
import { executions, holds } from '../src/db/schema/index.ts'
import { holdId } from '../src/domain/ids.ts'
import type { Figure } from './figure.ts'
import { startInstantWorker, type WorkerReport } from './instant-worker-process.ts'
import { createOrderer, createWebhookSender, prepareOrders, type Order } from './orders.ts'
import type { Measure, Run } from './run.ts'
import { bounded, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const ORDERS_AT_ONCE = 30
const WEBHOOKS_AT_ONCE = 30
const POLL_MS = 250
/** A wake-up that takes longer than this after the last webhook is a lost one. */
const LOST_AFTER_MS = 10 * 60_000
/** Ours to choose: what a worker with the default cache may take of a machine with 2 GB. */
const MEMORY_BYTES_MAX = 1.5 * 1024 ** 3

/** Every tenth webhook comes before the wait was reached, every tenth of the others twice. */
const isEarly = (index: number): boolean => index % 10 === 0
const isDouble = (index: number): boolean => index % 10 === 5

/**
 * Many renders wait for their webhooks at once; then all the webhooks come, by HTTP. The whole pipeline
 * with database and ledger, apart from media work, on one worker.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const orders = await prepareOrders(stack, run.executions)
  const worker = await startInstantWorker(stack, { besideBare: false })
  try {
    const early = orders.filter((_, index) => isEarly(index))
    const late = orders.filter((_, index) => !isEarly(index))
    worker.tell({ type: 'early', ids: early.map(({ executionId }) => executionId) })
    const order = createOrderer(stack)
    const orderSeconds = await secondsOf(async () => {
      await bounded(ORDERS_AT_ONCE, orders, order)
      await Promise.all(late.map(({ executionId }) => worker.submitted(executionId)))
      await untilEnded(stack, early)
    })
    run.say(`${late.length} renders wait for their webhooks (after ${orderSeconds.toFixed(0)} s)`)
    const post = createWebhookSender(stack)
    const wakeSeconds = await secondsOf(async () => {
      await bounded(WEBHOOKS_AT_ONCE, orders, async (each, index) => {
        if (isEarly(index)) return
        await post(each)
        if (isDouble(index)) await post(each)
      })
      await untilEnded(stack, orders)
    })
    return figuresOf(run, orders, {
      report: await worker.report(),
      captured: await capturedCredits(stack, orders),
      orderSeconds,
      wakeSeconds,
      cachedWorkflows: stack.config.settings.SPOOL_CACHED_WORKFLOWS,
    })
  } finally {
    await worker.stop()
  }
}

const figuresOf = (
  run: Run,
  orders: readonly Order[],
  outcome: {
    readonly report: WorkerReport
    readonly captured: number
    readonly orderSeconds: number
    readonly wakeSeconds: number
    readonly cachedWorkflows: number
  },
): Figure[] => {
  const { report, captured, orderSeconds, wakeSeconds } = outcome
  const total = orders.length
  const times = new Map(report.collected)
  const woken = orders.filter(({ executionId }) => (times.get(executionId) ?? 0) > 0).length
  const twice = orders.filter(({ executionId }) => (times.get(executionId) ?? 0) > 1).length
  const none = { yardstick: '', ratio: '' }
  const rate = (seconds: number, of: number) => `${(of / seconds).toFixed(1)} /s`
  const waited = orders.filter((_, index) => !isEarly(index)).length
  return [
    {
      name: `waiting: of ${total} renders woken / woken twice / charged once`,
      ours: `${woken} / ${twice} / ${captured}`,
      ...none,
      goal: `${total} / 0 / ${total}`,
      met: woken === total && twice === 0 && captured === total,
    },
    {
      name: `waiting: peak memory of the worker (cache of ${outcome.cachedWorkflows} workflows)`,
      ours: `${Math.round(report.peakMemoryBytes / 1024 ** 2)} MB`,
      ...none,
      goal: `≤ ${MEMORY_BYTES_MAX / 1024 ** 2} MB`,
      met: report.peakMemoryBytes <= MEMORY_BYTES_MAX,
    },
    {
      name: 'waiting: ordered to waiting / webhook to done',
      ours: `${rate(orderSeconds, total)} / ${rate(wakeSeconds, waited)}`,
      yardstick: `${(orderSeconds + wakeSeconds).toFixed(0)} s in all${run.quick ? ' (quick)' : ''}`,
      ratio: '',
      goal: '',
      met: true,
    },
  ]
}

/** Resolves when the executions are completed; throws when one ended in another way, or never does. */
const untilEnded = async (stack: BenchStack, orders: readonly Order[]): Promise<void> => {
  const deadlineMs = Date.now() + LOST_AFTER_MS
  const ids = orders.map(({ executionId }) => executionId)
  for (;;) {
    const rows = await stack.database
      .select({ status: executions.status, count: count() })
      .from(executions)
      .where(inArray(executions.id, ids))
      .groupBy(executions.status)
    const counts = new Map(rows.map((row) => [row.status, row.count]))
    if (counts.get('completed') === orders.length) return
    for (const status of ['error', 'canceled'] as const) {
      if (counts.has(status)) throw new Error(`${counts.get(status)} renders are ${status}`)
    }
    if (Date.now() > deadlineMs) throw new Error(`lost wake-ups: ${JSON.stringify([...counts])}`)
    await delay(POLL_MS)
  }
}

/** How many credits were taken for all of them; each render costs one. */
const capturedCredits = async (stack: BenchStack, orders: readonly Order[]): Promise<number> => {
  const ids = orders.map(({ executionId }) => holdId(executionId))
  const [row] = await stack.database
    .select({ credits: sum(holds.capturedCredits) })
    .from(holds)
    .where(inArray(holds.id, ids))
  return Number(row?.credits ?? 0)
}

import { Worker, NativeConnection } from '@temporalio/worker'
import { afterAll } from 'vitest'
import type {
  LedgerActivities,
  PublishingActivities,
  TaskActivities,
} from '../../../src/contracts/activities.ts'
import type { Repositories } from '../../../src/db/repositories.ts'
import { PIPELINE_STEPS } from '../../../src/domain/steps.ts'
import { workflowBundle } from '../../support/workflow-bundle.ts'
import type { TestTemporal } from './temporal-namespace.ts'

export const PRICE_CREDITS = 10

/** Money is real; nothing is ever sent; and nobody serves the media queue, so a render that was
 * admitted stays in its first step. */
const activities = (
  repositories: Repositories,
): LedgerActivities &
  Pick<PublishingActivities, 'notify' | 'deliverWebhook'> &
  Pick<TaskActivities, 'completeTask' | 'abandonTask'> => ({
  holdCredits: async ({ order, workflowId, replaces }) => {
    const admission = await repositories.executions.admitRender({
      order,
      workflowId,
      replaces,
      steps: PIPELINE_STEPS.render,
      holdExpiresAt: new Date(Date.now() + 60_000),
      amountCredits: PRICE_CREDITS,
    })
    if (admission.status === 'declined') return admission
    const hourMs = 3_600_000
    const timing = { stallTimeoutMs: hourMs, pollIntervalMs: hourMs, stalledGraceMs: hourMs }
    return { status: 'held', plan: { amountCredits: PRICE_CREDITS, rota: ['self'], ...timing } }
  },
  admitExecution: async ({ order, workflowId }) =>
    await repositories.executions.admitOrder({
      order,
      workflowId,
      steps: PIPELINE_STEPS[order.pipeline].map((name) => ({
        name,
        priceCredits: name === 'ladder' ? PRICE_CREDITS : 0,
      })),
      holdExpiresAt: new Date(Date.now() + 60_000),
    }),
  raiseHold: () => Promise.reject(new Error('no order gets this far')),
  completeExecution: async (input) => await repositories.executions.completeBranches(input),
  markReady: () => Promise.reject(new Error('no render gets this far')),
  abandonExecution: async ({ executionId, ending, failure }) =>
    await repositories.executions.abandon({ executionId, ending, failure, step: null }),
  markStalled: async ({ executionId }) => {
    await repositories.executions.markStalled(executionId)
  },
  markResumed: async ({ executionId }) => {
    await repositories.executions.markResumed(executionId)
  },
  notify: async () => ({ deliveryIds: [], mailWanted: false }),
  deliverWebhook: async ({ deliveryId }) => {
    await repositories.webhookDeliveries.recordAttempt({
      deliveryId,
      responseStatus: 200,
      responseSnippet: '',
      durationMs: 1,
      status: 'delivered',
    })
    return { status: 'delivered' }
  },
  completeTask: () => Promise.reject(new Error('no task gets this far')),
  abandonTask: async ({ taskId, ending }) => {
    await repositories.tasks.abandon({ taskId, ending, failure: null })
    return { deliveryIds: [] }
  },
})

/** Serves the real workflows until the calling file's tests are done. */
export const runPipelinesWorker = async (
  temporal: TestTemporal,
  repositories: Repositories,
): Promise<void> => {
  const connection = await NativeConnection.connect({ address: temporal.address })
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: 'pipelines',
    workflowBundle: { codePath: await workflowBundle() },
    activities: activities(repositories),
    shutdownGraceTime: '1 second',
  })
  const running = worker.run()
  afterAll(async () => {
    worker.shutdown()
    await running
    await connection.close()
  })
}

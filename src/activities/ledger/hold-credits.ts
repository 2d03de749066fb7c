import type { LedgerActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { renderPriceCredits } from '../../domain/pricing.ts'
import { rendererRota } from '../../domain/renderer-rota.ts'
import { PIPELINE_STEPS } from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Admits a render: prices the video's region, holds the credits and creates the execution, in one
 * transaction. *Idempotent* by execution id: a repeated call answers what the first one did.
 * *Errors:* NOT_FOUND (the video was deleted meanwhile), DATABASE_UNAVAILABLE (retried).
 */
export const holdCredits =
  (deps: ActivityDependencies): LedgerActivities['holdCredits'] =>
  async ({ order, workflowId, replaces }) => {
    const { executions, videos, renderers, settings, clock } = deps
    const video = await videos.find(order.accountId, order.videoId)
    if (video === null) throw new MediaError('NOT_FOUND', `no video ${order.videoId}`)
    const amountCredits = renderPriceCredits(video.startSeconds, video.endSeconds)
    const admission = await executions.admitRender({
      order,
      workflowId,
      replaces,
      steps: PIPELINE_STEPS.render,
      amountCredits,
      holdExpiresAt: new Date(clock().getTime() + settings.holdTtlMs),
    })
    if (admission.status === 'declined') {
      const { availableCredits } = admission
      return { status: 'declined', neededCredits: amountCredits, availableCredits }
    }
    const { stallTimeoutMs, pollIntervalMs, stalledGraceMs } = settings
    return {
      status: 'held',
      plan: {
        amountCredits,
        rota: rendererRota(renderers, clock().getTime()),
        stallTimeoutMs,
        pollIntervalMs,
        stalledGraceMs,
      },
    }
  }

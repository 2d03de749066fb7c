import type { RenderTaskOrder } from '../../adapters/renderers/tasks-renderer.ts'
import type { RendererActivities } from '../../contracts/activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Video } from '../../db/repositories/videos.ts'
import { MediaError } from '../../domain/failures.ts'
import { frameSize } from '../../domain/frame-size.ts'
import { remoteJobKey, type ExecutionId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredRenderer } from './configured-renderer.ts'

/** The name of the step in keys, tokens and webhooks. */
const STEP = 'remote render'

type Submission = Parameters<RendererActivities['submitRender']>[0]

/** What is ordered, in the tasks dialect. Built from the rows and from when the workflow ordered it,
 * so that a second submission of a round is word for word the first. */
const taskOrder = async (
  deps: ActivityDependencies,
  submission: Submission,
  { video, account }: { readonly video: Video; readonly account: Account },
): Promise<RenderTaskOrder> => {
  const { executionId, audio, renderer, round, priority, orderedAtMs } = submission
  const { format, template, hdr, settings: look } = video
  const signedAt = new Date(orderedAtMs)
  const expiresInSeconds = deps.settings.urlTtlSeconds
  const signed = (key: string) => deps.storage.signGet(key, { expiresInSeconds, signedAt })
  const background =
    look.backgroundMediaId === null
      ? null
      : await deps.media.find(video.accountId, look.backgroundMediaId)
  const { crf, fairnessWeight } = planTerms(account.plan)
  const { widthPx, heightPx } = frameSize(format, look.resolution)
  return {
    idempotencyKey: remoteJobKey(executionId, STEP, round),
    input: await signed(audio.croppedAudioKey),
    options: {
      template,
      width: widthPx,
      height: heightPx,
      fps: look.frameRate,
      hdr,
      title: look.title,
      artist: look.artist,
      accent_color: look.accentColor,
      crf,
      ...(audio.coverKey === null ? {} : { cover_url: await signed(audio.coverKey) }),
      ...(background === null ? {} : { background_url: await signed(background.storageKey) }),
    },
    metadata: {
      execution_id: executionId,
      step: STEP,
      round,
      tenant: account.id,
      tenant_weight: fairnessWeight,
    },
    webhookUrl: deps.webhookUrlFor({
      workflowId: submission.workflowId,
      executionId,
      step: STEP,
      sender: renderer,
      issuedAtMs: orderedAtMs,
    }),
    priority,
  }
}

/** The task is known by now: that nobody could write this down is no reason to lose it. */
const noteLife = async (
  { executions, clock, log }: ActivityDependencies,
  executionId: ExecutionId,
): Promise<void> => {
  try {
    const news = { executionId, step: STEP, progress: 0, signOfLifeAt: clock() }
    await executions.recordProgress(news)
  } catch (error) {
    log.warn({ err: error, executionId }, 'a sign of life could not be written down')
  }
}

/**
 * Orders the render from one renderer. *Idempotent:* the key names execution, step and round, so a
 * repeated submission finds the task of the first. *Errors:* RENDERER_UNAVAILABLE (retried, then the
 * next renderer), RENDERER_REJECTED (next renderer).
 */
export const submitRender =
  (deps: ActivityDependencies): RendererActivities['submitRender'] =>
  async (submission) => {
    const { executionId, renderer: name } = submission
    const { accounts, videos } = deps
    const renderer = configuredRenderer(deps, name)
    const video = await videos.findForExecution(executionId)
    if (video === null) throw new MediaError('CANCELED', `${executionId} was superseded`)
    const account = await accounts.find(video.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${video.accountId}`)

    const order = await taskOrder(deps, submission, { video, account })
    // Heard to the end even when the render is cancelled: or nobody could cancel the task.
    const task = await renderer.client.submit(order)
    await noteLife(deps, executionId)
    return { renderer: name, taskId: task.id }
  }

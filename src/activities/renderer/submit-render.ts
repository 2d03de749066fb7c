import { cancellationSignal } from '@temporalio/activity'
import type { RendererActivities } from '../../contracts/activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { frameSize } from '../../domain/frame-size.ts'
import { remoteJobKey } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredRenderer } from './configured-renderer.ts'

/** The name of the step in keys, tokens and webhooks. */
const STEP = 'remote render'

/**
 * Orders the render from one renderer. *Idempotent:* the key names execution, step and round, so a
 * repeated submission finds the task of the first. *Errors:* RENDERER_UNAVAILABLE (retried, then the
 * next renderer), RENDERER_REJECTED (next renderer).
 */
export const submitRender =
  (deps: ActivityDependencies): RendererActivities['submitRender'] =>
  async ({ executionId, workflowId, audio, renderer: name, priority, round, orderedAtMs }) => {
    const { accounts, executions, videos, media, storage, settings, clock } = deps
    const renderer = configuredRenderer(deps, name)
    const video = await videos.findForExecution(executionId)
    if (video === null) throw new MediaError('CANCELED', `${executionId} was superseded`)
    const account = await accounts.find(video.accountId)
    if (account === null) throw new MediaError('NOT_FOUND', `no account ${video.accountId}`)

    const { format, template, hdr, settings: look } = video
    const background =
      look.backgroundMediaId === null
        ? null
        : await media.find(video.accountId, look.backgroundMediaId)
    const signedAt = new Date(orderedAtMs)
    const expiresInSeconds = settings.urlTtlSeconds
    const signed = (key: string) => storage.signGet(key, { expiresInSeconds, signedAt })
    const { crf, fairnessWeight } = planTerms(account.plan)
    const size = frameSize(format, look.resolution)

    const task = await renderer.client.submit(
      {
        idempotencyKey: remoteJobKey(executionId, STEP, round),
        input: await signed(audio.croppedAudioKey),
        options: {
          template,
          width: size.widthPx,
          height: size.heightPx,
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
          workflowId,
          executionId,
          step: STEP,
          renderer: name,
          issuedAtMs: orderedAtMs,
        }),
        priority,
      },
      cancellationSignal(),
    )
    await executions.recordProgress({
      executionId,
      step: STEP,
      progress: 0,
      signOfLifeAt: clock(),
    })
    return { renderer: name, taskId: task.id }
  }

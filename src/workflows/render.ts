import { CancellationScope, continueAsNew, isCancellation } from '@temporalio/workflow'
import type { RenderFiles } from '../contracts/activities.ts'
import type { RenderOutcome } from '../contracts/orders.ts'
import type { ExecutionId, VideoId } from '../domain/ids.ts'
import { ledger, media, publishing } from './activities.ts'
import { startDeliveries } from './lib/deliveries.ts'
import { failureCodeOf, failWorkflow } from './lib/failures.ts'
import { RenderDesk, type AdmittedRender, type WaitingRender } from './lib/render-desk.ts'
import { renderRemotely } from './lib/remote-render.ts'
import { tolerate } from './lib/tolerate.ts'

export interface RenderInput {
  readonly videoId: VideoId
  /** Set when this run goes on with an order that superseded the one before. */
  readonly admitted: WaitingRender | null
}

/**
 * Renders a video: hold credits, crop the audio, have it rendered, make thumbnails, invalidate the
 * CDN, publish, tell. Credits are held when the order is admitted (an update, so that the caller has
 * its answer in one round trip), captured when the video is published, and given back on failure and
 * on cancel. There is one workflow per video; a newer order takes the place of the one in work.
 */
export async function render(input: RenderInput): Promise<RenderOutcome> {
  const desk = new RenderDesk(input.admitted)
  const admitted = await desk.firstOrder()
  const ending =
    admitted === null
      ? { outcome: DECLINED, error: null }
      : await fulfil(admitted, desk).catch((error: unknown) => giveBack(admitted, desk, error))

  const next = await desk.close()
  if (next === null) return conclude(ending, desk)
  return await continueAsNew<typeof render>({ videoId: input.videoId, admitted: next })
}

interface Ending {
  readonly outcome: RenderOutcome
  readonly error: unknown
}

const DECLINED: RenderOutcome = { executionId: null, status: 'declined' }

/** A failed render is a failed workflow, and one that was cancelled from outside a cancelled one, so
 * that the Web UI's own filters find them. */
const conclude = ({ outcome, error }: Ending, desk: RenderDesk): RenderOutcome => {
  if (outcome.status === 'error') return failWorkflow(error)
  if (outcome.status === 'canceled' && desk.closedFromOutside) throw error
  return outcome
}

const fulfil = async (admitted: AdmittedRender, desk: RenderDesk): Promise<Ending> => {
  const { executionId, videoId } = admitted.order
  const { files, renderTimeSeconds } = await desk.inWork(() => produce(admitted, desk))

  // From here on the customer has the video: nothing may undo it.
  return await CancellationScope.nonCancellable(async () => {
    desk.report({ status: 'closing', step: 'mark ready' })
    await ledger.markReady({ executionId, videoId, files, renderTimeSeconds })
    await tell(executionId, desk)
    desk.settle('completed')
    return { outcome: { executionId, status: 'completed' }, error: null }
  })
}

const produce = async (
  admitted: AdmittedRender,
  desk: RenderDesk,
): Promise<{ files: RenderFiles; renderTimeSeconds: number }> => {
  const { executionId, videoId } = admitted.order

  desk.report({ executionId, status: 'processing', step: 'crop audio' })
  const audio = await media.cropAudio({ executionId, videoId })

  const { videoKey, renderTimeSeconds, begun } = await renderRemotely({
    ...admitted,
    desk,
    audio,
    begin: (key) => media.makeThumbnails({ executionId, videoKey: key }),
  })

  desk.report({ step: 'thumbnails', renderer: null, taskId: null })
  const thumbnails = await begun.result
  const files = { croppedAudioKey: audio.croppedAudioKey, videoKey, ...thumbnails }

  desk.report({ step: 'invalidate cdn' })
  await tolerate('invalidate cdn', () => publishing.invalidateCdn({ executionId, videoId, files }))
  return { files, renderTimeSeconds }
}

/** The one ending for everything that is not a video: the hold is released, whatever was reached,
 * the account is told, and on a failure the operators too. */
const giveBack = async (
  admitted: AdmittedRender,
  desk: RenderDesk,
  error: unknown,
): Promise<Ending> => {
  const { executionId } = admitted.order
  const canceled = isCancellation(error)
  const failure = failureCodeOf(error)
  const status = canceled ? 'canceled' : 'error'
  const step = desk.step

  return await CancellationScope.nonCancellable(async () => {
    desk.report({ status: 'closing', waitingFor: null })
    await ledger.abandonExecution({
      executionId,
      ending: status,
      failure: canceled ? null : failure,
      step: canceled ? null : step,
    })
    if (!canceled) {
      await tolerate('alert', () =>
        publishing.sendAlert({ executionId, title: 'A render failed', step, failure }),
      )
    }
    await tell(executionId, desk)
    desk.settle(status)
    return { outcome: { executionId, status, ...(canceled ? {} : { failure }) }, error }
  })
}

const tell = async (executionId: ExecutionId, desk: RenderDesk): Promise<void> => {
  desk.report({ step: 'notify' })
  await tolerate('notify', async () => {
    const { deliveryIds, mailWanted } = await publishing.notify({ executionId })
    await startDeliveries(deliveryIds)
    if (mailWanted) await publishing.sendMail({ executionId })
  })
}

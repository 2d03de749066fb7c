import { CancellationScope, continueAsNew } from '@temporalio/workflow'
import type { RenderFiles } from '../contracts/activities.ts'
import type { RenderOutcome } from '../contracts/orders.ts'
import type { VideoId } from '../domain/ids.ts'
import { ledger, media, publishing } from './activities.ts'
import { conclude, DECLINED, giveBack, tellAccount, type Ending } from './lib/order-ending.ts'
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
  const ending: Ending<RenderOutcome> =
    admitted === null ? DECLINED : await endingOf(admitted, desk)

  const next = await desk.close()
  if (next === null) return conclude(ending, desk)
  return await continueAsNew<typeof render>({ videoId: input.videoId, admitted: next })
}

const endingOf = (admitted: AdmittedRender, desk: RenderDesk): Promise<Ending<RenderOutcome>> =>
  fulfil(admitted, desk).catch((error: unknown) =>
    giveBack(admitted.order.executionId, { desk, error, alertTitle: 'A render failed' }),
  )

const fulfil = async (
  admitted: AdmittedRender,
  desk: RenderDesk,
): Promise<Ending<RenderOutcome>> => {
  const { executionId, videoId } = admitted.order
  const { files, renderTimeSeconds } = await desk.inWork(() => produce(admitted, desk))

  // From here on the customer has the video: nothing may undo it.
  return await CancellationScope.nonCancellable(async () => {
    desk.closing('mark ready')
    await ledger.markReady({ executionId, videoId, files, renderTimeSeconds })
    await tellAccount(executionId, desk)
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

import { executeChild, isCancellation, log, workflowInfo } from '@temporalio/workflow'
import type { BranchResult, PipelineOutcome } from '../contracts/orders.ts'
import { clipWish } from '../domain/clips/clip-wish.ts'
import { clipId } from '../domain/ids.ts'
import { clipStep } from '../domain/steps.ts'
import { clips } from './activities.ts'
import { clipMoment } from './clip-moment.ts'
import { runBranches } from './lib/branches.ts'
import { bringSource } from './lib/bring-source.ts'
import { failureCodeOf, GaveUp } from './lib/failures.ts'
import { hearRecording, recordingRound, type RecordingRound } from './lib/hear-recording.ts'
import type { AdmittedOrder, OrderDesk } from './lib/order-desk.ts'
import { runOrder, type OrderInput } from './lib/order-run.ts'

/**
 * Makes clips of a long video: hold credits, download, take the sound out, write down what is said,
 * choose the moments; then each clip for itself, a workflow of its own: find faces, move the crop,
 * caption, encode, thumbnail. A clip that fails leaves the others; a retry makes it alone.
 */
export const clip = async (input: OrderInput): Promise<PipelineOutcome> =>
  await runOrder(input, {
    work: cutClips,
    closingStep: 'save',
    alertTitle: 'Clips are not complete',
  })

const cutClips = async (
  admitted: AdmittedOrder,
  desk: OrderDesk,
): Promise<readonly BranchResult[]> => {
  const { order, done } = admitted
  const { executionId } = order
  const footage = await bringSource(admitted, desk, {
    step: 'download',
    bring: () => clips.bringFootage({ executionId, order }),
    find: () => clips.findFootage({ executionId, order }),
  })
  const wish = clipWish(order.input)
  const language = wish.captions?.language ?? null
  const heard = footage.hasSound
    ? await hearIfPossible(recordingRound(admitted, desk, footage), language)
    : []
  const { moments, degradations } = await desk.during('score', () =>
    clips.scoreMoments({ executionId, footage, wish }),
  )
  const branches = Array.from({ length: wish.limits.count }, (_, index) => ({
    step: clipStep(index + 1),
    work: async () => {
      const moment = moments[index]
      if (moment === undefined) return { skipped: 'the video has no more moments' }
      const number = index + 1
      const id = clipId(executionId, number)
      const { captions, format } = wish
      return await executeChild(clipMoment, {
        workflowId: `${workflowInfo().workflowId}/${clipStep(number).replace(' ', '-')}`,
        args: [{ executionId, id, footage, number, moment, format, captions, degradations }],
        staticSummary: moment.title.slice(0, 200),
      })
    },
  }))
  const made = await runBranches(desk, branches, done)
  refuseNothing(made, admitted)
  return [ended('download'), ...heard, ended('score'), ...made]
}

/** Without its words a video has clips all the same: of moments that are measured, and without captions. */
const hearIfPossible = async (
  round: RecordingRound,
  language: string | null,
): Promise<readonly BranchResult[]> => {
  try {
    return await hearRecording(round, language)
  } catch (error) {
    if (isCancellation(error)) throw error
    const failure = failureCodeOf(error)
    log.error('the words are missing and the clips go on', { failure })
    const steps =
      round.desk.step === 'extract audio' ? ['extract audio', 'transcribe'] : ['transcribe']
    return steps.map((step) => ({ step, outcome: 'failed' as const, failure, outputs: {} }))
  }
}

const ended = (step: string): BranchResult => ({
  step,
  outcome: 'completed',
  failure: null,
  outputs: {},
})

/** Without a single clip the transcript is no result: the order has failed, and is given back. */
const refuseNothing = (made: readonly BranchResult[], { outputs }: AdmittedOrder): void => {
  const [failure] = made.flatMap((one) => (one.outcome === 'failed' ? [one.failure] : []))
  const isNothing = made.every(({ outcome }) => outcome === 'failed' || outcome === 'skipped')
  const deliveredBefore = Object.keys(outputs).some((name) => name.startsWith('clip-'))
  if (failure != null && isNothing && !deliveredBefore) throw new GaveUp(failure)
}

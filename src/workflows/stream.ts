import { continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { PipelineOrder, PipelineOutcome } from '../contracts/orders.ts'
import type { StreamSource } from '../contracts/stream-activities.ts'
import { ladderWish } from '../domain/stream-plan.ts'
import { besideLadder, ledger, streams } from './activities.ts'
import { runBranches } from './lib/branches.ts'
import { GaveUp } from './lib/failures.ts'
import { makeLadder } from './lib/make-ladder.ts'
import type { AdmittedOrder, OrderDesk } from './lib/order-desk.ts'
import { runOrder, type OrderInput } from './lib/order-run.ts'

/**
 * Makes a film streamable: hold credits, probe; then beside each other, each with retries of its own,
 * the adaptive ladder, poster, preview, transcript, storyboard and waveform; assemble the medium's
 * record, tell. A branch that fails does not spoil the others: the order then ends `partial`, what was
 * delivered is paid for, and a retry (the same workflow id again) makes only what is missing.
 */
export const stream = async (input: OrderInput): Promise<PipelineOutcome> =>
  await runOrder(input, {
    work: makeStream,
    closingStep: 'assemble',
    alertTitle: 'A stream is not complete',
    continueWith: (next) => continueAsNew<typeof stream>(next),
  })

const makeStream = async (admitted: AdmittedOrder, desk: OrderDesk) => {
  const { order, done } = admitted
  const { executionId } = order
  const source = await bringSource(admitted, desk)
  const work = { executionId, source }
  const language = textOf(order, 'language')
  const extras = besideLadder()
  return await runBranches(
    desk,
    [
      { step: 'ladder', work: () => makeLadder(work, ladderWish(order.input)) },
      { step: 'poster', work: () => extras.makePoster(work) },
      { step: 'preview', work: () => extras.makePreview(work) },
      { step: 'transcript', work: () => streams.transcribeStream({ ...work, language }) },
      { step: 'storyboard', work: () => extras.makeStreamStoryboard(work) },
      { step: 'waveform', work: () => extras.makeStreamWaveform(work) },
    ],
    done,
  )
}

/** The source, paid for by its length: that of a URL is not known before it was fetched. */
const bringSource = async (
  { order, done }: AdmittedOrder,
  desk: OrderDesk,
): Promise<StreamSource> => {
  const { executionId } = order
  if (done.includes('probe')) return await streams.findSource({ executionId, order })
  const source = await desk.during('probe', () => streams.probeSource({ executionId, order }))
  if (textOf(order, 'url') !== null) {
    const { workflowId } = workflowInfo()
    const { durationSeconds } = source
    const admission = await ledger.raiseHold({ order, workflowId, durationSeconds })
    if (admission.status === 'declined') throw new GaveUp('INSUFFICIENT_CREDITS')
  }
  return source
}

const textOf = ({ input }: PipelineOrder, name: string): string | null => {
  const value = input[name]
  return typeof value === 'string' ? value : null
}

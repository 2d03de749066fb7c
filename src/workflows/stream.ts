import type { PipelineOrder, PipelineOutcome } from '../contracts/orders.ts'
import { ladderWish } from '../domain/stream-plan.ts'
import { besideLadder, streams } from './activities.ts'
import { runBranches } from './lib/branches.ts'
import { bringSource } from './lib/bring-source.ts'
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
  })

const makeStream = async (admitted: AdmittedOrder, desk: OrderDesk) => {
  const { order, done } = admitted
  const { executionId } = order
  const source = await bringSource(admitted, desk, {
    step: 'probe',
    bring: () => streams.probeSource({ executionId, order }),
    find: () => streams.findSource({ executionId, order }),
  })
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

const textOf = ({ input }: PipelineOrder, name: string): string | null => {
  const value = input[name]
  return typeof value === 'string' ? value : null
}

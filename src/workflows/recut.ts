import type { Footage } from '../contracts/clip-activities.ts'
import type { BranchResult, PipelineOutcome } from '../contracts/orders.ts'
import { recutWish, type ChosenMoment, type MomentSearch } from '../domain/clips/recut-wish.ts'
import type { ExecutionId } from '../domain/ids.ts'
import { clipStep } from '../domain/steps.ts'
import { clips } from './activities.ts'
import { clipMoment } from './clip-moment.ts'
import { runBranches } from './lib/branches.ts'
import { GaveUp } from './lib/failures.ts'
import type { AdmittedOrder, OrderDesk } from './lib/order-desk.ts'
import { runOrder, type OrderInput } from './lib/order-run.ts'

/**
 * Makes one clip again, as its customer has edited it or of another moment: hold credits, find the
 * footage where it is, choose the moment if that is wanted, cut. What was heard and seen in the footage
 * is there already. The version before stays the clip until this one is done, and for good if it fails.
 */
export const recut = async (input: OrderInput): Promise<PipelineOutcome> =>
  await runOrder(input, {
    work: cutAgain,
    closingStep: 'save',
    alertTitle: 'A clip could not be made again',
  })

const cutAgain = async (
  { order, done }: AdmittedOrder,
  desk: OrderDesk,
): Promise<readonly BranchResult[]> => {
  const { executionId } = order
  const { id, number, format, captions, moment: wanted } = recutWish(order.input)
  const footage = await clips.findFootage({ executionId, order })
  const { moment, degradations } =
    'taken' in wanted
      ? await desk.during('score', () => anotherMoment(executionId, footage, wanted))
      : wanted
  const work = () =>
    clipMoment({ executionId, id, footage, number, moment, format, captions, degradations })
  return await runBranches(desk, [{ step: clipStep(number), work }], done)
}

const anotherMoment = async (
  executionId: ExecutionId,
  footage: Footage,
  { taken, ...wish }: MomentSearch,
): Promise<ChosenMoment> => {
  const { moments, degradations } = await clips.scoreMoments({ executionId, footage, wish, taken })
  const [moment] = moments
  if (moment === undefined) throw new GaveUp('NO_MOMENT_LEFT')
  return { moment, degradations }
}

import type { StepInput } from '../../contracts/activities.ts'
import type { Delivered, StreamSource } from '../../contracts/stream-activities.ts'
import type { LadderWish } from '../../domain/ladder.ts'
import { groupProgress, type LadderGroup } from '../../domain/stream-plan.ts'
import { streams } from '../activities.ts'
import { finishAll } from './settle-all.ts'

type Work = () => Promise<unknown>

/**
 * Makes the ladder of a stream: its rungs group by group, each in ranges that the media workers share,
 * and the sound with the first of them. A worker for whom a group has no range left goes on with the
 * next one. As soon as the first group is whole the stream is published and can be played; when all
 * are, the ladder is closed.
 */
export const makeLadder = async (
  work: StepInput & { readonly source: StreamSource },
  wish: LadderWish,
): Promise<Delivered> => {
  const { ladder, groups, partCountMax } = await streams.planLadder({ ...work, wish })
  const partsOf = (group: LadderGroup): readonly Work[] =>
    groupProgress(groups, group).map(({ range, progress }) => () => {
      const { rungNames } = group
      return streams.encodeLadderPart({ ...work, ladder, rungNames, range, progress })
    })
  const sound = () => streams.encodeLadderSound({ ...work, ladder })
  const [first = [], ...later] = groups.map(partsOf)
  const publish = () => streams.publishLadder({ ...work, groups: groups.slice(0, 1) })
  const playable = [sound, ...first]
  const parts = [...(later.length > 0 ? andThen(playable, publish) : playable), ...later.flat()]
  await finishAll(parts, partCountMax)
  return await streams.closeLadder({ ...work, groups })
}

/** The same works, of which the one that ends last is followed by `next`. */
const andThen = (works: readonly Work[], next: Work): readonly Work[] => {
  let open = works.length
  return works.map((work) => async () => {
    await work()
    open -= 1
    if (open === 0) await next()
  })
}

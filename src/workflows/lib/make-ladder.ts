import type { StepInput } from '../../contracts/activities.ts'
import type { Delivered, StreamSource } from '../../contracts/stream-activities.ts'
import type { LadderWish } from '../../domain/ladder.ts'
import { streams } from '../activities.ts'
import { finishAll } from './settle-all.ts'

/**
 * Makes the ladder of a stream: its rungs group by group, each in ranges that the media workers share,
 * and the sound beside the first of them. As soon as the first group is there the stream is published
 * and can be played; the last one closes it.
 */
export const makeLadder = async (
  work: StepInput & { readonly source: StreamSource },
  wish: LadderWish,
): Promise<Delivered> => {
  const { ladder, groups, partCountMax } = await streams.planLadder({ ...work, wish })
  const published: (typeof groups)[number][] = []
  let fromRatio = 0
  for (const group of groups) {
    const { rungNames, share } = group
    const progress = { fromRatio, toRatio: fromRatio + share }
    fromRatio = progress.toRatio
    const parts = group.ranges.map(
      (range) => () => streams.encodeLadderPart({ ...work, ladder, rungNames, range, progress }),
    )
    const sound = () => streams.encodeLadderSound({ ...work, ladder })
    await finishAll(published.length === 0 ? [sound, ...parts] : parts, partCountMax)
    published.push(group)
    if (published.length < groups.length) {
      await streams.publishLadder({ ...work, groups: [...published] })
    }
  }
  return await streams.closeLadder({ ...work, groups })
}

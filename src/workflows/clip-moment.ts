import type { ClipInput } from '../contracts/clip-activities.ts'
import type { ClipWish, Degradation } from '../domain/clips/clip-wish.ts'
import type { ClipId } from '../domain/ids.ts'
import { clips } from './activities.ts'

export type ClipOrder = ClipInput & {
  readonly id: ClipId
  readonly captions: ClipWish['captions']
  /** What was done in a simpler way for all clips of the order. */
  readonly degradations: readonly Degradation[]
}

/** Makes one clip: find the faces, cut it with its crop and captions, publish it with its picture. */
export const clipMoment = async ({
  id,
  captions,
  degradations,
  ...work
}: ClipOrder): Promise<{ readonly outputs: Readonly<Record<string, string>> }> => {
  const watched = await clips.watchFaces(work)
  const cut = await clips.cutClip({ ...work, captions })
  return await clips.publishClip({
    ...work,
    id,
    captions,
    layout: cut.layout,
    degradations: [...degradations, ...watched.degradations, ...cut.degradations],
  })
}

import type { ClipActivities, Footage } from '../../contracts/clip-activities.ts'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Media } from '../../db/repositories/media.ts'
import { picturesSeconds } from '../../domain/clips/pictures-seconds.ts'
import { recutWish } from '../../domain/clips/recut-wish.ts'
import { MediaError } from '../../domain/failures.ts'
import { clipFolderKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringMedium, findMedium } from '../lib/bring-medium.ts'
import { stagesOf } from '../localizations/find-recording.ts'

/**
 * Brings what clips are cut from: a medium of the account, or the video at a URL (that of a file, or of
 * the page of a video site), which then becomes a medium under the id that the order was given.
 * *Idempotent:* a medium that is there is not fetched again. *Errors:* MEDIA_NO_VIDEO, SOURCE_LIVE,
 * SOURCE_IS_LIST, SOURCE_FORBIDDEN, SOURCE_NOT_FOUND, MEDIA_* (final); SOURCE_UNAVAILABLE,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* the download stops and nothing of it is left.
 */
export const bringFootage =
  (deps: ActivityDependencies): ClipActivities['bringFootage'] =>
  async ({ order }) =>
    footageOf(deps, await bringMedium(deps, order), order)

/** Finds what an earlier round has brought in or, for a clip that is made again, the order that made it.
 * *Errors:* NOT_FOUND. */
export const findFootage =
  (deps: ActivityDependencies): ClipActivities['findFootage'] =>
  async ({ order }) => {
    const origin = originOf(order)
    const footage = footageOf(deps, await findMedium(deps, origin), origin)
    const { accountId, mediaId } = footage
    const { executionId } = order
    return { ...footage, clipsFolderKey: clipFolderKey({ accountId, mediaId, executionId }) }
  }

/** The order that brought the footage. */
const originOf = (order: PipelineOrder): PipelineOrder => {
  if (order.pipeline !== 'recut') return order
  const { executionId, mediaId } = recutWish(order.input).origin
  return { ...order, executionId, subjectId: mediaId }
}

const footageOf = (
  deps: ActivityDependencies,
  medium: Media,
  { accountId, executionId }: PipelineOrder,
): Footage => {
  const pictures = medium.streams.find(({ kind }) => kind === 'video')
  if (medium.kind !== 'video' || !pictures?.widthPx || !pictures.heightPx) {
    throw new MediaError('MEDIA_NO_VIDEO', `${medium.id} has no moving pictures`)
  }
  const folderKey = clipFolderKey({ accountId, mediaId: medium.id, executionId })
  return {
    accountId,
    mediaId: medium.id,
    sourceKey: medium.storageKey,
    durationSeconds: medium.durationSeconds ?? 0,
    picturesSeconds: picturesSeconds(medium),
    folderKey,
    clipsFolderKey: folderKey,
    stages: stagesOf(deps),
    hasSound: medium.streams.some(({ kind }) => kind === 'audio'),
  }
}

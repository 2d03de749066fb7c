import type { PipelineOrder } from '../../contracts/orders.ts'
import type { StreamActivities, StreamSource } from '../../contracts/stream-activities.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError } from '../../domain/failures.ts'
import { streamKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringMedium, findMedium } from '../lib/bring-medium.ts'

/**
 * Brings the source of a stream: a medium of the account, or the file at a URL, which then becomes a
 * medium under the id that the order was given. Refuses what has no moving pictures. From then on this
 * order is the medium's newest. *Idempotent:* a medium that is there is not fetched again. *Errors:*
 * SOURCE_FORBIDDEN, SOURCE_NOT_FOUND, MEDIA_* (final); SOURCE_UNAVAILABLE, STORAGE_UNAVAILABLE
 * (retried). *Cancellation:* the download stops and nothing of it is left.
 */
export const probeSource =
  (deps: ActivityDependencies): StreamActivities['probeSource'] =>
  async ({ executionId, order }) => {
    const source = sourceOf(await bringMedium(deps, order), order)
    const { mediaId } = source
    await deps.mediaStreams.begin({ mediaId, accountId: order.accountId, executionId })
    return source
  }

/** Finds the source that an earlier round has brought in. *Errors:* NOT_FOUND. */
export const findSource =
  (deps: ActivityDependencies): StreamActivities['findSource'] =>
  async ({ executionId, order }) => {
    const medium = await findMedium(deps, order)
    await deps.mediaStreams.begin({ mediaId: medium.id, accountId: order.accountId, executionId })
    return sourceOf(medium, order)
  }

const sourceOf = (medium: Media, { executionId, accountId }: PipelineOrder): StreamSource => {
  if (medium.kind !== 'video') throw new MediaError('MEDIA_NO_VIDEO', `${medium.id} is no film`)
  return {
    mediaId: medium.id,
    sourceKey: medium.storageKey,
    durationSeconds: medium.durationSeconds ?? 0,
    hasSound: medium.streams.some(({ kind }) => kind === 'audio'),
    ...streamKeys({ accountId, mediaId: medium.id, executionId }),
  }
}

import { stat } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { StreamActivities, StreamSource } from '../../contracts/stream-activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId, type MediaId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import { mediaKey, streamKeys } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'

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
    const mediaId = mediaOf(order)
    const { accountId } = order
    const medium =
      (await deps.media.find(accountId, mediaId)) ?? (await fetchMedium(deps, order, mediaId))
    const source = sourceOf(medium, order)
    await deps.mediaStreams.begin({ mediaId, accountId, executionId })
    return source
  }

/** Finds the source that an earlier round has brought in. *Errors:* NOT_FOUND. */
export const findSource =
  (deps: ActivityDependencies): StreamActivities['findSource'] =>
  async ({ executionId, order }) => {
    const { accountId } = order
    const mediaId = mediaOf(order)
    const medium = await deps.media.find(accountId, mediaId)
    if (medium === null) throw new MediaError('NOT_FOUND', `no media ${mediaId}`)
    await deps.mediaStreams.begin({ mediaId, accountId, executionId })
    return sourceOf(medium, order)
  }

const mediaOf = ({ subjectId }: PipelineOrder): MediaId => {
  if (isId('media', subjectId)) return subjectId
  throw new MediaError('NOT_FOUND', `${subjectId} is no medium`)
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

const fetchMedium = async (
  deps: ActivityDependencies,
  order: PipelineOrder,
  mediaId: MediaId,
): Promise<Media> => {
  const { url } = order.input
  if (typeof url !== 'string') throw new MediaError('NOT_FOUND', `no media ${mediaId}`)
  const account = await deps.accounts.find(order.accountId)
  if (account === null) throw new MediaError('NOT_FOUND', `no account ${order.accountId}`)
  return await deps.tools.withWorkspace(order.executionId, async (workspace) => {
    const path = workspace.path('source')
    await download(deps, { url, path, account })
    const storageKey = mediaKey(order.accountId, mediaId)
    const signal = cancellationSignal()
    const found = await deps.ingest.admit({ path }, { storageKey, plan: account.plan, signal })
    const fileName = URL.parse(url)?.pathname.split('/').at(-1)?.slice(0, 200) || null
    const { accountId } = order
    return await deps.media.insert({ id: mediaId, accountId, storageKey, fileName, ...found })
  })
}

const download = async (
  { ownStorageKey, sources, storage }: ActivityDependencies,
  { url, path, account }: { url: string; path: string; account: Account },
): Promise<void> => {
  const signal = cancellationSignal()
  const maxBytes = planTerms(account.plan).uploadSizeBytesMax
  const ownKey = await ownStorageKey(url)
  if (ownKey === null) {
    await sources.download(url, { filePath: path, maxBytes, signal })
    return
  }
  await storage.downloadTo(ownKey, path, signal)
  if ((await stat(path)).size > maxBytes) throw new MediaError('MEDIA_TOO_LARGE', url)
}

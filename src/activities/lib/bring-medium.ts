import { stat } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId, type MediaId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import { mediaKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * What an order works on: a medium of the account, or the file at a URL, which then becomes a medium
 * under the id that the order was given. *Idempotent:* a medium that is there is not fetched again.
 * *Errors:* SOURCE_FORBIDDEN, SOURCE_NOT_FOUND, MEDIA_* (final); SOURCE_UNAVAILABLE, STORAGE_UNAVAILABLE
 * (retried). *Cancellation:* the download stops and nothing of it is left.
 */
export const bringMedium = async (
  deps: ActivityDependencies,
  order: PipelineOrder,
): Promise<Media> => {
  const mediaId = mediaOf(order)
  return (
    (await deps.media.find(order.accountId, mediaId)) ?? (await fetchMedium(deps, order, mediaId))
  )
}

/** The id of the medium that an order works on. *Errors:* NOT_FOUND. */
export const mediaOf = ({ subjectId }: PipelineOrder): MediaId => {
  if (isId('media', subjectId)) return subjectId
  throw new MediaError('NOT_FOUND', `${subjectId} is no medium`)
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

import { mkdir } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { PipelineOrder } from '../../contracts/orders.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { Media } from '../../db/repositories/media.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId, type MediaId } from '../../domain/ids.ts'
import { planTerms } from '../../domain/plans.ts'
import { mediaKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { fetchFile } from './fetch-file.ts'
import type { Workspace } from './media-tools.ts'
import { stepProgress } from './step-progress.ts'

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

/** The medium that an earlier round has brought in. *Errors:* NOT_FOUND. */
export const findMedium = async (
  { media }: Pick<ActivityDependencies, 'media'>,
  order: PipelineOrder,
): Promise<Media> => {
  const mediaId = mediaOf(order)
  const medium = await media.find(order.accountId, mediaId)
  if (medium === null) throw new MediaError('NOT_FOUND', `no media ${mediaId}`)
  return medium
}

/** The id of the medium that an order works on. *Errors:* NOT_FOUND. */
const mediaOf = ({ subjectId }: PipelineOrder): MediaId => {
  if (isId('media', subjectId)) return subjectId
  throw new MediaError('NOT_FOUND', `${subjectId} is no medium`)
}

const fetchMedium = async (
  deps: ActivityDependencies,
  order: PipelineOrder,
  mediaId: MediaId,
): Promise<Media> => {
  const { sealedUrl } = order.input
  if (typeof sealedUrl !== 'string') throw new MediaError('NOT_FOUND', `no media ${mediaId}`)
  const url = deps.openSealed(sealedUrl)
  const account = await deps.accounts.find(order.accountId)
  if (account === null) throw new MediaError('NOT_FOUND', `no account ${order.accountId}`)
  return await deps.tools.withWorkspace(order.executionId, async (workspace) => {
    const { path, fileName } =
      (await fromVideoSite(deps, { url, workspace, account, order })) ??
      (await fromAddress(deps, { url, workspace, account }))
    const storageKey = mediaKey(order.accountId, mediaId)
    const signal = cancellationSignal()
    const found = await deps.ingest.admit({ path }, { storageKey, plan: account.plan, signal })
    const { accountId } = order
    return await deps.media.insert({ id: mediaId, accountId, storageKey, fileName, ...found })
  })
}

interface Download {
  readonly url: string
  readonly workspace: Workspace
  readonly account: Account
}

interface BroughtFile {
  readonly path: string
  readonly fileName: string | null
}

const FILE_NAME_LENGTH_MAX = 200

const fromAddress = async (
  deps: ActivityDependencies,
  { url, workspace, account }: Download,
): Promise<BroughtFile> => {
  const path = workspace.path('source')
  const maxBytes = planTerms(account.plan).uploadSizeBytesMax
  const { sizeBytes } = await fetchFile(deps, { url, filePath: path, maxBytes })
  if (sizeBytes > maxBytes) throw new MediaError('MEDIA_TOO_LARGE', `${sizeBytes} bytes`)
  const name = URL.parse(url)?.pathname.split('/').at(-1) ?? ''
  return { path, fileName: name.slice(0, FILE_NAME_LENGTH_MAX) || null }
}

/** Clips are cut from what people have put on video sites; null for the address of anything else. */
const fromVideoSite = async (
  deps: ActivityDependencies,
  { url, workspace, account, order }: Download & { readonly order: PipelineOrder },
): Promise<BroughtFile | null> => {
  if (order.pipeline !== 'clip' || deps.videoSites === null) return null
  if ((await deps.ownStorageKey(url)) !== null) return null
  const terms = planTerms(account.plan)
  const folder = workspace.path('video')
  await mkdir(folder)
  const { executionId } = order
  const progress = stepProgress(deps, { executionId, step: 'download' })
  const video = await deps.videoSites({
    url,
    folder,
    workPath: workspace.path,
    durationSecondsMax: terms.mediaDurationSecondsMax,
    sizeBytesMax: terms.uploadSizeBytesMax,
    signal: cancellationSignal(),
    onProgress: progress.report,
  })
  await progress.settled()
  return video && { path: video.path, fileName: video.title.slice(0, FILE_NAME_LENGTH_MAX) || null }
}

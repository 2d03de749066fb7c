import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { AccountId } from '../../domain/ids.ts'
import type { JobMedia } from '../../domain/generation/operations.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { generationFileKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'

const ENDINGS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/ogg': 'ogv',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/webm': 'weba',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/wav': 'wav',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'text/plain': 'txt',
  'application/json': 'json',
}

type Measured = Pick<JobResult, 'media' | 'contentType'> &
  Partial<Pick<JobResult, 'durationSeconds' | 'widthPx' | 'heightPx' | 'frameRate'>>

interface MadeFile {
  readonly accountId: AccountId
  readonly filePath: string
}

/** Stores a file under its content. *Idempotent:* the same file has the same key. */
export const storeFile = async (
  { storage }: Pick<ActivityDependencies, 'storage'>,
  { accountId, filePath }: MadeFile,
  measured: Measured,
): Promise<JobResult> => {
  const signal = cancellationSignal()
  const hash = createHash('sha256')
  await pipeline(createReadStream(filePath), hash, { signal })
  const sha256 = hash.digest('hex')
  const { contentType } = measured
  const extension = ENDINGS[contentType] ?? 'bin'
  const storageKey = generationFileKey(accountId, { sha256, extension })
  const { sizeBytes } = await storage.put(storageKey, { filePath }, { contentType, signal })
  const { durationSeconds = null, widthPx = null, heightPx = null, frameRate = null } = measured
  const { media } = measured
  return {
    ...{ media, storageKey, contentType, sizeBytes, sha256 },
    ...{ durationSeconds, widthPx, heightPx, frameRate },
  }
}

/** How far a file is believed. `brought`: it is read to its end. `ordered`: so is it, unless its own index
 * finds all of it. `made`: by us, a moment ago. */
export type Trust = 'brought' | 'ordered' | 'made'

/** What a file is. *Errors:* MEDIA_UNREADABLE, MEDIA_UNSUPPORTED, MEDIA_TOO_LARGE. */
export const measureFile = async (
  { tools }: Pick<ActivityDependencies, 'tools'>,
  path: string,
  { trust, durationSecondsMax }: { readonly trust: Trust; readonly durationSecondsMax?: number },
): Promise<Measured & { readonly media: JobMedia }> => {
  const { kind, durationSeconds, ...found } = await tools.describeMedium({
    path,
    wholly: trust !== 'made',
    byIndex: trust !== 'brought',
    durationSecondsMax: durationSecondsMax ?? MEDIA_LIMITS.durationSecondsMax,
    signal: cancellationSignal(),
  })
  return { media: kind, ...found, durationSeconds: kind === 'image' ? null : durationSeconds }
}

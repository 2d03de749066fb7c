import { join } from 'node:path'
import type { Logger } from 'pino'
import { openCachedStore } from '../adapters/storage/cached-store.ts'
import { openFolderStore } from '../adapters/storage/folder-store.ts'
import type { ObjectStore } from '../adapters/storage/object-store.ts'
import { createS3Store, type S3Store } from '../adapters/storage/s3-store.ts'
import { createUrlSigner, type UrlSigner } from '../adapters/storage/signed-url.ts'
import type { Config } from '../config.ts'
import { StartFailure } from './run-program.ts'

const MEGABYTE = 1024 * 1024

/** A URL of S3 is a secret of whoever has it; with a CDN before the bucket, caching is what it is for. */
const PRIVATE_CACHING = 'private, max-age=300'
const CDN_CACHING = 'public, max-age=3600'

export interface Storage {
  readonly store: ObjectStore
  /** Judges the URLs of the folder's files; null with S3, which judges its own. */
  readonly fileGrants: UrlSigner | null
  /** The key that a URL of ours opens, if its signature is good and not expired; else null. */
  readonly ownStorageKey: (url: string) => Promise<string | null>
}

type StorageLog = Pick<Logger, 'warn' | 'debug'>

/** The folder, or the bucket. Throws one sentence if the bucket is missing or closed to us. */
export const openStorage = async (config: Config, log?: StorageLog): Promise<Storage> => {
  if (config.settings.SPOOL_STORAGE === 'folder') return await openFolder(config)
  const store = await openBucket(config, log)
  return { store, fileGrants: null, ownStorageKey: store.ownKey }
}

/** As `openStorage`; what comes from S3 is kept for the next activity that needs it. */
export const openWorkerStorage = async (config: Config, log?: StorageLog): Promise<Storage> => {
  const { settings, workDir } = config
  const storage = await openStorage(config, log)
  const sizeBytesMax = settings.SPOOL_CACHE_MEGABYTES * MEGABYTE
  // Downloads from the folder are links to it.
  if (settings.SPOOL_STORAGE === 'folder' || sizeBytesMax === 0) return storage
  const folderPath = join(workDir, 'cache')
  const store = await openCachedStore({ store: storage.store, folderPath, sizeBytesMax })
  return { ...storage, store }
}

const openFolder = async ({ settings, storageDir }: Config): Promise<Storage> => {
  const publicUrl = settings.SPOOL_PUBLIC_URL
  const urlSigner = createUrlSigner({ publicUrl, secret: settings.SPOOL_SECRET })
  const filesUrl = `${publicUrl}/files/`
  return {
    store: await openFolderStore({ rootPath: storageDir, urlSigner }),
    fileGrants: urlSigner,
    ownStorageKey: async (url) => {
      if (!url.startsWith(filesUrl)) return null
      const { pathname, searchParams } = new URL(url)
      // Keys need no encoding; what has some in it is nothing that we have signed.
      const key = pathname.slice(new URL(filesUrl).pathname.length)
      const verdict = urlSigner.verify({
        method: 'GET',
        key,
        query: Object.fromEntries(searchParams),
      })
      return verdict.valid ? verdict.grant.key : null
    },
  }
}

/** The bucket that the settings name; nothing is asked of it yet. */
export const bucketOf = ({ settings }: Config): S3Store =>
  createS3Store({
    bucket: settings.S3_BUCKET ?? '',
    endpoint: settings.S3_ENDPOINT,
    publicEndpoint: settings.S3_PUBLIC_ENDPOINT,
    region: settings.S3_REGION,
    accessKeyId: settings.S3_ACCESS_KEY,
    secretAccessKey: settings.S3_SECRET_KEY,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE === 'true',
    cacheControl: settings.SPOOL_CDN_BASE_URL === undefined ? PRIVATE_CACHING : CDN_CACHING,
    cdnBaseUrl: settings.SPOOL_CDN_BASE_URL,
  })

const openBucket = async (config: Config, log?: StorageLog): Promise<S3Store> => {
  const { settings } = config
  const bucket = settings.S3_BUCKET ?? ''
  const store = bucketOf(config)
  const place = settings.S3_ENDPOINT ?? `AWS (${settings.S3_REGION})`
  switch (await store.inspectBucket()) {
    case 'missing':
      throw new StartFailure(
        `S3 at ${place} shows us no bucket "${bucket}": make it (node scripts/run.mjs scripts/make-bucket.ts), or correct S3_BUCKET and S3_ACCESS_KEY.`,
      )
    case 'refused':
      throw new StartFailure(
        `S3 at ${place} refuses the bucket "${bucket}": check S3_ACCESS_KEY, S3_SECRET_KEY and S3_REGION, and that the key may list, read, write and delete there.`,
      )
    case 'unreachable':
      // It may be starting too: /readyz tells, and work waits for it.
      log?.warn({ bucket, endpoint: settings.S3_ENDPOINT }, 'S3 does not answer yet')
      break
    case 'ready':
      await store.removeAbandonedUploads().catch((error: unknown) => {
        log?.debug({ err: error }, 'unfinished uploads are not cleared away')
      })
  }
  return store
}

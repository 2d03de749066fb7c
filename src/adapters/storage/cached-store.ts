import { createHash, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { MediaError } from '../../domain/failures.ts'
import { openCacheShelf, type CacheShelf } from './cache-shelf.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'
import { shareWork, type SharedWork } from './shared-work.ts'

export interface CachedStoreOptions {
  readonly store: ObjectStore
  /** On the file system of the workspaces, so that a download is a link and costs nothing. */
  readonly folderPath: string
  readonly sizeBytesMax: number
}

/**
 * A store whose downloads are kept on this machine, so that a worker fetches no version of an object
 * twice, not even when several activities want it at once. Everything but `downloadTo` goes straight through.
 *
 * *What is kept:* whole files by key and version. Each download first asks which version there is now, so
 * nothing stale is handed out. *Bounds:* `sizeBytesMax`; what was not used for longest goes first, and never a
 * file that somebody still has. What finds no room is downloaded past the cache. *Kills:* a file gets its name
 * when it is whole; what dead processes left is removed by the next that opens the folder.
 */
export const openCachedStore = async (options: CachedStoreOptions): Promise<ObjectStore> => {
  const { store } = options
  const shelf = await openCacheShelf(options)
  const fetches = new Map<string, SharedWork<string | null>>()

  /** One download for all who want this version now; null when there is no room for it. */
  const fetch = async (info: ObjectInfo, signal: AbortSignal | undefined) => {
    const name = nameOf(info.key, info.version)
    const running = fetches.get(name)
    if (running !== undefined) return await running.join(signal)
    const started = shareWork(
      (everybodyLeft) => fetchOnto(shelf, store, { info, signal: everybodyLeft }),
      () => fetches.delete(name),
    )
    fetches.set(name, started)
    return await started.join(signal)
  }

  return {
    ...store,
    downloadTo: async (key, filePath, signal) => {
      signal?.throwIfAborted()
      const info = await store.head(key)
      if (info === null) throw new MediaError('STORAGE_NOT_FOUND', `no object ${key}`)
      const { sizeBytes, contentType, version } = info
      const isThere = await shelf.handOut(nameOf(key, version), filePath, signal)
      if (!isThere) {
        const name = await fetch(info, signal)
        // Without room, or when it was removed at once for another's, or changed under way: past the cache.
        const isCurrent = name === nameOf(key, version)
        if (!isCurrent || !(await shelf.handOut(name, filePath, signal))) {
          return await store.downloadTo(key, filePath, signal)
        }
      }
      return { sizeBytes, contentType, version }
    },
  }
}

const nameOf = (key: string, version: string): string =>
  createHash('sha256').update(`${key}\n${version}`).digest('hex')

const fetchOnto = async (
  shelf: CacheShelf,
  store: ObjectStore,
  { info, signal }: { info: ObjectInfo; signal: AbortSignal },
): Promise<string | null> => {
  const { key, sizeBytes: expectedBytes } = info
  if (!(await shelf.reserve(expectedBytes))) return null
  const part = shelf.partPath(randomUUID())
  try {
    // The object may have changed since it was asked about: what comes is named after what it is.
    const { version, sizeBytes } = await store.downloadTo(key, part, signal)
    const name = nameOf(key, version)
    await shelf.take(part, { name, sizeBytes })
    return name
  } finally {
    shelf.release(expectedBytes)
    await rm(part, { force: true })
  }
}

import { randomUUID } from 'node:crypto'
import { constants, createReadStream, createWriteStream, type Stats } from 'node:fs'
import {
  access,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { ByteRange } from '../../domain/byte-range.ts'
import { MediaError } from '../../domain/failures.ts'
import { isObjectKey } from '../../domain/object-key.ts'
import { byteLimit } from './byte-limit.ts'
import { linkOrCopy } from './link-or-copy.ts'
import type {
  ListedObject,
  ObjectInfo,
  ObjectStore,
  OpenObject,
  PutOptions,
} from './object-store.ts'
import type { UrlSigner } from './signed-url.ts'

/** Beside the objects, on the same file system, so that the rename at the end is one step. */
const INCOMING = '.incoming'
/** No upload lives this long; what is older was left by a process that died. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

export interface FolderStoreOptions {
  readonly rootPath: string
  readonly urlSigner: Pick<UrlSigner, 'signGet' | 'signPut'>
}

/**
 * Opens a folder as an object store, makes it if need be, and clears what dead writers left in it.
 *
 * An object is a file at its key; its content type stands in a hidden file beside it (keys cannot
 * begin with a dot). One thing differs from S3: `a` and `a/b` cannot both be objects.
 */
export const openFolderStore = async (options: FolderStoreOptions): Promise<ObjectStore> => {
  const { rootPath, urlSigner } = options
  await translated(() => mkdir(join(rootPath, INCOMING), { recursive: true }))
  await translated(() => removeAbandoned(join(rootPath, INCOMING)))
  const pathOf = (key: string): string => join(rootPath, checked(key))

  const listed = async (key: string): Promise<ListedObject | null> => {
    const path = pathOf(key)
    const found = await translated(() => stat(path).catch(nullIfMissing))
    if (!found?.isFile()) return null
    return { key, sizeBytes: found.size, modifiedAtMs: found.mtimeMs, version: versionOf(found) }
  }
  const head = async (key: string): Promise<ObjectInfo | null> => {
    const found = await listed(key)
    const path = pathOf(key)
    return found && { ...found, contentType: await translated(() => contentTypeOf(path)) }
  }
  const openObject = async (key: string, range?: ByteRange): Promise<OpenObject> => {
    const path = pathOf(key)
    return translated(async () => {
      // One handle for size and bytes: a put in between replaces the name, not what is being read.
      const handle = await open(path)
      const found = await handle.stat()
      if (!found.isFile()) {
        await handle.close()
        throw new MediaError('STORAGE_NOT_FOUND', `no object ${key}`)
      }
      const bytes = range ? { start: range.startByte, end: range.endByte } : {}
      return {
        sizeBytes: found.size,
        contentType: await contentTypeOf(path),
        stream: handle.createReadStream(bytes),
      }
    })
  }

  return {
    check: async () => {
      try {
        await access(join(rootPath, INCOMING), constants.W_OK)
      } catch (error) {
        throw new MediaError('STORAGE_UNAVAILABLE', String(error), { cause: error })
      }
    },
    head,
    put: async (key, source, putOptions) => {
      const path = pathOf(key)
      return translated(() => putFile(rootPath, path, source, putOptions), putOptions.signal)
    },
    open: openObject,
    downloadTo: async (key, filePath, signal) => {
      const path = pathOf(key)
      return translated(async () => {
        signal?.throwIfAborted()
        if (!(await stat(path)).isFile()) {
          throw new MediaError('STORAGE_NOT_FOUND', `no object ${key}`)
        }
        // Of a put in between the file is the old object or the new one, and never a mixture.
        await linkOrCopy(path, filePath, signal)
        const found = await stat(filePath)
        return {
          sizeBytes: found.size,
          contentType: await contentTypeOf(path),
          version: versionOf(found),
        }
      }, signal)
    },
    delete: async (key) => {
      const path = pathOf(key)
      await translated(async () => {
        await rm(path, { force: true })
        await rm(typePath(path), { force: true })
      })
    },
    list: async function* (prefix) {
      const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
      if (folder && !isObjectKey(folder)) return
      for await (const key of keysIn(rootPath, folder)) {
        const found = key.startsWith(prefix) ? await listed(key) : null
        if (found) yield found
      }
    },
    signGet: async (key, getOptions) => urlSigner.signGet(checked(key), getOptions),
    signPut: async (key, uploadOptions) => urlSigner.signPut(checked(key), uploadOptions),
  }
}

const putFile = async (
  rootPath: string,
  path: string,
  source: Readable | { readonly filePath: string },
  options: PutOptions,
): Promise<{ sizeBytes: number }> => {
  const temporary = join(rootPath, INCOMING, randomUUID())
  try {
    const input = 'filePath' in source ? createReadStream(source.filePath) : source
    // Nobody writes to it again, and downloads may be links to it.
    const target = createWriteStream(temporary, { flags: 'wx', mode: 0o400, flush: true })
    const limit = byteLimit(options.maxBytes ?? Number.POSITIVE_INFINITY)
    await pipeline([input, limit, target], abortable(options.signal))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${temporary}.type`, options.contentType, { mode: 0o600 })
    await rename(`${temporary}.type`, typePath(path))
    await rename(temporary, path)
    await syncFolder(dirname(path))
    return { sizeBytes: target.bytesWritten }
  } finally {
    await rm(temporary, { force: true })
    await rm(`${temporary}.type`, { force: true })
  }
}

/** Without this a power cut may forget the rename of a file whose bytes are safe. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const removeAbandoned = async (incomingPath: string): Promise<void> => {
  for (const name of await readdir(incomingPath)) {
    const path = join(incomingPath, name)
    const found = await stat(path).catch(nullIfMissing)
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true })
  }
}

/** Depth first, names sorted by code unit, hidden files (types, incoming) left out. */
async function* keysIn(rootPath: string, parent: string): AsyncGenerator<string> {
  const entries = await translated(() =>
    readdir(join(rootPath, parent), { withFileTypes: true }).catch(nullIfMissing),
  )
  // S3 compares whole keys: a folder sorts as if its name ended with the slash.
  const named = (entries ?? [])
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => ({ entry, sortName: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .toSorted((one, other) => (one.sortName < other.sortName ? -1 : 1))
  for (const { entry } of named) {
    const key = parent ? `${parent}/${entry.name}` : entry.name
    if (entry.isDirectory()) yield* keysIn(rootPath, key)
    else if (entry.isFile() && isObjectKey(key)) yield key
  }
}

const versionOf = ({ mtimeMs, size }: Stats): string =>
  `${Math.round(mtimeMs).toString(36)}-${size.toString(36)}`

const typePath = (path: string): string => join(dirname(path), `.${basename(path)}.type`)

const contentTypeOf = async (path: string): Promise<string> =>
  (await readFile(typePath(path), 'utf8').catch(nullIfMissing)) || DEFAULT_CONTENT_TYPE

const checked = (key: string): string => {
  if (!isObjectKey(key)) throw new MediaError('INPUT_INVALID', `not a key: ${JSON.stringify(key)}`)
  return key
}

const abortable = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal ? { signal } : {}

const nullIfMissing = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}

/** Names what the file system reports; a cancel keeps its own reason. */
const translated = async <Result>(
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof MediaError || !(error instanceof Error)) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new MediaError('DISK_FULL', error.message, { cause: error })
    }
    if (code === 'ENOENT')
      throw new MediaError('STORAGE_NOT_FOUND', error.message, { cause: error })
    throw new MediaError('STORAGE_UNAVAILABLE', error.message, { cause: error })
  }
}

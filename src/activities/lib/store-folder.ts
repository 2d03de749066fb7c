import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { ActivityDependencies } from '../dependencies.ts'

/** Enough to hide the latency of a remote store, few enough for one machine's files and sockets. */
const PUTS_AT_ONCE = 6

/** What a folder's files are served as; everything that a stream or a storyboard is made of. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
  vtt: 'text/vtt',
  json: 'application/json',
  jpg: 'image/jpeg',
  webp: 'image/webp',
}

/** A segment is never written anew with other content; for the rest the storage's own rule holds. */
const cachingOf = (name: string): { readonly cacheControl?: string } =>
  name.endsWith('.m4s') ? { cacheControl: 'private, max-age=86400, immutable' } : {}

/**
 * Stores every file of a folder under a key of its own: the folder's key and its relative name.
 * *Idempotent:* equal names overwrite. *Returns* the size of all of them together.
 */
export const storeFolder = async (
  { storage }: Pick<ActivityDependencies, 'storage'>,
  folder: { readonly path: string; readonly key: string },
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number }> => {
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true })
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
  let sizeBytes = 0
  const lane = async (): Promise<void> => {
    for (let filePath = paths.pop(); filePath !== undefined; filePath = paths.pop()) {
      const name = relative(folder.path, filePath).split(sep).join('/')
      const contentType = CONTENT_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
      const key = `${folder.key}/${name}`
      const about = { contentType, signal, ...cachingOf(name) }
      sizeBytes += (await storage.put(key, { filePath }, about)).sizeBytes
    }
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, lane))
  return { sizeBytes }
}

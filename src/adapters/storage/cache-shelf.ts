import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import { processStart } from '../process-start.ts'
import { linkOrCopy } from './link-or-copy.ts'

const ENTRY = /^[0-9a-f]{64}$/
/** An unfinished file says in its name whose it is. */
const PART = /^([0-9a-f]{8})-(\d+)-.+\.part$/
/** Process ids say nothing about other machines, or containers, that share the folder. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
/** No download lives this long; older parts of other machines were left by the dead. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/** Whole files under names, within a number of bytes; what was not used for longest makes room. */
export interface CacheShelf {
  /** Puts the file to `filePath` as `linkOrCopy` does; false if it is not on the shelf. */
  readonly handOut: (name: string, filePath: string, signal?: AbortSignal) => Promise<boolean>
  /** Keeps so many bytes free until `release`; false if there is no room, whatever were removed. */
  readonly reserve: (sizeBytes: number) => Promise<boolean>
  readonly release: (sizeBytes: number) => void
  /** Where a file may be made that `take` then moves into place. */
  readonly partPath: (id: string) => string
  readonly take: (partPath: string, entry: { name: string; sizeBytes: number }) => Promise<void>
}

interface Entry {
  readonly sizeBytes: number
  /** How many are taking it at this moment. */
  pins: number
}

/** Opens the folder with what earlier processes kept in it, and removes what they did not finish. */
export const openCacheShelf = async (options: {
  readonly folderPath: string
  readonly sizeBytesMax: number
}): Promise<CacheShelf> => {
  const { folderPath, sizeBytesMax } = options
  const pathOf = (name: string): string => join(folderPath, name)
  await mkdir(folderPath, { recursive: true, mode: 0o700 })
  // A Map keeps the order of insertion: the first was not used for longest.
  const entries = await readEntries(folderPath)
  let reservedBytes = 0
  const freeBytes = (): number =>
    sizeBytesMax -
    reservedBytes -
    [...entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

  const touch = (name: string, entry: Entry): void => {
    entries.delete(name)
    entries.set(name, entry)
  }
  const removeOldest = async (): Promise<boolean> => {
    for (const [name, entry] of [...entries]) {
      if (entry.pins > 0 || (await hasOtherLinks(pathOf(name)))) continue
      // Meanwhile somebody may have begun to take it.
      if (entry.pins > 0 || entries.get(name) !== entry) continue
      entries.delete(name)
      await rm(pathOf(name), { force: true })
      return true
    }
    return false
  }

  return {
    partPath: (id) => pathOf(`${HOST}-${process.pid}-${id}.part`),
    handOut: async (name, filePath, signal) => {
      const entry = entries.get(name)
      if (entry === undefined) return false
      touch(name, entry)
      entry.pins += 1
      try {
        const now = new Date()
        await utimes(pathOf(name), now, now)
        await linkOrCopy(pathOf(name), filePath, signal)
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        // Another process that shares the folder has removed it.
        if (entries.get(name) === entry) entries.delete(name)
        return false
      } finally {
        entry.pins -= 1
      }
    },
    reserve: async (sizeBytes) => {
      if (sizeBytes > sizeBytesMax) return false
      reservedBytes += sizeBytes
      while (freeBytes() < 0) {
        if (await removeOldest()) continue
        reservedBytes -= sizeBytes
        return false
      }
      return true
    },
    release: (sizeBytes) => {
      reservedBytes -= sizeBytes
    },
    take: async (partPath, { name, sizeBytes }) => {
      await chmod(partPath, 0o400)
      await rename(partPath, pathOf(name))
      entries.set(name, { sizeBytes, pins: 0 })
    },
  }
}

/** A workspace that was given the file by a link has it still; removing it here would free nothing. */
const hasOtherLinks = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => null)
  return found !== null && found.nlink > 1
}

const readEntries = async (folderPath: string): Promise<Map<string, Entry>> => {
  const found: { name: string; sizeBytes: number; usedAtMs: number }[] = []
  for (const name of await readdir(folderPath)) {
    const path = join(folderPath, name)
    const { size: sizeBytes, mtimeMs: usedAtMs } = await stat(path).catch(() => ({
      size: 0,
      mtimeMs: 0,
    }))
    if (ENTRY.test(name)) found.push({ name, sizeBytes, usedAtMs })
    else if (await isDeadPart(name, usedAtMs)) await rm(path, { force: true })
  }
  found.sort((one, other) => one.usedAtMs - other.usedAtMs)
  return new Map(found.map(({ name, sizeBytes }) => [name, { sizeBytes, pins: 0 }]))
}

const isDeadPart = async (name: string, modifiedAtMs: number): Promise<boolean> => {
  const [, ofHost, pid] = PART.exec(name) ?? []
  if (pid === undefined) return false
  if (Date.now() - modifiedAtMs > ABANDONED_AFTER_MS) return true
  if (ofHost !== HOST) return false
  // This process has only begun: a part under its id is of an earlier one.
  return Number(pid) === process.pid || (await processStart(Number(pid))) === null
}

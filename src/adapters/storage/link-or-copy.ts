import { createReadStream, createWriteStream } from 'node:fs'
import { link, rm, stat, utimes } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** What a file system says that cannot link these two: another one, too many links, no such thing. */
const NO_LINK: ReadonlySet<string | undefined> = new Set([
  'EXDEV',
  'EMLINK',
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
])

/**
 * Makes `targetPath` a file with the bytes of `sourcePath`: by a hard link, which costs nothing, or by a
 * copy with the same time of change. What was there before is replaced. *Errors:* those of the file system;
 * ENOENT when there is no source. *Cancellation:* rejects and leaves no file.
 */
export const linkOrCopy = async (
  sourcePath: string,
  targetPath: string,
  signal?: AbortSignal,
): Promise<void> => {
  // Never into the old file: it may be a link to something that others read.
  await rm(targetPath, { force: true })
  try {
    await link(sourcePath, targetPath)
  } catch (error) {
    if (!NO_LINK.has((error as NodeJS.ErrnoException).code)) throw error
    await copy(sourcePath, targetPath, signal)
  }
}

const copy = async (sourcePath: string, targetPath: string, signal?: AbortSignal) => {
  const { atime, mtime } = await stat(sourcePath)
  try {
    const target = createWriteStream(targetPath, { flags: 'wx', mode: 0o400 })
    await pipeline([createReadStream(sourcePath), target], signal ? { signal } : {})
    await utimes(targetPath, atime, mtime)
  } catch (error) {
    await rm(targetPath, { force: true })
    throw error
  }
}

import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** An Ogg page has at most 255 × 255 bytes of data behind its header. */
const OGG_PAGE_BYTES_MAX = 27 + 255 + 255 * 255

/**
 * Says how a WAV or Ogg file breaks off, or `null` if nothing is missing at its end. FFmpeg reads such
 * files to where they stop and then calls that their length, so their own book-keeping is asked.
 */
export const findMissingEnd = async (path: string, formatName: string): Promise<string | null> => {
  if (formatName !== 'wav' && formatName !== 'ogg') return null
  const file = await open(path)
  try {
    const { size } = await file.stat()
    return formatName === 'wav' ? await missingWavEnd(file, size) : await missingOggEnd(file, size)
  } finally {
    await file.close()
  }
}

const readAt = async (file: FileHandle, length: number, position: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

const missingWavEnd = async (file: FileHandle, sizeBytes: number): Promise<string | null> => {
  const header = await readAt(file, 12, 0)
  if (header.length < 12 || header.toString('latin1', 0, 4) !== 'RIFF') return null
  const claimedBytes = header.readUInt32LE(4) + 8
  // Programs that write to a pipe cannot come back to fill in the size and leave it at the maximum.
  const isPiped = claimedBytes >= 0xffff_0000
  // Some writers round a chunk of odd length, some do not.
  if (isPiped || claimedBytes <= sizeBytes + 2) return null
  return `the WAV header speaks of ${claimedBytes} bytes, there are ${sizeBytes}`
}

const missingOggEnd = async (file: FileHandle, sizeBytes: number): Promise<string | null> => {
  const start = Math.max(0, sizeBytes - OGG_PAGE_BYTES_MAX)
  const tail = await readAt(file, sizeBytes - start, start)
  const page = tail.lastIndexOf('OggS')
  if (page < 0) return 'there is no Ogg page at the end'
  const segments = tail[page + 26]
  if (segments === undefined) return 'the last Ogg page breaks off in its header'
  const lengths = tail.subarray(page + 27, page + 27 + segments)
  const end = page + 27 + segments + lengths.reduce((sum, length) => sum + length, 0)
  if (lengths.length === segments && end <= tail.length) return null
  return `the last Ogg page lacks ${end - tail.length} bytes`
}

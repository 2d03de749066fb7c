import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

import { MediaError } from '../../domain/failures.ts'

export interface WebpAnimation {
  readonly widthPx: number
  readonly heightPx: number
  readonly frameCount: number
  readonly durationSeconds: number
}

/**
 * Reads size, frames and length out of an animated WebP, of which ffprobe 5.1 to 7 sees the first
 * picture or nothing. Walks over the chunks and reads none of the pictures. *Errors:* ENCODER_CRASHED.
 * Source: the WebP container specification, "Extended File Format".
 */
export const readWebpAnimation = async (path: string): Promise<WebpAnimation> => {
  const file = await open(path)
  try {
    const { size: sizeBytes } = await file.stat()
    return await readChunks(file, sizeBytes)
  } finally {
    await file.close()
  }
}

const CHUNK_HEADER_BYTES = 8
/** Enough of a chunk for its own header: VP8X has 10 bytes, ANMF 16 before its picture. */
const READ_BYTES = CHUNK_HEADER_BYTES + 16

const readChunks = async (file: FileHandle, sizeBytes: number): Promise<WebpAnimation> => {
  const riff = await readAt(file, 0)
  const isWhole =
    riff.toString('latin1', 0, 4) === 'RIFF' &&
    riff.toString('latin1', 8, 12) === 'WEBP' &&
    riff.readUInt32LE(4) + CHUNK_HEADER_BYTES <= sizeBytes
  if (!isWhole) throw new MediaError('ENCODER_CRASHED', 'no whole WebP was made')
  let widthPx = 0
  let heightPx = 0
  let frameCount = 0
  let durationMs = 0
  for (let at = 12; at + CHUNK_HEADER_BYTES <= sizeBytes;) {
    const chunk = await readAt(file, at)
    const name = chunk.toString('latin1', 0, 4)
    if (name === 'VP8X') {
      widthPx = chunk.readUIntLE(12, 3) + 1
      heightPx = chunk.readUIntLE(15, 3) + 1
    }
    if (name === 'ANMF') {
      frameCount += 1
      durationMs += chunk.readUIntLE(20, 3)
    }
    const bodyBytes = chunk.readUInt32LE(4)
    at += CHUNK_HEADER_BYTES + bodyBytes + (bodyBytes % 2)
  }
  if (frameCount === 0) throw new MediaError('ENCODER_CRASHED', 'the WebP does not move')
  return { widthPx, heightPx, frameCount, durationSeconds: durationMs / 1000 }
}

const readAt = async (file: FileHandle, position: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(READ_BYTES)
  await file.read(bytes, 0, READ_BYTES, position)
  return bytes
}

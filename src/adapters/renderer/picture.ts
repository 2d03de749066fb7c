import { MediaError } from '../../domain/failures.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'
import { MEDIA_FORMATS, safeInput } from '../ffmpeg/safe-input.ts'
import type { DecodeOptions } from './decode-audio.ts'

/** The longest side that any template shows, at 1080 lines with some room for scaling. */
const LONG_SIDE_PX = 1_920
const PNG_BYTES_MAX = 64_000_000

/**
 * The first picture of a local file (an image, or the cover inside a song) as PNG bytes, scaled down
 * to what a frame can show. ffmpeg reads it in its own process: a hostile picture cannot take the
 * worker with it. *Errors:* MEDIA_UNREADABLE when there is no picture that can be read.
 */
export const readPicture = async (path: string, options: DecodeOptions): Promise<Uint8Array> => {
  const decoder = spawnFfmpeg({
    ...options,
    stdout: 'pipe',
    args: [
      ...safeInput({ path, formats: [...MEDIA_FORMATS, 'gif', 'bmp_pipe', 'image2'] }),
      ...['-map', '0:v:0', '-frames:v', '1'],
      '-vf',
      `scale=w='min(iw,${LONG_SIDE_PX})':h='min(ih,${LONG_SIDE_PX})':` +
        'force_original_aspect_ratio=decrease:flags=lanczos,format=rgba',
      ...['-c:v', 'png', '-compression_level', '1', '-f', 'image2pipe', 'pipe:1'],
    ],
  })
  try {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of (decoder.stdout ?? []) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.byteLength
      if (sizeBytes <= PNG_BYTES_MAX) chunks.push(chunk)
    }
    await decoder.finished
    if (chunks.length === 0) throw new MediaError('MEDIA_UNREADABLE', 'no picture inside')
    return Buffer.concat(chunks)
  } catch (error) {
    options.signal.throwIfAborted()
    const cause = await decoder.finished.then(
      () => error,
      (reason: unknown) => reason,
    )
    if (cause instanceof MediaError && cause.code !== 'ENCODER_CRASHED') throw cause
    throw new MediaError('MEDIA_UNREADABLE', 'the picture cannot be read', { cause })
  }
}

import { MediaError } from '../../domain/failures.ts'
import { judgeMedia } from '../../domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { probe } from '../ffmpeg/probe.ts'
import { verifyReadable } from '../ffmpeg/verify-readable.ts'
import { contentTypeOf } from './content-type.ts'

/**
 * Accepts a local file as the song of a render, or says why not. *Output:* `durationSeconds` as it
 * was decoded. *Errors:* MEDIA_UNREADABLE, MEDIA_UNSUPPORTED, MEDIA_NO_AUDIO, MEDIA_TOO_LARGE (final);
 * ENCODER_TIMEOUT. *Cancellation:* rejects with the signal's reason when ffmpeg is gone.
 */
export const judgeSong = async (song: {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly path: string
  readonly durationSecondsMax: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}): Promise<{ readonly durationSeconds: number; readonly contentType: string }> => {
  const { ffmpegPath, ffprobePath, path, timeoutMs, signal } = song
  const found = await probe({ ffprobePath, path, signal })
  const durationSecondsMax = Math.min(MEDIA_LIMITS.durationSecondsMax, song.durationSecondsMax)
  const limits = { ...MEDIA_LIMITS, durationSecondsMax }
  const judgement = judgeMedia(found, { limits, needs: 'audio' })
  if (!judgement.ok) {
    const { code, problems } = judgement
    throw new MediaError(code, 'refused by its probe', { problems })
  }
  const { durationSeconds } = await verifyReadable({
    ffmpegPath,
    path,
    probe: found,
    durationSecondsMax,
    timeoutMs,
    signal,
  })
  return { durationSeconds, contentType: contentTypeOf(found.formatName, judgement.kind) }
}

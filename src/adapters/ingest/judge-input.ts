import { MediaError } from '../../domain/failures.ts'
import { judgeMedia, type MediaNeed } from '../../domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { videoStreams } from '../../domain/media-probe.ts'
import { probe } from '../ffmpeg/probe.ts'
import { verifyReadable } from '../ffmpeg/verify-readable.ts'
import { contentTypeOf } from './content-type.ts'

export interface InputJudgement {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly path: string
  readonly needs: MediaNeed
  readonly durationSecondsMax: number
  /** False: a file that was decoded to its end before, of which a look at the header is enough. */
  readonly wholly: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface JudgedInput {
  /** 0 of a picture. */
  readonly durationSeconds: number
  readonly contentType: string
  /** Of the pictures, as stored; null for what is only heard. */
  readonly widthPx: number | null
  readonly heightPx: number | null
}

/**
 * Accepts a local file as the input of a task, or says why not. *Output:* `durationSeconds` as it was
 * decoded, or as the header has it (0 for a picture). *Errors:* MEDIA_UNREADABLE, MEDIA_UNSUPPORTED,
 * MEDIA_NO_AUDIO, MEDIA_NO_VIDEO, MEDIA_TOO_LARGE (final); ENCODER_TIMEOUT. *Cancellation:* rejects with
 * the signal's reason when ffmpeg is gone.
 */
export const judgeInput = async (input: InputJudgement): Promise<JudgedInput> => {
  const { ffmpegPath, ffprobePath, path, needs, timeoutMs, signal } = input
  const found = await probe({ ffprobePath, path, signal })
  const durationSecondsMax = Math.min(MEDIA_LIMITS.durationSecondsMax, input.durationSecondsMax)
  const judgement = judgeMedia(found, { limits: { ...MEDIA_LIMITS, durationSecondsMax }, needs })
  if (!judgement.ok) {
    const { code, problems } = judgement
    throw new MediaError(code, 'refused by its probe', { problems })
  }
  const [pictures] = videoStreams(found)
  const described = {
    contentType: contentTypeOf(found.formatName, judgement.kind),
    widthPx: pictures?.widthPx ?? null,
    heightPx: pictures?.heightPx ?? null,
  }
  if (!input.wholly && found.durationSeconds !== null && !found.durationIsEstimated) {
    return { durationSeconds: found.durationSeconds, ...described }
  }
  const { durationSeconds } = await verifyReadable({
    ffmpegPath,
    path,
    probe: found,
    durationSecondsMax,
    timeoutMs,
    signal,
  })
  return { durationSeconds, ...described }
}

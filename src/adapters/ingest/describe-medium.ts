import { MediaError } from '../../domain/failures.ts'
import { judgeMedia, type MediaKind, type MediaNeed } from '../../domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { isImageFormat, videoStreams, type MediaProbe } from '../../domain/media-probe.ts'
import { probeByIndex } from '../ffmpeg/compose/probe-by-index.ts'
import { probe } from '../ffmpeg/probe.ts'
import { verifyReadable } from '../ffmpeg/verify-readable.ts'
import { contentTypeOf } from './content-type.ts'
import { probeOwnPicture } from './picture-header.ts'

export interface MediumInspection {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly path: string
  /** Missing: whatever it is. */
  readonly needs?: MediaNeed
  readonly durationSecondsMax: number
  /** False: a file that was decoded to its end before, of which a look at the header is enough. */
  readonly wholly: boolean
  /** True: an MP4 whose index finds all of its packets is believed without being read to its end. For
   * what was ordered of somebody who is known; what strangers send is read. */
  readonly byIndex?: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What a local file is. */
export interface DescribedMedium {
  readonly kind: MediaKind
  readonly contentType: string
  /** As it was decoded, or as the header or the index has it; 0 of a picture. */
  readonly durationSeconds: number
  /** Of the pictures, as stored; null for what is only heard. */
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly frameRate: number | null
}

/**
 * Says what a local file is, or why it is not accepted. *Errors:* MEDIA_UNREADABLE, MEDIA_UNSUPPORTED,
 * MEDIA_NO_AUDIO, MEDIA_NO_VIDEO, MEDIA_TOO_LARGE (final); ENCODER_TIMEOUT. *Cancellation:* rejects with
 * the signal's reason when ffmpeg is gone.
 */
export const describeMedium = async (input: MediumInspection): Promise<DescribedMedium> => {
  const { ffmpegPath, ffprobePath, path, needs, timeoutMs, signal } = input
  const indexed = input.byIndex === true ? await probeByIndex(path) : null
  const ownPicture = input.wholly || indexed !== null ? null : await probeOwnPicture(path)
  const found = indexed ?? ownPicture ?? (await probe({ ffprobePath, path, signal }))
  const durationSecondsMax = Math.min(MEDIA_LIMITS.durationSecondsMax, input.durationSecondsMax)
  const judgement = judgeMedia(found, {
    limits: { ...MEDIA_LIMITS, durationSecondsMax },
    ...(needs === undefined ? {} : { needs }),
  })
  if (!judgement.ok) {
    const { code, problems } = judgement
    throw new MediaError(code, 'refused by its probe', { problems })
  }
  const [pictures] = videoStreams(found)
  const described = {
    kind: judgement.kind,
    contentType: contentTypeOf(found.formatName, judgement.kind),
    widthPx: pictures?.widthPx ?? null,
    heightPx: pictures?.heightPx ?? null,
    frameRate: judgement.kind === 'video' ? (pictures?.frameRate ?? null) : null,
  }
  const knownSeconds = input.wholly ? null : headerSeconds(found)
  const durationSeconds = indexed?.durationSeconds ?? knownSeconds
  if (durationSeconds !== null) return { durationSeconds, ...described }
  const read = await verifyReadable({
    ffmpegPath,
    path,
    probe: found,
    durationSecondsMax,
    timeoutMs,
    signal,
  })
  return { durationSeconds: read.durationSeconds, ...described }
}

/** Null where the header can only guess. */
const headerSeconds = (found: MediaProbe): number | null => {
  if (isImageFormat(found.formatName)) return 0
  return found.durationIsEstimated ? null : found.durationSeconds
}

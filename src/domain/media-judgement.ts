import type { FailureCode, FieldProblem } from './failures.ts'
import type { MediaLimits } from './media-limits.ts'
import { audioStreams, isImageFormat, videoStreams } from './media-probe.ts'
import type { MediaProbe, MediaStream } from './media-probe.ts'

export type MediaKind = 'audio' | 'video' | 'image'
export type MediaNeed = 'audio' | 'video' | 'pictures'

export type MediaJudgement =
  | { readonly ok: true; readonly kind: MediaKind }
  | { readonly ok: false; readonly code: FailureCode; readonly problems: readonly FieldProblem[] }

interface Finding {
  readonly code: FailureCode
  readonly message: string
  readonly fix: string
}

export interface JudgementOptions {
  readonly limits: MediaLimits
  /** What the file must have, or it is refused with MEDIA_NO_AUDIO or MEDIA_NO_VIDEO: a sound track;
   * moving pictures; pictures, moving or not. */
  readonly needs?: MediaNeed
  /** Where the file stands in the request, for the problems. */
  readonly path?: string
}

/**
 * Decides by its probe whether a file may be worked on. All that is wrong is named at once; the code is
 * that of the first finding, and what the file *is* comes before how large it is.
 */
export const judgeMedia = (
  probe: MediaProbe,
  { limits, needs, path = 'file' }: JudgementOptions,
): MediaJudgement => {
  const kind = kindOf(probe)
  const findings = [
    ...natureFindings(probe, kind, needs),
    ...sizeFindings(probe, limits),
    ...probe.streams.flatMap((stream) => streamFindings(stream, limits)),
  ]
  const [first] = findings
  if (kind !== null && first === undefined) return { ok: true, kind }
  return {
    ok: false,
    code: first?.code ?? 'MEDIA_UNREADABLE',
    problems: findings.map(({ message, fix }) => ({ path, message, fix })),
  }
}

const kindOf = (probe: MediaProbe): MediaKind | null => {
  if (isImageFormat(probe.formatName)) return videoStreams(probe).length > 0 ? 'image' : null
  if (videoStreams(probe).length > 0) return 'video'
  return audioStreams(probe).length > 0 ? 'audio' : null
}

const natureFindings = (
  probe: MediaProbe,
  kind: MediaKind | null,
  needs: MediaNeed | undefined,
): Finding[] => {
  if (kind === null) {
    return [
      {
        code: 'MEDIA_UNREADABLE',
        message: 'has neither sound nor pictures that can be read',
        fix: 'send an audio, video or picture file',
      },
    ]
  }
  const findings: Finding[] = []
  if (needs === 'audio' && audioStreams(probe).length === 0) {
    findings.push({
      code: 'MEDIA_NO_AUDIO',
      message: 'has no audio stream',
      fix: 'send a file with sound',
    })
  }
  if ((needs === 'video' && kind !== 'video') || (needs === 'pictures' && kind === 'audio')) {
    findings.push({
      code: 'MEDIA_NO_VIDEO',
      message: needs === 'video' ? 'has no moving pictures' : 'has no pictures',
      fix: needs === 'video' ? 'send a video' : 'send a video or a picture',
    })
  }
  if (kind !== 'image' && probe.durationSeconds !== null && !(probe.durationSeconds > 0)) {
    findings.push({
      code: 'MEDIA_UNREADABLE',
      message: 'has no length',
      fix: 'send a file with something to play',
    })
  }
  return findings
}

const tooLarge = (message: string, fix: string): Finding => ({
  code: 'MEDIA_TOO_LARGE',
  message,
  fix,
})

const sizeFindings = (probe: MediaProbe, limits: MediaLimits): Finding[] => {
  const findings: Finding[] = []
  if (probe.sizeBytes > limits.sizeBytesMax) {
    findings.push(
      tooLarge(`has ${probe.sizeBytes} bytes`, `send at most ${limits.sizeBytesMax} bytes`),
    )
  }
  const longestSeconds = Math.max(
    probe.durationSeconds ?? 0,
    ...probe.streams.map(({ durationSeconds }) => durationSeconds ?? 0),
  )
  if (longestSeconds > limits.durationSecondsMax) {
    findings.push(
      tooLarge(
        `is ${Math.round(longestSeconds)} seconds long`,
        `send at most ${limits.durationSecondsMax} seconds`,
      ),
    )
  }
  if (probe.streams.length > limits.streamsMax) {
    findings.push(
      tooLarge(
        `has ${probe.streams.length} streams`,
        `send a file with at most ${limits.streamsMax} streams`,
      ),
    )
  }
  return findings
}

const streamFindings = (stream: MediaStream, limits: MediaLimits): Finding[] => {
  const where = `stream ${stream.index}`
  if (stream.kind === 'audio') return audioFindings(stream, limits, where)
  return stream.kind === 'video' ? videoFindings(stream, limits, where) : []
}

const audioFindings = (stream: MediaStream, limits: MediaLimits, where: string): Finding[] => {
  const { channels = 0, sampleRateHz = 0 } = stream
  const findings: Finding[] = []
  if (channels === 0 || sampleRateHz === 0) {
    findings.push({
      code: 'MEDIA_UNREADABLE',
      message: `${where} does not say how it sounds`,
      fix: 'save the file again with another program',
    })
  }
  if (channels > limits.channelsMax) {
    findings.push(
      tooLarge(`${where} has ${channels} channels`, `send at most ${limits.channelsMax} channels`),
    )
  }
  if (sampleRateHz > limits.sampleRateHzMax) {
    findings.push(
      tooLarge(
        `${where} has a sample rate of ${sampleRateHz} Hz`,
        `send at most ${limits.sampleRateHzMax} Hz`,
      ),
    )
  }
  return findings
}

const videoFindings = (stream: MediaStream, limits: MediaLimits, where: string): Finding[] => {
  const { widthPx = 0, heightPx = 0, frameRate = 0 } = stream
  const findings: Finding[] = []
  if (widthPx === 0 || heightPx === 0) {
    findings.push({
      code: 'MEDIA_UNREADABLE',
      message: `${where} has pictures that cannot be read, or far too large ones`,
      fix: `send pictures of at most ${limits.pixelsMax} pixels`,
    })
  }
  if (widthPx * heightPx > limits.pixelsMax) {
    findings.push(
      tooLarge(
        `${where} has ${widthPx} × ${heightPx} pixels`,
        `send at most ${limits.pixelsMax} pixels`,
      ),
    )
  }
  if (!stream.isAttachedPicture && frameRate > limits.frameRateMax) {
    findings.push(
      tooLarge(
        `${where} has ${Math.round(frameRate)} frames a second`,
        `send at most ${limits.frameRateMax} frames a second`,
      ),
    )
  }
  return findings
}

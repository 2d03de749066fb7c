import { MediaError } from '../../domain/failures.ts'
import { audioStreams, isImageFormat, videoStreams } from '../../domain/media-probe.ts'
import type { MediaProbe } from '../../domain/media-probe.ts'
import { findMissingEnd } from './container-end.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

/** Encoder delay, edit lists and rounding: what a whole file may lack against its header. */
const SLACK_SECONDS = 0.5
const SLACK_RATIO = 0.005
/** Pictures are read in another order than they are shown, by up to four of them (x264: two), and the last
 * is counted when it begins: in a film of one picture a second that is more than rounding. */
const LATE_PICTURES = 5

export interface VerifyReadableOptions {
  readonly ffmpegPath: string
  readonly path: string
  /** What ffprobe said of this file, and the judgement accepted. */
  readonly probe: MediaProbe
  /** More than this is not decoded and refused with MEDIA_TOO_LARGE. */
  readonly durationSecondsMax: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Makes sure that a file is as long as it says, by decoding its first audio stream and reading the
 * packets of the video; a picture is decoded.
 *
 * The exit code of ffmpeg does not tell: it is 0 for the half of many a file. `-xerror` is not used
 * either, for it refuses songs with a harmless flaw somewhere; what counts is the number of samples.
 *
 * *Returns* the length that was really there, which for formats without an index is the only true one
 * (0 for a picture). *Errors:* MEDIA_UNREADABLE, MEDIA_TOO_LARGE, ENCODER_TIMEOUT.
 */
export const verifyReadable = async (
  options: VerifyReadableOptions,
): Promise<{ readonly durationSeconds: number }> => {
  const { path, probe, durationSecondsMax } = options
  const missing = await findMissingEnd(path, probe.formatName)
  if (missing !== null) throw new MediaError('MEDIA_UNREADABLE', `truncated: ${missing}`)

  let durationSeconds = 0
  for (const check of checksOf(probe)) {
    const measuredSeconds = await measure(options, check.work)
    if (measuredSeconds > durationSecondsMax) {
      throw new MediaError('MEDIA_TOO_LARGE', `over ${durationSecondsMax} s of decoded media`)
    }
    if (measuredSeconds < check.claimedSeconds - slackIn(check, check.claimedSeconds)) {
      const detail = `${measuredSeconds} s could be read of the ${check.claimedSeconds} s claimed`
      throw new MediaError('MEDIA_UNREADABLE', detail)
    }
    const { ignoredUpToSeconds = 0 } = check
    if (measuredSeconds > ignoredUpToSeconds) {
      durationSeconds = Math.max(durationSeconds, lengthOf(check, measuredSeconds))
    }
  }
  if (isImageFormat(probe.formatName)) return { durationSeconds: 0 }
  if (durationSeconds <= 0) throw new MediaError('MEDIA_UNREADABLE', 'nothing could be decoded')
  return { durationSeconds }
}

/** Replaces time stamps by the count of samples: exact, and gaps between them are no sound. */
export const COUNT_SAMPLES = 'asetpts=round(N/SR/TB)'

const DECODE_AUDIO = ['-map', '0:a:0', '-af', COUNT_SAMPLES]
/** All of them: a limit would stop in front of the first that lies behind it, and see nothing wrong. */
const READ_PACKETS = ['-map', '0:v:0', '-c', 'copy']
const DECODE_PICTURE = ['-map', '0:v:0', '-frames:v', '1']

interface Check {
  readonly work: readonly string[]
  /** 0 where nothing was promised. */
  readonly claimedSeconds: number
  /** What is found counts as the length of the file only beyond this. */
  readonly ignoredUpToSeconds?: number
  /** What a player shows as the length. */
  readonly shownSeconds?: number
  /** How far the pictures that are read may be behind those that are shown. */
  readonly lateSeconds?: number
}

/** Packets are counted by when they are decoded, a few frames before the end of what is seen: where they
 * agree with the length that players show, it is that one. */
const lengthOf = (check: Check, measuredSeconds: number): number => {
  const { shownSeconds } = check
  return shownSeconds && Math.abs(measuredSeconds - shownSeconds) <= slackIn(check, shownSeconds)
    ? shownSeconds
    : measuredSeconds
}

const slackOf = (seconds: number): number => SLACK_SECONDS + seconds * SLACK_RATIO

const slackIn = ({ lateSeconds = 0 }: Check, seconds: number): number =>
  Math.max(slackOf(seconds), lateSeconds)

const checksOf = (probe: MediaProbe): Check[] => {
  if (isImageFormat(probe.formatName)) return [{ work: DECODE_PICTURE, claimedSeconds: 0 }]
  const [audio] = audioStreams(probe)
  const [pictures] = videoStreams(probe)
  const lateSeconds = pictures?.frameRate ? LATE_PICTURES / pictures.frameRate : 0
  const containerSeconds = probe.durationIsEstimated ? 0 : (probe.durationSeconds ?? 0)
  const shownSeconds = containerSeconds
  const packets = { work: READ_PACKETS, shownSeconds, lateSeconds }
  const readVideo = { ...packets, claimedSeconds: containerSeconds }
  if (!audio) return [readVideo]
  if (!pictures) return [{ work: DECODE_AUDIO, claimedSeconds: containerSeconds }]
  // In a video the sound may rightly be shorter than the file: only its own stream's word counts.
  const ownSeconds = audio.durationSeconds ?? 0
  const decodeAudio = { work: DECODE_AUDIO, claimedSeconds: ownSeconds }
  if (ownSeconds <= 0) return [decodeAudio, readVideo]
  // Pictures that go on after the sound are part of the length, also where the header has less of them:
  // what goes on for hours is work for hours.
  const ignoredUpToSeconds = ownSeconds + slackOf(ownSeconds)
  return [decodeAudio, { ...packets, claimedSeconds: 0, ignoredUpToSeconds }]
}

const measure = async (
  options: VerifyReadableOptions,
  work: readonly string[],
): Promise<number> => {
  let measuredSeconds = 0
  try {
    await runFfmpeg({
      ffmpegPath: options.ffmpegPath,
      args: [
        ...safeInput({ path: options.path }),
        ...work,
        ...(work === READ_PACKETS ? [] : ['-t', String(options.durationSecondsMax + 1)]),
        ...['-f', 'null', '-'],
      ],
      timeoutMs: options.timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: (outTimeSeconds) => {
        measuredSeconds = outTimeSeconds
      },
    })
  } catch (error) {
    // ffmpeg gives up on a file that it cannot decode at all in the same way as it crashes.
    if (error instanceof MediaError && error.code === 'ENCODER_CRASHED') {
      throw new MediaError('MEDIA_UNREADABLE', error.internalDetail, { cause: error })
    }
    throw error
  }
  return measuredSeconds
}

import { MediaError } from '../../domain/failures.ts'
import { audioStreams, videoStreams } from '../../domain/media-probe.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { frameCount } from '../../domain/render-spec.ts'
import { probe } from './probe.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

const CODECS = ['h264', 'hevc', 'av1']
/** AAC comes in frames of 1,024 samples and begins with up to two of them of silence. */
const AUDIO_SLACK_SECONDS = 0.1

export interface ExpectedVideo {
  readonly durationSeconds: number
  readonly frameRate: number
  readonly widthPx: number
  readonly heightPx: number
  readonly hdr: boolean
}

export interface VerifyVideoOptions {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly path: string
  readonly expected: ExpectedVideo
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Makes sure that a renderer delivered what was ordered: one MP4 with the picture size, frame rate,
 * pixel format and colour tags, with sound of the right length, and with exactly the right number of
 * frames. All sound is decoded, and every frame that others are made from; the rest of them (most
 * B-frames: two fifths of the work) only have to be there, for damage in one harms no other.
 *
 * *Errors:* RENDERER_OUTPUT_INVALID, which names everything that differs; ENCODER_TIMEOUT.
 */
export const verifyVideo = async (options: VerifyVideoOptions): Promise<MediaProbe> => {
  const { expected } = options
  const found = await probeDelivered(options)
  const differences = describeDifferences(found, expected)
  // A wrong header is reason enough; decoding comes last, for it costs the most.
  if (differences.length === 0) {
    const listed = videoStreams(found)[0]?.frameCount
    const decoded = await decodeFrames(options, { every: listed === undefined })
    const frames = listed ?? decoded
    const ordered = frameCount(expected.durationSeconds, expected.frameRate)
    if (frames !== ordered) differences.push(`${frames} frames instead of ${ordered}`)
  }
  if (differences.length > 0) {
    throw new MediaError('RENDERER_OUTPUT_INVALID', differences.join('; '))
  }
  return found
}

const asInvalidOutput = (error: unknown): unknown => {
  const isAboutTheFile =
    error instanceof MediaError &&
    ['MEDIA_UNREADABLE', 'MEDIA_UNSUPPORTED', 'ENCODER_CRASHED'].includes(error.code)
  return isAboutTheFile
    ? new MediaError('RENDERER_OUTPUT_INVALID', error.internalDetail, { cause: error })
    : error
}

const probeDelivered = async (options: VerifyVideoOptions): Promise<MediaProbe> => {
  const { ffprobePath, path, signal } = options
  try {
    return await probe({ ffprobePath, path, formats: ['mov'], ...(signal ? { signal } : {}) })
  } catch (error) {
    throw asInvalidOutput(error)
  }
}

/** Decodes picture and sound to the end; with `-xerror` a single damaged frame is an error. A file
 * that does not list its frames (a fragmented one) has every frame decoded, to count them. */
const decodeFrames = async (
  options: VerifyVideoOptions,
  { every }: { readonly every: boolean },
): Promise<number> => {
  let decodedFrames = 0
  try {
    await runFfmpeg({
      ffmpegPath: options.ffmpegPath,
      args: [
        ...['-xerror', '-err_detect', 'explode'],
        // Smoothing edges is an eighth of the work, and says nothing about whether a frame can be read.
        ...safeInput({
          path: options.path,
          formats: ['mov'],
          options: ['-skip_loop_filter', 'all', ...(every ? [] : ['-skip_frame', 'noref'])],
        }),
        ...['-map', '0:v:0', '-map', '0:a:0', '-fps_mode', 'passthrough', '-f', 'null', '-'],
      ],
      timeoutMs: options.timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: (_outTimeSeconds, frames) => {
        decodedFrames = frames
      },
    })
  } catch (error) {
    throw asInvalidOutput(error)
  }
  return decodedFrames
}

const describeDifferences = (found: MediaProbe, expected: ExpectedVideo): string[] => {
  const [video, ...otherVideos] = videoStreams(found)
  const [audio] = audioStreams(found)
  const differences: string[] = []
  const note = (name: string, is: unknown, shouldBe: unknown): void => {
    if (is !== shouldBe) differences.push(`${name} ${String(is)} instead of ${String(shouldBe)}`)
  }
  note('video streams', otherVideos.length + (video ? 1 : 0), 1)
  if (video) {
    note('width', video.widthPx, expected.widthPx)
    note('height', video.heightPx, expected.heightPx)
    note('rotation', video.rotationDegrees, 0)
    note('frame rate', Math.round((video.frameRate ?? 0) * 100) / 100, expected.frameRate)
    note('a known codec', CODECS.includes(video.codec), true)
    differences.push(...describeColours(video, expected.hdr))
  }
  if (!audio) return [...differences, 'no audio stream']
  const audioSeconds = audio.durationSeconds ?? found.durationSeconds ?? 0
  const lastFrameSeconds = 1 / expected.frameRate
  if (Math.abs(audioSeconds - expected.durationSeconds) > AUDIO_SLACK_SECONDS + lastFrameSeconds) {
    note('audio seconds', audioSeconds, expected.durationSeconds)
  }
  return differences
}

const HDR_COLOURS = ['yuv420p10le', 'bt2020', 'smpte2084', 'bt2020nc'].join()
/** Untagged video of this size is shown as BT.709 by every player. */
const SDR_TAGS = new Set(['bt709', 'unknown', 'unspecified'])

const describeColours = (video: MediaStream, hdr: boolean): string[] => {
  const tags = [video.colorPrimaries, video.colorTransfer, video.colorSpace].map(
    (tag) => tag ?? 'unknown',
  )
  const colours = [video.pixelFormat, ...tags].join()
  if (hdr) {
    return colours === HDR_COLOURS ? [] : [`colours ${colours} instead of ${HDR_COLOURS}`]
  }
  const isSdr =
    ['yuv420p', 'yuvj420p'].includes(video.pixelFormat ?? '') &&
    tags.every((tag) => SDR_TAGS.has(tag))
  return isSdr ? [] : [`colours ${colours} instead of 8-bit bt709`]
}

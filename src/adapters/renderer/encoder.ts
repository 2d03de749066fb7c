import type { RenderSpec } from '../../domain/render-spec.ts'
import type { FfmpegProcess } from '../ffmpeg/process.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'
import type { DecodeOptions } from './decode-audio.ts'

/** A range of a video's frames; by default all of them. */
export interface FrameRange {
  readonly firstFrame: number
  readonly frameCount: number
}

export interface EncodeJob extends DecodeOptions {
  readonly spec: RenderSpec
  readonly range: FrameRange
  readonly audioPath: string
  readonly outputPath: string
  readonly threads: number | undefined
}

/** A key frame every two seconds: players seek to these, and cutters cut at them. */
const KEY_FRAME_SECONDS = 2

/** Diffuse white of HDR video, by ITU-R BT.2408: what was white in SDR is as bright in HDR. */
const SDR_WHITE_NITS = 203

/**
 * The canvas is sRGB. Without an explicit matrix ffmpeg converts by BT.601 whatever the tags say, and
 * every colour comes out a little wrong.
 */
const sdrArguments = (spec: RenderSpec, keyFrames: number): string[] => [
  '-vf',
  'scale=in_range=pc:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int,' +
    'format=yuv420p,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high'],
  ...['-crf', String(spec.crf), '-g', String(keyFrames), '-pix_fmt', 'yuv420p'],
  ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
  ...['-color_range', 'tv'],
]

/** P3 primaries, D65, 1000 nits: the display that such masters are commonly made on. */
const MASTERING_DISPLAY = 'G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)'

const hdrArguments = (
  spec: RenderSpec,
  keyFrames: number,
  threads: number | undefined,
): string[] => [
  '-vf',
  'format=gbrp,zscale=pin=bt709:tin=iec61966-2-1:min=gbr:rin=full:' +
    `p=bt2020:t=smpte2084:m=bt2020nc:r=limited:npl=${SDR_WHITE_NITS}:dither=ordered,` +
    'format=yuv420p10le',
  ...['-c:v', 'libx265', '-preset', 'superfast', '-profile:v', 'main10'],
  ...['-crf', String(spec.crf), '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1'],
  '-x265-params',
  [
    `keyint=${keyFrames}`,
    'log-level=error',
    'hdr10=1',
    'repeat-headers=1',
    'colorprim=bt2020',
    'transfer=smpte2084',
    'colormatrix=bt2020nc',
    `master-display=${MASTERING_DISPLAY}`,
    `max-cll=${SDR_WHITE_NITS},100`,
    ...(threads === undefined ? [] : [`pools=${threads}`]),
  ].join(':'),
  ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
  ...['-color_range', 'tv'],
]

/** Padded with silence and cut to the video: both streams end with the last frame. */
const audioArguments = (durationSeconds: number): string[] => [
  ...['-af', 'apad', '-c:a', 'aac', '-b:a', '192k', '-ac', '2'],
  ...['-t', durationSeconds.toFixed(6)],
]

/**
 * Starts the one encoder of a video: RGBA frames into its standard input, an MP4 with sound out.
 * *Errors* (of `finished`): ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL. *Cancellation:* SIGTERM, then
 * SIGKILL after 5 s.
 */
export const startEncoder = (job: EncodeJob): FfmpegProcess => {
  const { spec, range, threads } = job
  const keyFrames = spec.frameRate * KEY_FRAME_SECONDS
  const startSeconds = range.firstFrame / spec.frameRate
  return spawnFfmpeg({
    ffmpegPath: job.ffmpegPath,
    signal: job.signal,
    timeoutMs: job.timeoutMs,
    stdin: 'pipe',
    args: [
      ...['-f', 'rawvideo', '-pixel_format', 'rgba'],
      ...['-video_size', `${spec.widthPx}x${spec.heightPx}`, '-framerate', String(spec.frameRate)],
      ...['-i', 'pipe:0'],
      ...safeInput({
        path: job.audioPath,
        ...(startSeconds > 0 ? { options: ['-ss', startSeconds.toFixed(6)] } : {}),
      }),
      ...['-map', '0:v:0', '-map', '1:a:0', '-map_metadata', '-1'],
      ...(spec.hdr ? hdrArguments(spec, keyFrames, threads) : sdrArguments(spec, keyFrames)),
      ...(threads === undefined ? [] : ['-threads', String(threads)]),
      ...audioArguments(range.frameCount / spec.frameRate),
      ...['-movflags', '+faststart', '-f', 'mp4', `file:${job.outputPath}`],
    ],
  })
}

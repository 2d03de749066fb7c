import type { Ladder, Rung } from '../../../domain/ladder.ts'
import { framesPerSecond } from '../../../domain/rational-rate.ts'
import type { SegmentRange } from '../../../domain/stream-description.ts'
import { toneMap } from '../picture-filters.ts'
import { safeInput } from '../safe-input.ts'

/** x264's usual balance; caps keep lively pictures in bounds, still ones stay far below them. */
const CRF = '23'
const HEVC_CRF = '22'
/** Two seconds of the cap: short peaks pass, a whole segment does not. */
const BUFFER_SECONDS = 2
/** A file may lack so much at its end against its packets' times; more is damage. */
const PADDING_SECONDS_MAX = 1
/** Containers seek by decode times, which are a little ahead of those of presentation. */
const SEEK_SLACK_SECONDS = 0.5

/**
 * Fragments at key frames, and the same header in every run. It is written late, when the delay of
 * reordered pictures is known, which it states by an edit list: with negative offsets instead, FFmpeg
 * and the players made of it show the pictures two frames after the sound.
 */
export const FRAGMENTED_MP4 = [
  ...['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-write_btrt', '0'],
  '-movflags',
  '+frag_keyframe+delay_moov+default_base_moof+skip_trailer',
]

export interface RungOutput {
  readonly rung: Rung
  readonly path: string
}

/** Frames of a range: the last segment of a ladder is shorter than the others. */
export const rangeFrames = (ladder: Ladder, range: SegmentRange) => {
  const firstFrame = range.firstSegment * ladder.framesPerSegment
  const endFrame = Math.min(
    ladder.frameCount,
    firstFrame + range.segmentCount * ladder.framesPerSegment,
  )
  return { firstFrame, endFrame, frameCount: endFrame - firstFrame }
}

/** Arguments of the one process that decodes a range and encodes it for all of the outputs. */
export const encodeArguments = (job: {
  readonly inputPath: string
  readonly ladder: Ladder
  readonly range: SegmentRange
  readonly outputs: readonly RungOutput[]
}): string[] => {
  const { ladder, outputs } = job
  const frames = rangeFrames(ladder, job.range)
  const startSeconds = frames.firstFrame / framesPerSecond(ladder.frameRate)
  // What is on the screen at the start may have come long before; decoding from the key frame before it
  // (and not from the start, which is what "accurate" means) finds it.
  const seekSeconds = startSeconds - SEEK_SLACK_SECONDS
  const seeks = seekSeconds > ladder.source.firstSeconds
  return [
    // Times stay those of the file, whatever is skipped, so that every range rounds them to frames alike.
    ...['-copyts', '-start_at_zero'],
    ...safeInput({
      path: job.inputPath,
      options: seeks ? ['-noaccurate_seek', '-ss', seekSeconds.toFixed(6)] : [],
    }),
    ...[
      '-filter_complex',
      graph(
        ladder,
        outputs.map(({ rung }) => rung),
        { ...frames, seeks },
      ),
    ],
    ...outputs.flatMap(({ rung, path }) => [
      ...['-map', `[${rung.name}]`, '-frames:v', String(frames.frameCount)],
      ...(rung.videoRange === 'SDR' ? h264Arguments(rung, ladder) : hevcArguments(rung, ladder)),
      ...['-video_track_timescale', String(ladder.timescale)],
      ...[...FRAGMENTED_MP4, '-f', 'mp4', `file:${path}`],
    ]),
  ]
}

/**
 * Everything is scaled from the next larger rung: quarter the work of scaling each from the source, and
 * no worse to look at.
 */
const graph = (
  ladder: Ladder,
  rungs: readonly Rung[],
  frames: { readonly firstFrame: number; readonly endFrame: number; readonly seeks: boolean },
): string => {
  const { source, frameRate } = ladder
  const onGrid = [
    // Half pictures are joined before frames are counted.
    ...(source.isInterlaced ? ['bwdif=mode=send_frame'] : []),
    // Times are rounded to the grid from zero, not from where a range begins.
    `fps=${frameRate.numerator}/${frameRate.denominator}:round=near` +
      (frames.seeks ? '' : ':start_time=0'),
    `tpad=stop_mode=clone:stop_duration=${PADDING_SECONDS_MAX}`,
    `trim=start_pts=${frames.firstFrame}:end_pts=${frames.endFrame}`,
    'setpts=PTS-STARTPTS',
  ].join()
  const standard = rungs.filter(({ videoRange }) => videoRange === 'SDR')
  const high = rungs.filter(({ videoRange }) => videoRange !== 'SDR')
  const chains = [standard, high].filter(({ length }) => length > 0)
  const heads = chains.length === 1 ? ['grid'] : ['gridStandard', 'gridHigh']
  const fan = chains.length === 1 ? '[grid]' : ',split=2[gridStandard][gridHigh]'
  return [
    `[0:${source.streamIndex}]${onGrid}${fan}`,
    ...chains.flatMap((chain, index) => cascade(ladder, chain, heads[index] ?? '')),
  ].join(';')
}

/** `[from]scale,…,split[v-1080][below0];[below0]scale,…[v-720]` */
const cascade = (ladder: Ladder, rungs: readonly Rung[], head: string): string[] =>
  rungs.map((rung, position) => {
    const isLast = position === rungs.length - 1
    const input = position === 0 ? head : `${rung.videoRange}${position}`
    const output = isLast
      ? `[${rung.name}]`
      : `,split=2[${rung.name}][${rung.videoRange}${position + 1}]`
    const size = `scale=${rung.widthPx}:${rung.heightPx}:flags=bicubic`
    const filters = position === 0 ? firstRung(ladder, rung, size) : [size]
    return `[${input}]${[...filters, 'setsar=1'].join()}${output}`
  })

/** Colours are settled once, on the largest rung. */
const firstRung = ({ source }: Ladder, rung: Rung, size: string): string[] => {
  if (rung.videoRange !== 'SDR') return [size, 'format=yuv420p10le']
  const { colorMatrix } = source
  const tags = colorMatrix === 'bt709' ? 'bt709' : 'smpte170m'
  const settled = [
    'format=yuv420p',
    `setparams=range=tv:color_primaries=${tags}:color_trc=${tags}:colorspace=${tags}`,
  ]
  // Scaled first: tone mapping works in floating point.
  if (source.videoRange !== 'SDR') return [size, ...toneMap(source), ...settled]
  if (source.isWideGamut) {
    const wide = 'setparams=color_primaries=bt2020:color_trc=bt2020-10:colorspace=bt2020nc'
    return [size, wide, 'zscale=p=bt709:t=bt709:m=bt709:r=tv', ...settled]
  }
  const isWholeSize = rung.widthPx === source.widthPx && rung.heightPx === source.heightPx
  // A conversion to what it is already took 0.2 to 0.3 s of processor time for four seconds of 1080p60,
  // one to two hundredths of what all four rungs take.
  if (source.isPlain && isWholeSize) return settled
  // The matrix stays; said twice, or what is untagged is taken for another and converted.
  return [`${size}:out_range=tv:in_color_matrix=${tags}:out_color_matrix=${tags}`, ...settled]
}

const bounds = (rung: Rung) => ({
  maxrate: rung.bitrateKbpsMax,
  bufsize: rung.bitrateKbpsMax * BUFFER_SECONDS,
})

/** Options of the encoder of a rung in standard range; every second word is a name. */
export const h264Arguments = (rung: Rung, ladder: Ladder): string[] => {
  const keyFrames = String(ladder.framesPerSegment)
  const { maxrate, bufsize } = bounds(rung)
  const tags = ladder.source.colorMatrix === 'bt709' ? 'bt709' : 'smpte170m'
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p'],
    ...['-crf', CRF, '-maxrate', `${maxrate}k`, '-bufsize', `${bufsize}k`],
    ...['-g', keyFrames, '-keyint_min', keyFrames, '-sc_threshold', '0', '-flags', '+cgop'],
    ...['-color_primaries', tags, '-color_trc', tags, '-colorspace', tags, '-color_range', 'tv'],
  ]
}

const hevcArguments = (rung: Rung, ladder: Ladder): string[] => {
  const { maxrate, bufsize } = bounds(rung)
  const transfer = rung.videoRange === 'PQ' ? 'smpte2084' : 'arib-std-b67'
  return [
    ...['-c:v', 'libx265', '-preset', 'superfast', '-profile:v', 'main10'],
    ...['-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1', '-crf', HEVC_CRF],
    '-x265-params',
    [
      `keyint=${ladder.framesPerSegment}`,
      `min-keyint=${ladder.framesPerSegment}`,
      'scenecut=0',
      'open-gop=0',
      `vbv-maxrate=${maxrate}`,
      `vbv-bufsize=${bufsize}`,
      'log-level=error',
      ...(rung.videoRange === 'PQ' ? ['hdr10=1'] : []),
      'range=limited',
      'colorprim=bt2020',
      `transfer=${transfer}`,
      'colormatrix=bt2020nc',
    ].join(':'),
    ...['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'],
    ...['-color_range', 'tv'],
  ]
}

/**
 * Arguments that take the source's own pictures over, with every time put onto the grid exactly. The
 * ladder has the source's clock then: what `setts` calls a tick when it changes clocks is another thing
 * in every version of FFmpeg.
 */
export const copyArguments = (inputPath: string, ladder: Ladder, path: string): string[] => {
  const { source, ticksPerFrame, timescale } = ladder
  return [
    ...safeInput({ path: inputPath }),
    ...['-map', `0:${source.streamIndex}`, '-c:v', 'copy'],
    '-bsf:v',
    [
      `setts=pts=round(PTS/${ticksPerFrame})*${ticksPerFrame}`,
      `dts=(N-${source.reorderFrames})*${ticksPerFrame}`,
      `duration=${ticksPerFrame}`,
    ].join(':'),
    ...['-video_track_timescale', String(timescale)],
    ...[...FRAGMENTED_MP4, '-f', 'mp4', `file:${path}`],
  ]
}

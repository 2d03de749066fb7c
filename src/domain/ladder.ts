import { MediaError } from './failures.ts'
import { audioStreams, videoStreams } from './media-probe.ts'
import type { MediaProbe, MediaStream } from './media-probe.ts'
import type { PictureTiming } from './picture-timing.ts'
import { canonicalLanguage, languageName } from './language.ts'
import { frameClock, framesPerSecond, rateWithin } from './rational-rate.ts'
import type { FrameClock, RationalRate } from './rational-rate.ts'
import { rungBitrateKbps, rungSizes } from './rung-sizes.ts'
import type { SegmentRange, VideoRange } from './stream-description.ts'

/** What the caller wants of a stream. */
export interface LadderWish {
  /** Lengths of the short side; `auto`: those of 1080, 720, 480 and 360 that the source has. */
  readonly renditions: 'auto' | readonly number[]
  /** Keeps high dynamic range, in further rungs beside the tone-mapped ones. Of no effect on others. */
  readonly hdr: boolean
  /** Which of the source's audio streams become tracks. */
  readonly audioTracks: 'first' | 'all'
}

/** What is to be made of a source. Plain JSON: it may travel through workflows. */
export interface Ladder {
  readonly source: SourcePictures
  readonly frameRate: RationalRate
  /** Of every rung: `ticksPerFrame / timescale` seconds are one frame. */
  readonly timescale: number
  readonly ticksPerFrame: number
  /** Frames of every rung; what the source lacks or doubles of them is filled or dropped. */
  readonly frameCount: number
  /** The distance of key frames too. */
  readonly framesPerSegment: number
  readonly segmentCount: number
  readonly durationSeconds: number
  /** From large to small, standard range first. */
  readonly rungs: readonly Rung[]
  readonly audio: readonly LadderAudio[]
}

/** What the encoder has to know of the source's pictures. */
export interface SourcePictures {
  /** Among all streams of the file. */
  readonly streamIndex: number
  /** Upright, with square pixels. */
  readonly widthPx: number
  readonly heightPx: number
  readonly firstSeconds: number
  readonly isInterlaced: boolean
  readonly videoRange: VideoRange
  /** The colours of standard range output: what the source says, or what its size suggests. */
  readonly colorMatrix: 'bt709' | 'smpte170m'
  /** Pictures in wide colours without high range are converted. */
  readonly isWideGamut: boolean
  /** As the file says. */
  readonly colorPrimaries?: string
  readonly colorTransfer?: string
  readonly colorSpace?: string
  /** Already of the kind that rungs are made of; a rung of their own size needs no conversion. */
  readonly isPlain: boolean
  /** For copies: by how many frames decoding runs ahead. */
  readonly reorderFrames: number
}

export interface Rung {
  /** Folder of its files: `v-720`, `v-1080-hdr`. */
  readonly name: string
  readonly widthPx: number
  readonly heightPx: number
  readonly videoRange: VideoRange
  /** `copy`: the source's own pictures, without a new generation of loss. */
  readonly method: 'copy' | 'encode'
  /** Over any few seconds. */
  readonly bitrateKbpsMax: number
}

export interface LadderAudio {
  /** Folder of its files: `audio`, `audio-2`. */
  readonly name: string
  /** Among all streams of the file. */
  readonly streamIndex: number
  /** BCP 47, or null if the file does not say. */
  readonly language: string | null
  /** What a viewer reads in a menu. */
  readonly label: string
  readonly channels: 1 | 2
  readonly sampleRateHz: number
  readonly bitrateKbps: number
}

/** Quick to begin with and cheap to switch at; Apple's authoring rules ask for 6 s, players like 2 to 6. */
const SEGMENT_SECONDS = 4
const SEGMENT_SECONDS_MIN = 2
const SEGMENT_SECONDS_MAX = 6.01
const FRAME_RATE_MAX = 60
/** A camera's own encoding is less thrifty than ours, but the copy costs nothing and loses nothing. */
const COPY_BITRATE_RATIO = 1.6
const AUDIO_TRACKS_MAX = 8
const KEPT_SAMPLE_RATES = [44_100, 48_000]
const RANGE_BY_TRANSFER: Readonly<Record<string, VideoRange>> = {
  smpte2084: 'PQ',
  'arib-std-b67': 'HLG',
}

/**
 * Decides what a stream of this source consists of: never larger than the source, even sizes, square
 * pixels, upright, one constant rate, key frames at the same places in all rungs.
 *
 * Throws MEDIA_NO_VIDEO for a source without pictures.
 */
export const planLadder = (
  { probe, timing }: { readonly probe: MediaProbe; readonly timing: PictureTiming | null },
  wish: LadderWish,
): Ladder => {
  const video = videoStreams(probe)[0]
  if (!video?.widthPx || !video.heightPx || !timing) {
    throw new MediaError('MEDIA_NO_VIDEO', 'there are no pictures to make a stream of')
  }
  const frameRate = rateWithin(timing.frameRate, FRAME_RATE_MAX)
  const { sizes, native } = rungSizes(uprightSize(video), wish.renditions)
  const source = describePictures(video, timing)
  const frames = segmentFrames(frameRate, timing)
  const frameCount = Math.max(1, Math.round(timing.endSeconds * framesPerSecond(frameRate)))
  const isCopied = (size: (typeof sizes)[number]) =>
    size.widthPx === native.widthPx &&
    size.heightPx === native.heightPx &&
    frames.fitSource &&
    isCopyable({ video, probe, timing, frameRate })
  const rung = (videoRange: VideoRange) => (size: (typeof sizes)[number]) => ({
    name: `v-${size.rendition}${videoRange === 'SDR' ? '' : '-hdr'}`,
    widthPx: size.widthPx,
    heightPx: size.heightPx,
    videoRange,
    method: videoRange === 'SDR' && isCopied(size) ? ('copy' as const) : ('encode' as const),
    bitrateKbpsMax: rungBitrateKbps(size, framesPerSecond(frameRate)),
  })
  const keepsRange = wish.hdr && source.videoRange !== 'SDR'
  const standard = sizes.map(rung('SDR'))
  const clock = standard.some(({ method }) => method === 'copy')
    ? (sourceClock(timing) ?? frameClock(frameRate))
    : frameClock(frameRate)
  return {
    source,
    frameRate,
    ...clock,
    frameCount,
    framesPerSegment: frames.count,
    segmentCount: Math.ceil(frameCount / frames.count),
    durationSeconds: (frameCount * clock.ticksPerFrame) / clock.timescale,
    rungs: [...standard, ...(keepsRange ? sizes.map(rung(source.videoRange)) : [])],
    audio: planAudio(probe, wish),
  }
}

/** As a viewer sees it: with square pixels, and turned. */
const uprightSize = (video: MediaStream) => {
  const widthPx = (video.widthPx ?? 0) * (video.pixelAspectRatio ?? 1)
  const heightPx = video.heightPx ?? 0
  const isTurned = (video.rotationDegrees ?? 0) % 180 === 90
  return isTurned ? { widthPx: heightPx, heightPx: widthPx } : { widthPx, heightPx }
}

/** Untagged pictures of up to so many lines are taken for television's of old, by players as well. */
const OLD_TELEVISION_PX = 576

const describePictures = (video: MediaStream, timing: PictureTiming): SourcePictures => {
  const matrix = video.colorSpace ?? 'unknown'
  const isStandard = ['smpte170m', 'bt470bg'].includes(matrix)
  const isUnknown = ['unknown', 'unspecified', 'reserved'].includes(matrix)
  const isSmall = isUnknown && (video.heightPx ?? 0) <= OLD_TELEVISION_PX
  const videoRange = RANGE_BY_TRANSFER[video.colorTransfer ?? ''] ?? 'SDR'
  return {
    streamIndex: video.index,
    ...uprightSize(video),
    firstSeconds: timing.firstSeconds,
    isInterlaced: video.isInterlaced ?? false,
    videoRange,
    colorMatrix: isStandard || isSmall ? 'smpte170m' : 'bt709',
    isWideGamut: videoRange === 'SDR' && video.colorPrimaries === 'bt2020',
    // Other codecs can have the full range of brightness without the pixel format telling.
    isPlain:
      ['h264', 'hevc'].includes(video.codec) &&
      video.pixelFormat === 'yuv420p' &&
      (video.pixelAspectRatio ?? 1) === 1 &&
      videoRange === 'SDR' &&
      video.colorPrimaries !== 'bt2020' &&
      (video.widthPx ?? 1) % 2 === 0 &&
      (video.heightPx ?? 1) % 2 === 0,
    reorderFrames: timing.regular?.reorderFrames ?? 0,
    ...(video.colorPrimaries === undefined ? {} : { colorPrimaries: video.colorPrimaries }),
    ...(video.colorTransfer === undefined ? {} : { colorTransfer: video.colorTransfer }),
    ...(video.colorSpace === undefined ? {} : { colorSpace: video.colorSpace }),
  }
}

/**
 * Frames of a segment: the number nearest to four seconds at whose multiples the source has closed key
 * frames, so that it can be copied; of a source without such a number, four seconds.
 */
const segmentFrames = (
  frameRate: RationalRate,
  timing: PictureTiming,
): { readonly count: number; readonly fitSource: boolean } => {
  const rate = framesPerSecond(frameRate)
  const usual = Math.max(1, Math.round(SEGMENT_SECONDS * rate))
  if (!timing.regular) return { count: usual, fitSource: false }
  const { frameCount } = timing.regular
  const closed = new Set(timing.regular.closedKeyFrames)
  const fits = (count: number): boolean => {
    for (let frame = 0; frame < frameCount; frame += count) if (!closed.has(frame)) return false
    return true
  }
  const shortest = Math.max(1, Math.ceil(SEGMENT_SECONDS_MIN * rate))
  const longest = Math.max(shortest, Math.floor(SEGMENT_SECONDS_MAX * rate))
  const best = Array.from({ length: longest - shortest + 1 }, (_, index) => shortest + index)
    .toSorted((one, other) => Math.abs(one - usual) - Math.abs(other - usual))
    .find(fits)
  return best === undefined ? { count: usual, fitSource: false } : { count: best, fitSource: true }
}

/** Whether the source's own pictures can be a rung as they are. */
const isCopyable = (source: {
  readonly video: MediaStream
  readonly probe: MediaProbe
  readonly timing: PictureTiming
  readonly frameRate: RationalRate
}): boolean => {
  const { video, probe, timing, frameRate } = source
  const capKbps = rungBitrateKbps(
    { widthPx: video.widthPx ?? 0, heightPx: video.heightPx ?? 0 },
    framesPerSecond(frameRate),
  )
  return (
    video.codec === 'h264' &&
    video.pixelFormat === 'yuv420p' &&
    (video.pixelAspectRatio ?? 1) === 1 &&
    (video.rotationDegrees ?? 0) === 0 &&
    !(video.isInterlaced ?? false) &&
    video.colorPrimaries !== 'bt2020' &&
    (video.widthPx ?? 1) % 2 === 0 &&
    (video.heightPx ?? 1) % 2 === 0 &&
    // Other containers keep H.264 in forms that would have to be taken apart first.
    /mov|matroska/.test(probe.formatName) &&
    timing.frameRate.numerator * frameRate.denominator ===
      frameRate.numerator * timing.frameRate.denominator &&
    sourceClock(timing) !== null &&
    (timing.regular?.averageKbps ?? Infinity) <= capKbps * COPY_BITRATE_RATIO
  )
}

/** The source's own clock, if every frame begins at a whole tick of it: copies keep it. */
const sourceClock = ({ regular, frameRate }: PictureTiming): FrameClock | null => {
  const timescale = regular?.ticksPerSecond ?? 0
  const ticksPerFrame = (timescale * frameRate.denominator) / frameRate.numerator
  return ticksPerFrame >= 1 && Number.isInteger(ticksPerFrame) ? { timescale, ticksPerFrame } : null
}

const planAudio = (probe: MediaProbe, wish: LadderWish): LadderAudio[] =>
  audioStreams(probe)
    .filter(({ channels, sampleRateHz }) => Boolean(channels && sampleRateHz))
    .slice(0, wish.audioTracks === 'first' ? 1 : AUDIO_TRACKS_MAX)
    .map((stream, position) => {
      const channels = stream.channels === 1 ? 1 : 2
      const sampleRateHz = stream.sampleRateHz ?? 0
      const language = canonicalLanguage(stream.language)
      return {
        name: position === 0 ? 'audio' : `audio-${position + 1}`,
        streamIndex: stream.index,
        language,
        label: trackLabel(language, position),
        channels,
        sampleRateHz: KEPT_SAMPLE_RATES.includes(sampleRateHz) ? sampleRateHz : 48_000,
        bitrateKbps: channels === 1 ? 80 : 128,
      }
    })

/** Players tell tracks apart by their labels alone. */
const trackLabel = (language: string | null, position: number): string => {
  const name = language === null ? 'Original' : languageName(language)
  return position === 0 ? name : `${name} ${position + 1}`
}

/** Shorter films are made in one go: another decode would cost more than waiting does. */
const QUICK_START_SECONDS = 60

/**
 * The rungs by name, in the groups in which they are made and published: first what can be had at once,
 * so that the stream can be played; then the rest in one decode. Never an empty group.
 */
export const rungGroups = (ladder: Ladder): string[][] => {
  const nameOf = ({ name }: Rung) => name
  const copied = ladder.rungs.filter(({ method }) => method === 'copy').map(nameOf)
  const encoded = ladder.rungs.filter(({ method }) => method === 'encode')
  const smallest = encoded.filter(({ videoRange }) => videoRange === 'SDR').at(-1)
  const isLong = ladder.durationSeconds > QUICK_START_SECONDS
  const first = copied.length === 0 && isLong && smallest ? [smallest.name] : copied
  const rest = encoded.map(nameOf).filter((name) => !first.includes(name))
  return [first, rest].filter((group) => group.length > 0)
}

/** The ladder's segments in so many ranges of the same length or nearly so; fewer if it is short. */
export const segmentRanges = (ladder: Ladder, rangesMax: number): SegmentRange[] => {
  const { segmentCount } = ladder
  const count = Math.max(1, Math.min(Math.floor(rangesMax), segmentCount))
  const startOf = (range: number) => Math.floor((range * segmentCount) / count)
  return Array.from({ length: count }, (_, range) => ({
    firstSegment: startOf(range),
    segmentCount: startOf(range + 1) - startOf(range),
  }))
}

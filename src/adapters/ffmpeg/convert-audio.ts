import { MediaError } from '../../domain/failures.ts'
import { LOUDNESS_TARGET_LUFS, makeUpForEncoder } from '../../domain/loudness.ts'
import type { LoudnessPlan } from '../../domain/loudness.ts'
import { AUDIO_CONTENT_TYPES } from '../../domain/media-conversions.ts'
import type {
  AudioConversion,
  AudioFormat,
  ConvertedMedia,
} from '../../domain/media-conversions.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import { trimOf } from '../../domain/trim.ts'
import type { Trim } from '../../domain/trim.ts'
import {
  cancelOf,
  knownSeconds,
  probeMade,
  probeSource,
  progressOf,
  refuseBrokenOff,
  refuseUnordered,
} from './conversion.ts'
import type { FileConversionJob } from './conversion.ts'
import { findLoudnessPlan, loudnessFilters, measureLoudness } from './loudness.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'
import { audioEncoderArguments, soundShape } from './video-encoders.ts'
import type { SoundShape } from './video-encoders.ts'

export interface AudioConversionJob extends FileConversionJob {
  readonly conversion: AudioConversion
}

/** What decoders of MP3, AAC and Vorbis need before the part to begin it without a gap or a click. */
const PREROLL_SECONDS = 2
/** The share of the work that measuring a loudness is, against encoding. */
const MEASURING_SHARE = 0.5

const MUXERS: Record<AudioFormat, readonly string[]> = {
  mp3: ['-f', 'mp3'],
  aac: ['-movflags', '+faststart', '-f', 'ipod'],
  opus: ['-f', 'opus'],
  flac: ['-f', 'flac'],
  wav: ['-f', 'wav'],
}
const PROBED_CODECS: Record<AudioFormat, string> = {
  mp3: 'mp3',
  aac: 'aac',
  opus: 'opus',
  flac: 'flac',
  wav: 'pcm_s16le',
}

/**
 * Makes a sound file out of the first audio stream of a medium: mono stays mono, lossy formats get two
 * channels at the most. Nothing else comes along, neither covers nor tags.
 *
 * *Guarantee:* the part is exact to the sample; with `normalize` the whole comes within 0.5 LU of its
 * loudness, by one gain (and a limiter for peaks). The output was probed. *Errors:* INPUT_INVALID (the
 * part), MEDIA_NO_AUDIO, MEDIA_UNREADABLE (the source breaks off), those of `probe` and `runFfmpeg`.
 */
export const convertAudio = async (job: AudioConversionJob): Promise<ConvertedMedia> => {
  const { conversion } = job
  const source = await probeSource(job)
  const [sound] = audioStreams(source)
  if (!sound?.sampleRateHz || !sound.channels) {
    throw new MediaError('MEDIA_NO_AUDIO', 'no audio stream to convert')
  }
  const trim = trimOf(conversion, knownSeconds(source, sound))
  const shape = soundShape(conversion.format, {
    sampleRateHz: sound.sampleRateHz,
    channels: sound.channels,
  })
  const part = partOf(trim)
  // A downmix has another loudness than its source: what is measured has the channels of the output.
  const layout = shape.channels > 2 ? [] : [`aformat=channel_layouts=${LAYOUTS[shape.channels]}`]
  const work: Work = {
    input: [
      ...safeInput({ path: job.inputPath, options: part.seek }),
      ...['-map', `0:${sound.index}`],
    ],
    filters: [...part.filters, ...layout],
    trim,
    shape,
  }
  if (conversion.normalize) await encodeNormalized(job, work)
  else await encode(job, work)
  return verify(job, trim, shape)
}

const LAYOUTS: Record<number, string> = { 1: 'mono', 2: 'stereo' }

/** A seek to a whole second falls on a sample at every rate; the rest is counted in samples. */
const partOf = ({ startSeconds, endSeconds }: Trim) => {
  const seekSeconds = Math.max(0, Math.floor(startSeconds) - PREROLL_SECONDS)
  const end = endSeconds === null ? '' : `:end=${(endSeconds - seekSeconds).toFixed(6)}`
  return {
    seek: seekSeconds > 0 ? ['-ss', String(seekSeconds)] : [],
    filters: [
      // Silence where the source has a hole, or begins later than its pictures.
      'aresample=async=1:first_pts=0',
      `atrim=start=${(startSeconds - seekSeconds).toFixed(6)}${end}`,
      'asetpts=PTS-STARTPTS',
    ],
  }
}

interface Work {
  readonly input: readonly string[]
  readonly filters: readonly string[]
  readonly trim: Trim
  readonly shape: SoundShape
}

/** Measures, encodes, and measures what came out: encoders have a loudness of their own. */
const encodeNormalized = async (job: AudioConversionJob, work: Work): Promise<void> => {
  const { shape, trim } = work
  const targetLufs = job.conversion.loudnessLufs ?? LOUDNESS_TARGET_LUFS
  const encoding = partOfProgress(job, MEASURING_SHARE, 1 - MEASURING_SHARE)
  const measuring = {
    ffmpegPath: job.ffmpegPath,
    timeoutMs: job.timeoutMs,
    input: work.input,
    filters: work.filters,
    ...cancelOf(job),
  }
  const progress = progressOf(partOfProgress(job, 0, MEASURING_SHARE), trim.durationSeconds)
  const plan = await findLoudnessPlan(
    { ...measuring, ...progress },
    { targetLufs, sampleRateHz: shape.sampleRateHz },
  )
  if (plan === null) return encode(encoding, work)
  const withPlan = (by: LoudnessPlan): Work => ({
    ...work,
    filters: [...work.filters, ...loudnessFilters(by, shape.sampleRateHz)],
  })
  await encode(encoding, withPlan(plan))
  const made = { input: safeInput({ path: job.outputPath }), filters: [] }
  const better = makeUpForEncoder(
    plan,
    await measureLoudness({ ...measuring, ...made }),
    targetLufs,
  )
  if (better !== null) await encode(encoding, withPlan(better))
}

const partOfProgress = (job: AudioConversionJob, from: number, share: number): AudioConversionJob =>
  job.onProgress ? { ...job, onProgress: (ratio) => job.onProgress?.(from + ratio * share) } : job

const encode = async (
  job: AudioConversionJob,
  { input, filters, trim, shape }: Work,
): Promise<void> => {
  const { conversion } = job
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...input,
      ...['-af', filters.join()],
      ...audioEncoderArguments(conversion.format, conversion.quality, shape),
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
      ...MUXERS[conversion.format],
      `file:${job.outputPath}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, trim.durationSeconds),
  })
}

const verify = async (
  job: AudioConversionJob,
  trim: Trim,
  shape: SoundShape,
): Promise<ConvertedMedia> => {
  const made = await probeMade(job, job.outputPath)
  const [sound] = made.streams
  const is = [made.streams.length, sound?.codec, sound?.sampleRateHz, sound?.channels].join()
  const ordered = [
    1,
    PROBED_CODECS[job.conversion.format],
    shape.sampleRateHz,
    shape.channels,
  ].join()
  refuseUnordered(is === ordered ? [] : [`${is} instead of ${ordered}`])
  refuseBrokenOff(made.durationSeconds, trim.durationSeconds)
  return {
    contentType: AUDIO_CONTENT_TYPES[job.conversion.format],
    durationSeconds: made.durationSeconds,
    widthPx: null,
    heightPx: null,
  }
}

import { stat } from 'node:fs/promises'

import { MediaError } from '../../domain/failures.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import { probe } from './probe.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'
import { COUNT_SAMPLES, verifyReadable } from './verify-readable.ts'

/**
 * How long before the region decoding begins: decoders of MP3, AAC and Vorbis need what came before for
 * their first samples, and without it begin with a gap or a click.
 */
const PREROLL_SECONDS = 2
/** What a source may lack at its very end against its claimed length; it is filled with silence. */
const PADDING_SECONDS_MAX = 0.1
const BITRATE_KBPS = 320
const KEPT_SAMPLE_RATES = [44_100, 48_000]
const DEFAULT_SAMPLE_RATE = 44_100

export interface CropAudioOptions {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly sourcePath: string
  /** Position in the first audio stream, to the nearest sample. */
  readonly startSeconds: number
  readonly endSeconds: number
  /** Absolute; the MP3 is written here. */
  readonly outputPath: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Seconds of the region that are done. */
  readonly onProgress?: (doneSeconds: number) => void
}

/**
 * Cuts a region out of the first audio stream and writes it as MP3 of 320 kbit/s, mono or stereo, at
 * 44.1 or 48 kHz, without anything else: no picture, no tags, no chapters.
 *
 * *Guarantee:* the region is exact to the sample, at both ends, once MP3's gapless information is taken
 * into account (players do). *Output:* `durationSeconds` is measured by decoding the result. *Errors:*
 * MEDIA_NO_AUDIO, MEDIA_UNREADABLE (the source breaks off in the region), those of `probe` and
 * `runFfmpeg`. *Cancellation:* ffmpeg gets SIGTERM, then SIGKILL after 5 s; the file is the caller's
 * to remove.
 */
export const cropAudio = async (
  options: CropAudioOptions,
): Promise<{ readonly durationSeconds: number; readonly sizeBytes: number }> => {
  const { ffmpegPath, ffprobePath, sourcePath, outputPath, timeoutMs } = options
  const cancel = options.signal ? { signal: options.signal } : {}
  const source = await probe({ ffprobePath, path: sourcePath, ...cancel })
  const [audio] = audioStreams(source)
  if (!audio?.sampleRateHz || !audio.channels)
    throw new MediaError('MEDIA_NO_AUDIO', 'no audio stream to crop')

  const crop = cropArguments(options, {
    sampleRateHz: audio.sampleRateHz,
    channels: audio.channels,
    // Matroska and WebM stamp in milliseconds, too coarse to find a sample after a seek.
    hasCoarseStamps: source.formatName.includes('matroska'),
  })
  await runFfmpeg({
    ffmpegPath,
    args: crop.args,
    timeoutMs,
    ...cancel,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  })
  const durationSeconds = await verifyCrop({
    ffmpegPath,
    ffprobePath,
    outputPath,
    timeoutMs,
    ...cancel,
  })
  if (Math.abs(durationSeconds - crop.durationSeconds) > 1 / crop.sampleRateHz) {
    const detail = `the region gave ${durationSeconds} s instead of ${crop.durationSeconds} s`
    throw new MediaError('MEDIA_UNREADABLE', detail)
  }
  return { durationSeconds, sizeBytes: (await stat(outputPath)).size }
}

interface SourceSound {
  readonly sampleRateHz: number
  readonly channels: number
  readonly hasCoarseStamps: boolean
}

const cropArguments = (options: CropAudioOptions, source: SourceSound) => {
  const { sampleRateHz: sourceRateHz, channels, hasCoarseStamps } = source
  const { startSeconds, endSeconds, sourcePath, outputPath } = options
  // A seek to a whole second falls on a sample at every sample rate; the rest is counted in samples.
  const seekSeconds = hasCoarseStamps ? 0 : Math.max(0, Math.floor(startSeconds) - PREROLL_SECONDS)
  const startSample = Math.round(startSeconds * sourceRateHz) - seekSeconds * sourceRateHz
  const endSample = Math.round(endSeconds * sourceRateHz) - seekSeconds * sourceRateHz
  const sampleRateHz = KEPT_SAMPLE_RATES.includes(sourceRateHz) ? sourceRateHz : DEFAULT_SAMPLE_RATE
  const samples = Math.round(((endSample - startSample) / sourceRateHz) * sampleRateHz)
  const filters = [
    ...(hasCoarseStamps ? [COUNT_SAMPLES] : []),
    `atrim=start_pts=${startSample}:end_pts=${endSample}`,
    `asetpts=PTS-${startSample}`,
    `aresample=${sampleRateHz}`,
    `apad=pad_len=${Math.round(PADDING_SECONDS_MAX * sampleRateHz)}`,
    `atrim=end_sample=${samples}`,
  ]
  const seek = seekSeconds > 0 ? ['-ss', String(seekSeconds)] : []
  return {
    sampleRateHz,
    durationSeconds: samples / sampleRateHz,
    args: [
      ...safeInput({ path: sourcePath, options: seek }),
      ...['-map', '0:a:0', '-af', filters.join()],
      ...['-c:a', 'libmp3lame', '-b:a', `${BITRATE_KBPS}k`],
      ...['-ac', String(Math.min(channels, 2))],
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-id3v2_version', '0', '-f', 'mp3'],
      `file:${outputPath}`,
    ],
  }
}

/** Makes sure that the file is what was ordered and nothing else, and measures it by decoding. */
const verifyCrop = async (
  options: Pick<
    CropAudioOptions,
    'ffmpegPath' | 'ffprobePath' | 'outputPath' | 'timeoutMs' | 'signal'
  >,
): Promise<number> => {
  const { outputPath, signal } = options
  const cancel = signal ? { signal } : {}
  const made = await probe({ ffprobePath: options.ffprobePath, path: outputPath, ...cancel })
  const [stream] = made.streams
  const isOrdered =
    made.formatName === 'mp3' &&
    made.streams.length === 1 &&
    stream?.codec === 'mp3' &&
    stream.bitrateKbps === BITRATE_KBPS
  if (!isOrdered) throw new MediaError('ENCODER_CRASHED', `made ${JSON.stringify(made)}`)
  const { durationSeconds } = await verifyReadable({
    ffmpegPath: options.ffmpegPath,
    path: outputPath,
    probe: made,
    durationSecondsMax: MEDIA_LIMITS.durationSecondsMax,
    timeoutMs: options.timeoutMs,
    ...cancel,
  })
  return durationSeconds
}

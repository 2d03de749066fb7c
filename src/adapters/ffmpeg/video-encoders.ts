import { AUDIO_BITRATE_KBPS, VIDEO_EFFORT } from '../../domain/conversion-codecs.ts'
import type { AudioFormat, Quality, VideoCodec } from '../../domain/media-conversions.ts'

/** The encoder's arguments for 8-bit 4:2:0 video of a constant quality. */
export const videoEncoderArguments = (codec: VideoCodec, quality: Quality): string[] => {
  const { crf, preset } = VIDEO_EFFORT[codec][quality]
  return [...ENCODERS[codec](String(crf), preset), '-pix_fmt', 'yuv420p']
}

const ENCODERS: Record<VideoCodec, (crf: string, preset: string) => string[]> = {
  h264: (crf, preset) => ['-c:v', 'libx264', '-preset', preset, '-crf', crf],
  h265: (crf, preset) => [
    ...['-c:v', 'libx265', '-preset', preset, '-crf', crf, '-x265-params', 'log-level=error'],
    // Players of Apple open H.265 under this name only.
    ...['-tag:v', 'hvc1'],
  ],
  vp9: (crf, speed) => [
    ...['-c:v', 'libvpx-vp9', '-crf', crf, '-b:v', '0', '-deadline', 'good', '-cpu-used', speed],
    ...['-row-mt', '1', '-tile-columns', '2'],
  ],
  av1: (crf, preset) => ['-c:v', 'libsvtav1', '-preset', preset, '-crf', crf],
}

const AUDIO_ENCODERS: Record<AudioFormat, readonly string[]> = {
  mp3: ['-c:a', 'libmp3lame'],
  aac: ['-c:a', 'aac'],
  opus: ['-c:a', 'libopus'],
  flac: ['-c:a', 'flac'],
  wav: ['-c:a', 'pcm_s16le'],
}

/** LAME, AAC and Opus know these; everything else is resampled to 48 kHz. */
const LOSSY_RATES: Partial<Record<AudioFormat, readonly number[]>> = {
  mp3: [32_000, 44_100, 48_000],
  aac: [32_000, 44_100, 48_000],
  opus: [48_000],
}

/** What the sound becomes on its way into a codec. */
export interface SoundShape {
  readonly sampleRateHz: number
  readonly channels: number
}

/** Lossy codecs get mono or stereo at a usual rate; what is lossless keeps what it is. */
export const soundShape = (format: AudioFormat, source: SoundShape): SoundShape => {
  const rates = LOSSY_RATES[format]
  if (!rates) return source
  return {
    sampleRateHz: rates.includes(source.sampleRateHz) ? source.sampleRateHz : 48_000,
    channels: Math.min(source.channels, 2),
  }
}

export const audioEncoderArguments = (
  format: AudioFormat,
  quality: Quality,
  { sampleRateHz, channels }: SoundShape,
): string[] => {
  const stereoKbps = AUDIO_BITRATE_KBPS[format]?.[quality]
  const bitrate = stereoKbps === undefined ? [] : ['-b:a', `${bitrateOf(stereoKbps, channels)}k`]
  return [
    ...AUDIO_ENCODERS[format],
    ...bitrate,
    ...['-ar', String(sampleRateHz), '-ac', String(channels)],
  ]
}

/** One channel needs a little more than half of what two need; MP3 knows these steps only. */
const MP3_STEPS_KBPS = [48, 64, 96, 128, 160, 192, 320]
const bitrateOf = (stereoKbps: number, channels: number): number =>
  channels > 1
    ? stereoKbps
    : (MP3_STEPS_KBPS.find((step) => step >= stereoKbps * 0.6) ?? stereoKbps)

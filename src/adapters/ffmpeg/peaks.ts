import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'

import { MediaError } from '../../domain/failures.ts'
import type { MeasuredPeaks, WaveformSpec } from '../../domain/media-conversions.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import { createPeakMeter, samplesPerPixel } from '../../domain/waveform.ts'
import type { PeakMeter } from '../../domain/waveform.ts'
import { cancelOf, knownSeconds, probeSource, progressOf, refuseBrokenOff } from './conversion.ts'
import type { FileConversionJob } from './conversion.ts'
import { spawnFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

export interface PeaksJob extends FileConversionJob {
  readonly spec: WaveformSpec
}

const SAMPLE_BYTES = 2

/**
 * Measures the minimum and maximum of the sound in even stretches and writes them as JSON of the
 * audiowaveform format, version 2, which waveform views read.
 *
 * *Guarantee:* every sample counts, and none is invented where the file has a hole. *Memory:* does not
 * grow with the sound but with the points, and these are bounded. *Errors:* MEDIA_NO_AUDIO,
 * MEDIA_UNREADABLE (the source breaks off), those of `probe` and `runFfmpeg`.
 * Source: audiowaveform, doc/DataFormat.md.
 */
export const measurePeaks = async (job: PeaksJob): Promise<MeasuredPeaks> => {
  const { spec } = job
  const source = await probeSource(job)
  const [sound] = audioStreams(source)
  if (!sound?.sampleRateHz || !sound.channels) {
    throw new MediaError('MEDIA_NO_AUDIO', 'no audio stream to measure')
  }
  const { sampleRateHz } = sound
  const claimedSeconds = knownSeconds(source, sound)
  const channels = spec.splitChannels ? sound.channels : 1
  const stretch = samplesPerPixel(spec, { sampleRateHz, durationSeconds: claimedSeconds })
  const meter = createPeakMeter({ channels, samplesPerPixel: stretch })
  const { stdout, finished } = spawnFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath }),
      ...['-map', `0:${sound.index}`, '-ac', String(channels), '-ar', String(sampleRateHz)],
      ...['-f', 's16le', '-c:a', 'pcm_s16le', 'pipe:1'],
    ],
    stdout: 'pipe',
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, claimedSeconds),
  })
  await feedMeter(meter, stdout!, channels)
  await finished
  const durationSeconds = meter.sampleCount() / sampleRateHz
  refuseBrokenOff(durationSeconds, claimedSeconds)
  await writePeaks(job, meter, { channels, sampleRateHz, samplesPerPixel: stretch })
  return { contentType: 'application/json', durationSeconds }
}

/** The pipe breaks where it likes, also in the middle of a sample. */
const feedMeter = async (meter: PeakMeter, pipe: Readable, channels: number): Promise<void> => {
  const frameBytes = channels * SAMPLE_BYTES
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of pipe as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const whole = bytes.length - (bytes.length % frameBytes)
    rest = bytes.subarray(whole)
    // A typed array wants an even address.
    const aligned =
      bytes.byteOffset % SAMPLE_BYTES === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer)
    meter.add(new Int16Array(aligned.buffer, aligned.byteOffset, whole / SAMPLE_BYTES))
  }
}

const writePeaks = async (
  { outputPath, spec }: PeaksJob,
  meter: PeakMeter,
  sound: {
    readonly channels: number
    readonly sampleRateHz: number
    readonly samplesPerPixel: number
  },
): Promise<void> => {
  const header = {
    version: 2,
    channels: sound.channels,
    sample_rate: sound.sampleRateHz,
    samples_per_pixel: sound.samplesPerPixel,
    bits: spec.bits,
    length: meter.pointCount(),
  }
  const file = await open(outputPath, 'w')
  try {
    await file.write(`${JSON.stringify(header).slice(0, -1)},"data":[`)
    await writePoints(file, meter, spec.bits)
    await file.write(']}\n')
  } finally {
    await file.close()
  }
}

const writePoints = async (file: FileHandle, meter: PeakMeter, bits: 8 | 16): Promise<void> => {
  let separator = ''
  for (const block of meter.points()) {
    const values = bits === 8 ? block.map((value) => value >> 8) : block
    await file.write(`${separator}${values.join()}`)
    separator = ','
  }
}

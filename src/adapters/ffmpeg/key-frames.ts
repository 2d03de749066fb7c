import { createInterface } from 'node:readline'

import type { KeyFrame } from '../../domain/storyboard.ts'
import { cancelOf } from './conversion.ts'
import type { ConversionJob } from './conversion.ts'
import { assertSucceeded, runFfmpeg, spawnGuarded } from './process.ts'
import { safeInput } from './safe-input.ts'

/**
 * The key frames of a stream, by reading its packets and decoding none; times are from the start of the
 * file. *Errors:* those of `spawnGuarded`, ENCODER_CRASHED.
 */
export const findKeyFrames = async (
  job: ConversionJob,
  streamIndex: number,
): Promise<KeyFrame[]> => {
  const { stdout, ended } = spawnGuarded({
    file: job.ffprobePath,
    args: [
      ...['-v', 'error', '-select_streams', String(streamIndex)],
      ...['-show_entries', 'packet=pts_time,flags:format=start_time', '-of', 'compact'],
      ...safeInput({ path: job.inputPath }),
    ],
    stdout: 'pipe',
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
  })
  const found: KeyFrame[] = []
  let packets = 0
  let startSeconds = 0
  if (stdout) {
    // `packet|pts_time=0.480000|flags=K_`, and at the end `format|start_time=0.000000`
    for await (const line of createInterface({ input: stdout })) {
      const seconds = Number(/_time=(-?[\d.]+)/.exec(line)?.[1] ?? Number.NaN)
      if (line.startsWith('format') && Number.isFinite(seconds)) startSeconds = seconds
      if (!line.startsWith('packet')) continue
      if (/flags=K/.test(line) && Number.isFinite(seconds)) found.push({ packet: packets, seconds })
      packets += 1
    }
  }
  assertSucceeded(job.ffprobePath, await ended)
  return found
    .map(({ packet, seconds }) => ({ packet, seconds: seconds - startSeconds }))
    .toSorted((left, right) => left.seconds - right.seconds)
}

/** Codecs that Matroska takes over as they are, with all that it says of their colours. */
const KEPT_CODECS = new Set(['h264', 'hevc', 'av1', 'vp8', 'vp9', 'mpeg4', 'mjpeg', 'prores'])

/** Whether the pictures lose nothing by `keepPackets`; a turn is not written down in Matroska. */
export const canKeepPackets = (stream: {
  readonly codec: string
  readonly rotationDegrees?: number
}): boolean => KEPT_CODECS.has(stream.codec) && !stream.rotationDegrees

/**
 * Copies some packets of a stream, by their numbers in it, to a Matroska file with the times that they
 * have in the source. *Returns* whether all of them are there. *Errors:* those of `runFfmpeg`.
 */
export const keepPackets = async (
  job: ConversionJob,
  {
    streamIndex,
    packets,
    outputPath,
  }: {
    readonly streamIndex: number
    readonly packets: readonly number[]
    readonly outputPath: string
  },
): Promise<boolean> => {
  const wanted = packets.map((packet) => `eq(n,${packet})`).join('+')
  let kept = 0
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath }),
      ...['-map', `0:${streamIndex}`, '-c', 'copy', '-map_metadata', '-1', '-map_chapters', '-1'],
      // Without these FFmpeg passes over packets before it counts them.
      ...['-copyinkf', '-copypriorss', '1', '-avoid_negative_ts', 'disabled'],
      ...['-bsf:v', `noise=amount=0:drop='not(key*(${wanted}))'`],
      ...['-f', 'matroska', `file:${outputPath}`],
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    onProgress: (_seconds, frames) => {
      kept = frames
    },
  })
  return kept === packets.length
}

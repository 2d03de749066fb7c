import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { LadderAudio } from '../../../domain/ladder.ts'
import { framesPerSecond } from '../../../domain/rational-rate.ts'
import type { AudioTrack } from '../../../domain/stream-description.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import type { LadderJob } from './encode-rungs.ts'
import { FRAGMENTED_MP4 } from './rung-arguments.ts'
import { splitSegments } from './split-segments.ts'

/**
 * The encoder begins with a packet of silence before the first sample. Its place is what is cut off
 * here: so sound and pictures start at the same zero in every player, without an edit list, which half
 * of them pass over. The first 21 ms fade in instead.
 */
const PRIMING_SAMPLES = 1_024
/** Fragments are short, so that segments end where those of the pictures do, to a quarter second. */
const FRAGMENT_MICROSECONDS = 500_000

/**
 * Encodes the audio tracks of a ladder as AAC, all in one process and always whole: pieces of sound
 * cannot be joined without a gap. Sound that begins late is preceded by silence, gaps are filled.
 *
 * *Output:* files `audio/init.mp4`, `audio/00001.m4s`…; a track of which nothing can be heard is left
 * out. *Errors:* those of `runFfmpeg`. *Cancellation:* as `encodeRungs`.
 */
export const encodeLadderAudio = async (job: LadderJob): Promise<AudioTrack[]> => {
  const { ladder, outputDir, onProgress } = job
  if (ladder.audio.length === 0) return []
  const pathOf = (audio: LadderAudio) => join(outputDir, `${audio.name}.mp4`)
  try {
    await runFfmpeg({
      ffmpegPath: job.ffmpegPath,
      args: [
        ...safeInput({ path: job.inputPath }),
        ...ladder.audio.flatMap((audio) => audioArguments(audio, pathOf(audio))),
      ],
      timeoutMs: job.timeoutMs,
      ...(job.signal ? { signal: job.signal } : {}),
      ...(onProgress
        ? { onProgress: (seconds) => onProgress(Math.min(1, seconds / ladder.durationSeconds)) }
        : {}),
    })
    const tracks: AudioTrack[] = []
    for (const audio of ladder.audio) {
      const track = await packageTrack(job, audio, pathOf(audio))
      if (track.segments.length > 0) tracks.push(track)
    }
    return tracks
  } finally {
    for (const audio of ladder.audio) await rm(pathOf(audio), { force: true })
  }
}

const audioArguments = (audio: LadderAudio, path: string): string[] => [
  ...['-map', `0:${audio.streamIndex}`],
  '-af',
  [
    `aresample=${audio.sampleRateHz}:async=1:first_pts=0`,
    `atrim=start_pts=${PRIMING_SAMPLES}`,
  ].join(),
  ...['-c:a', 'aac', '-b:a', `${audio.bitrateKbps}k`, '-ac', String(audio.channels)],
  ...['-frag_duration', String(FRAGMENT_MICROSECONDS)],
  ...[...FRAGMENTED_MP4, '-f', 'mp4', `file:${path}`],
]

const packageTrack = async (
  { ladder, outputDir }: LadderJob,
  audio: LadderAudio,
  path: string,
): Promise<AudioTrack> => {
  const { codecs, timescale, segments } = await splitSegments({
    path,
    outputDir,
    trackName: audio.name,
    firstSegment: 0,
    segmentSeconds: ladder.framesPerSegment / framesPerSecond(ladder.frameRate),
  })
  return {
    name: audio.name,
    codecs,
    timescale,
    language: audio.language,
    label: audio.label,
    channels: audio.channels,
    sampleRateHz: audio.sampleRateHz,
    segments: segments.map(({ durationTicks, sizeBytes }) => ({ durationTicks, sizeBytes })),
  }
}

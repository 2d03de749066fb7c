import type { Mp4Track } from '../../../domain/generation/compose/copy-plan.ts'
import type { ClipFacts } from '../../../domain/generation/compose/merge-plan.ts'
import { audioStreams, isImageFormat, type MediaStream } from '../../../domain/media-probe.ts'
import { steadyFrameRate } from '../../../domain/video-frame-rate.ts'
import { knownSeconds, picturesOf } from '../conversion.ts'
import { probe } from '../probe.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { readMp4Tracks } from './mp4-tracks.ts'

/** A picture or a film that goes into a larger one, as it was probed. */
export interface Clip extends ClipFacts {
  readonly path: string
  readonly stream: MediaStream
  readonly sound: MediaStream | null
}

/** *Errors:* MEDIA_NO_VIDEO, those of `probe`. */
export const readClip = async (tools: ComposeTools, path: string): Promise<Clip> => {
  const source = await probe({ ...programsOf(tools), path })
  const { stream, size } = picturesOf(source)
  if (isImageFormat(source.formatName)) {
    return { path, stream, size, sound: null, frameRate: null, seconds: null }
  }
  const frameRate = steadyFrameRate(stream)
  const seconds = knownSeconds(source, stream) ?? (await countSeconds(tools, path))
  return { path, stream, size, sound: soundOf(audioStreams(source)), frameRate, seconds }
}

/** Each look by ffprobe is a process. */
const LOOKS_AT_ONCE = 4

/** Several clips: those of one make are looked at once, for they differ in nothing but their length. */
export const readClips = async (
  tools: ComposeTools,
  paths: readonly string[],
): Promise<readonly Clip[]> => {
  const makes = new Map<string, Promise<Clip>>()
  const clips: Clip[] = []
  for (let first = 0; first < paths.length; first += LOOKS_AT_ONCE) {
    const batch = paths.slice(first, first + LOOKS_AT_ONCE)
    clips.push(...(await Promise.all(batch.map((path) => readLike(tools, path, makes)))))
  }
  return clips
}

const readLike = async (
  tools: ComposeTools,
  path: string,
  makes: Map<string, Promise<Clip>>,
): Promise<Clip> => {
  const tracks = await readMp4Tracks(path)
  const pictures = tracks?.find(({ kind }) => kind === 'pictures')
  const make = tracks === null ? null : makeOf(tracks)
  if (make === null || pictures === undefined) return await readClip(tools, path)
  const like = makes.get(make) ?? readClip(tools, path)
  makes.set(make, like)
  const { samples, ticksPerSample, timescale } = pictures
  return { ...(await like), path, seconds: (samples * (ticksPerSample ?? 0)) / timescale }
}

/** Null where the index alone does not tell how pictures and sound are to be decoded and shown. */
const makeOf = (tracks: readonly Mp4Track[]): string | null => {
  const isPlain = tracks.every(
    ({ isPlain: one, skippedTicks, ticksPerSample, kind }) =>
      one && ticksPerSample !== null && (kind !== 'pictures' || skippedTicks === 0),
  )
  if (!isPlain) return null
  return JSON.stringify(
    tracks.map(({ kind, codec, sampleEntry, timescale, ticksPerSample }) => [
      ...[kind, codec, sampleEntry, timescale, ticksPerSample],
    ]),
  )
}

/** The first stream of sound that can be decoded. */
export const soundOf = (streams: readonly MediaStream[]): MediaStream | null =>
  streams.find(({ sampleRateHz, channels }) => sampleRateHz && channels) ?? null

/** Recordings that were piped do not say how long they are: their packets do. */
const countSeconds = async (tools: ComposeTools, path: string): Promise<number> => {
  let seconds = 0
  await runFfmpeg({
    ...programsOf(tools),
    args: [...safeInput({ path }), '-map', '0:v:0', '-c', 'copy', '-f', 'null', '-'],
    onProgress: (outTimeSeconds) => {
      seconds = outTimeSeconds
    },
  })
  return seconds
}

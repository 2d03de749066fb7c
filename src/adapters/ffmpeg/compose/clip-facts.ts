import type { ClipFacts } from '../../../domain/generation/compose/merge-plan.ts'
import { audioStreams, isImageFormat, type MediaStream } from '../../../domain/media-probe.ts'
import { steadyFrameRate } from '../../../domain/video-frame-rate.ts'
import { knownSeconds, picturesOf } from '../conversion.ts'
import { probe } from '../probe.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'

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

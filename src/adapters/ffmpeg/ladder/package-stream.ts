import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Ladder, LadderWish } from '../../../domain/ladder.ts'
import { manifestFiles } from '../../../domain/manifests/manifest-files.ts'
import { captionName, describeStream } from '../../../domain/stream-description.ts'
import type { CaptionTrack, StreamDescription } from '../../../domain/stream-description.ts'
import { encodeLadderAudio } from './encode-audio.ts'
import { encodeRungs } from './encode-rungs.ts'
import type { LadderJob } from './encode-rungs.ts'
import { inspectForLadder } from './inspect-for-ladder.ts'

export interface PackageJob extends Omit<LadderJob, 'ladder'> {
  readonly ffprobePath: string
  readonly wish: LadderWish
  /** WebVTT files; they are copied. */
  readonly captions?: readonly (CaptionTrack & { readonly path: string })[]
}

/** Sound is a small part of the work. */
const AUDIO_SHARE = 0.05

/**
 * Makes a whole stream: all rungs in one decode, the sound beside them, captions, manifests and
 * `stream.json`. *Errors* and *cancellation:* those of `inspectForLadder`, `encodeRungs` and
 * `encodeLadderAudio`.
 */
export const packageStream = async (job: PackageJob): Promise<StreamDescription> => {
  const { outputDir, captions = [] } = job
  const ladder = await inspectForLadder(job)
  const { audio, parts } = await encodeTracks(job, ladder)
  for (const { language, path } of captions) {
    await mkdir(join(outputDir, 'captions'), { recursive: true })
    await copyFile(path, join(outputDir, captionName(language)))
  }
  const stream = describeStream({
    video: parts.map(({ track }) => track),
    audio,
    captions: captions.map(({ language, label }) => ({ language, label })),
  })
  for (const { name, text } of manifestFiles(stream)) await writeFile(join(outputDir, name), text)
  return stream
}

/**
 * Pictures and sound at the same time: alone, pictures left about a tenth of two cores idle.
 * If one fails the other is ended too; both are over when this settles.
 */
const encodeTracks = async (job: PackageJob, ladder: Ladder) => {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(job.signal ? [job.signal] : [])])
  const audioShare = ladder.audio.length > 0 ? AUDIO_SHARE : 0
  const ratios = { audio: 0, pictures: 0 }
  const report = (kind: keyof typeof ratios) => (ratio: number) => {
    ratios[kind] = ratio
    job.onProgress?.(ratios.audio * audioShare + ratios.pictures * (1 - audioShare))
  }
  const sound = encodeLadderAudio({ ...job, ladder, signal, onProgress: report('audio') })
  const pictures = encodeRungs({
    ...job,
    ladder,
    rungNames: ladder.rungs.map(({ name }) => name),
    signal,
    onProgress: report('pictures'),
  })
  try {
    const [audio, parts] = await Promise.all([sound, pictures])
    return { audio, parts }
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled([sound, pictures])
    throw error
  }
}

import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { LadderWish } from '../../../domain/ladder.ts'
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
 * Makes a whole stream: all rungs in one decode, the sound, captions, manifests and `stream.json`.
 * *Errors* and *cancellation:* those of `inspectForLadder`, `encodeRungs` and `encodeLadderAudio`.
 */
export const packageStream = async (job: PackageJob): Promise<StreamDescription> => {
  const { outputDir, onProgress, captions = [] } = job
  const ladder = await inspectForLadder(job)
  const audio = await encodeLadderAudio({
    ...job,
    ladder,
    onProgress: (ratio) => onProgress?.(ratio * AUDIO_SHARE),
  })
  const parts = await encodeRungs({
    ...job,
    ladder,
    rungNames: ladder.rungs.map(({ name }) => name),
    onProgress: (ratio) => onProgress?.(AUDIO_SHARE + ratio * (1 - AUDIO_SHARE)),
  })
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

import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { detectFaces } from '../../src/adapters/clips/detect-faces.ts'
import { samplePictures } from '../../src/adapters/clips/sample-pictures.ts'
import type { SeenFaces } from '../../src/domain/clips/follow-speaker.ts'

/** What the real detector sees from the beginning of a video. It works in a new folder of the given one. */
export const watchFaces = async (video: {
  readonly inputPath: string
  readonly endSeconds: number
  readonly folder: string
}): Promise<SeenFaces> => {
  const { inputPath, endSeconds, folder } = video
  const work = await mkdtemp(join(folder, 'work-'))
  const workPath = (name: string) => join(work, name)
  const signal = new AbortController().signal
  const pythonPath = toolchain().pythonPath ?? 'python3'
  const { seen: samples, ...timing } = await samplePictures({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000, inputPath },
    ...{ startSeconds: 0, endSeconds, workPath, signal },
    look: (pictures) =>
      detectFaces({ pythonPath, timeoutMs: 90_000 }, { pictures, workPath, signal }),
  })
  return { samples, ...timing }
}

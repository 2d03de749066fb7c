import type { RenderSpec } from '../../domain/render-spec.ts'
import type { DecodeOptions } from './decode-audio.ts'
import { decodeAudio } from './decode-audio.ts'
import { readPicture } from './picture.ts'
import type { Scene } from './scene.ts'
import { createScene } from './scene.ts'

export interface RenderSources {
  readonly spec: RenderSpec
  /** A local file, cropped to what the video plays. */
  readonly audioPath: string
  /** Without it the picture inside the audio file is taken, and without that one is drawn. */
  readonly coverPath?: string | undefined
  readonly backgroundPath?: string | undefined
}

/** What a drawing thread needs: plain data, the samples in shared memory. */
export const loadSources = async (sources: RenderSources, options: DecodeOptions) => {
  const { spec, audioPath, coverPath, backgroundPath } = sources
  const reading = [
    decodeAudio(audioPath, options),
    coverPath ? readPicture(coverPath, options) : embeddedCover(audioPath, options),
    backgroundPath ? readPicture(backgroundPath, options) : Promise.resolve(undefined),
  ] as const
  // When one fails, or all are aborted, none may still run when the caller hears of it.
  await Promise.allSettled(reading)
  const [pcm, cover, background] = await Promise.all(reading)
  return { spec, pcm, cover, background }
}

/** A song need not have a picture, and one that cannot be read is no reason to refuse the song. */
const embeddedCover = async (
  audioPath: string,
  options: DecodeOptions,
): Promise<Uint8Array | undefined> => {
  try {
    return await readPicture(audioPath, options)
  } catch {
    options.signal.throwIfAborted()
    return undefined
  }
}

/** A video of which single frames can be drawn, in this thread. */
export const openScene = async (sources: RenderSources, options: DecodeOptions): Promise<Scene> =>
  createScene(await loadSources(sources, options))

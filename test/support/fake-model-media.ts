import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ffmpeg } from './stack-media.ts'

const SIZES: Readonly<Record<string, string>> = {
  '16:9': '320x180',
  '9:16': '180x320',
  '4:5': '192x240',
}

/** Of the shape that was asked for, and small. */
const sizeOf = (aspectRatio: unknown): string => SIZES[String(aspectRatio)] ?? '240x240'

export const videoName = (seconds: number, aspectRatio: unknown = '16:9'): string =>
  `video-${seconds}-${sizeOf(aspectRatio)}.mp4`
export const imageName = (aspectRatio: unknown = '1:1'): string =>
  `image-${sizeOf(aspectRatio)}.png`
export const audioName = (seconds: number): string => `audio-${seconds}.mp3`

const NAME =
  /^(?:video-(?<video>[\d.]+)-(?<frame>\d+x\d+)\.mp4|image-(?<image>\d+x\d+)\.png|audio-(?<audio>[\d.]+)\.mp3)$/

const sine = (seconds: string) => ['-f', 'lavfi', '-i', `sine=frequency=330:duration=${seconds}`]

/** What was made once serves every fake of the process. */
const made = new Map<string, Promise<Buffer>>()

const make = async (name: string): Promise<Buffer> => {
  const { video, frame, image, audio } = NAME.exec(name)?.groups ?? {}
  const folder = await mkdtemp(join(tmpdir(), 'spool-fake-models-'))
  const path = join(folder, name)
  try {
    if (video !== undefined) {
      const pictures = `testsrc2=size=${frame ?? ''}:rate=30:duration=${video}`
      const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
      await ffmpeg('-f', 'lavfi', '-i', pictures, ...sine(video), ...codecs, '-c:a', 'aac', path)
    } else if (image !== undefined) {
      await ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=${image}`, '-frames:v', '1', path)
    } else {
      await ffmpeg(...sine(audio ?? '1'), '-c:a', 'libmp3lame', path)
    }
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const CONTENT_TYPES = { mp4: 'video/mp4', png: 'image/png', mp3: 'audio/mpeg' } as const

/**
 * A small and real file as a model would make it, made when it is first asked for:
 * `video-<seconds>-<width>x<height>.mp4`, `image-<width>x<height>.png` or `audio-<seconds>.mp3`; null for any
 * other name.
 */
export const fakeMediaFile = async (
  name: string,
): Promise<{ readonly bytes: Buffer; readonly contentType: string } | null> => {
  if (!NAME.test(name)) return null
  const bytes = made.get(name) ?? make(name)
  made.set(name, bytes)
  const contentType = CONTENT_TYPES[name.slice(-3) as keyof typeof CONTENT_TYPES]
  return { bytes: await bytes, contentType }
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ffmpeg } from './stack-media.ts'

/** Files as models make them, small and real. */
export interface FakeMedia {
  /** `video-<seconds>-<width>x<height>.mp4`, `image-<width>x<height>.png` or `audio-<seconds>.mp3`. */
  file(name: string): Promise<{ readonly bytes: Buffer; readonly contentType: string } | null>
  close(): Promise<void>
}

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

/** Makes each file when it is first asked for. */
export const createFakeMedia = async (): Promise<FakeMedia> => {
  const folder = await mkdtemp(join(tmpdir(), 'spool-fake-models-'))
  const made = new Map<string, Promise<Buffer>>()

  const make = async (name: string): Promise<Buffer> => {
    const { video, frame, image, audio } = NAME.exec(name)?.groups ?? {}
    const path = join(folder, name)
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
  }

  return {
    file: async (name) => {
      if (!NAME.test(name)) return null
      const bytes = made.get(name) ?? make(name)
      made.set(name, bytes)
      const endings = { mp4: 'video/mp4', png: 'image/png', mp3: 'audio/mpeg' } as const
      const contentType = endings[name.slice(-3) as keyof typeof endings]
      return { bytes: await bytes, contentType }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutClip } from '../../../src/adapters/clips/cut-clip.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { clipView } from '../../../src/domain/clips/clip-view.ts'
import type { FaceBox } from '../../../src/domain/clips/face-tracks.ts'
import type { SeenFaces } from '../../../src/domain/clips/follow-speaker.ts'
import type { FrameSize } from '../../../src/domain/frame-size.ts'
import { makeTalk } from '../../support/talking-head.ts'
import { watchFaces } from '../../support/watch-faces.ts'

const run = promisify(execFile)

const SECONDS = 1.2
/** A quarter of what the product makes. */
const FORMATS: readonly FrameSize[] = [
  { widthPx: 270, heightPx: 480 },
  { widthPx: 270, heightPx: 270 },
  { widthPx: 480, heightPx: 270 },
]
/** All of them fit into it. */
const CANVAS = { widthPx: 480, heightPx: 480 } as const

interface Source {
  readonly widthPx: number
  readonly heightPx: number
  readonly frameRate: number
  /** Of the face: where its middle is, and how tall it is, in pixels. */
  readonly x: number
  readonly y: number
  readonly facePx: number
  readonly output?: readonly string[]
  /** Which frames are left of it, each at its own time; all by default. */
  readonly left?: string
  /** Degrees by which players turn it. */
  readonly turned?: number
}

const usual = { widthPx: 640, heightPx: 360, frameRate: 25, x: 480, y: 150, facePx: 90 }
const SOURCES: Readonly<Record<string, Source>> = {
  'a portrait': { ...usual, widthPx: 360, heightPx: 640, x: 200, y: 440, facePx: 90 },
  'a square': { ...usual, widthPx: 480, heightPx: 480, x: 330, y: 160 },
  '240 lines': { ...usual, widthPx: 426, heightPx: 240, x: 110, y: 110, facePx: 60 },
  'odd sizes': { ...usual, widthPx: 641, heightPx: 359, output: ['-pix_fmt', 'yuv444p'] },
  '60 frames a second': { ...usual, frameRate: 60 },
  'frames that come as they like': {
    ...usual,
    frameRate: 30,
    left: 'not(eq(mod(n,7),3)+eq(mod(n,11),5))',
  },
  'a film that players turn': { ...usual, turned: 90, x: 250, y: 180 },
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-sources-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const makeSource = async (index: number, source: Source): Promise<string> => {
  const { widthPx, heightPx, frameRate, x, y, facePx, output = [], left, turned } = source
  const upright = turned === undefined
  const path = await makeTalk(join(folder, `source-${index}.mp4`), {
    size: upright ? { widthPx, heightPx } : { widthPx: heightPx, heightPx: widthPx },
    ...{ frameRate, voicePath: null, output },
    scenes: [
      {
        ...{ durationSeconds: SECONDS, color: '0x405060' },
        people: [{ ...(upright ? { x, y } : { x: y, y: x }), facePx, speaks: [] }],
      },
    ],
  })
  const change = async (from: string, ...how: readonly string[]): Promise<string> => {
    const changed = await mkdtemp(join(folder, 'changed-'))
    await run('ffmpeg', ['-v', 'error', '-i', from, ...how, join(changed, 'film.mp4')])
    return join(changed, 'film.mp4')
  }
  if (left !== undefined) return await change(path, '-vf', `select='${left}'`, '-vsync', 'vfr')
  if (upright) return path
  // Laid on its side, with a word for players to set it up again.
  const lying = await change(path, '-vf', 'transpose=cclock')
  return await change(lying, '-c', 'copy', '-metadata:s:v', `rotate=${360 - turned}`)
}

/** Four tenths of a second of each clip as one film, all in the left upper corner: one look is enough. */
const together = async (index: number, paths: readonly string[]): Promise<string> => {
  const path = join(folder, `together-${index}.mp4`)
  const { widthPx, heightPx } = CANVAS
  const parts = paths.map(
    (_, part) => `[${part}]fps=10,trim=end_frame=4,pad=${widthPx}:${heightPx}[p${part}]`,
  )
  const joined = `${paths.map((_, part) => `[p${part}]`).join('')}concat=n=${paths.length},fps=10`
  const inputs = paths.flatMap((one) => ['-i', one])
  const graph = [...parts, joined].join(';')
  await run('ffmpeg', ['-v', 'error', ...inputs, '-filter_complex', graph, path])
  return path
}

const watch = (inputPath: string, endSeconds = SECONDS): Promise<SeenFaces> =>
  watchFaces({ inputPath, endSeconds, folder })

const cut = async (inputPath: string, seen: SeenFaces, size: FrameSize): Promise<string> => {
  const work = await mkdtemp(join(folder, 'cut-'))
  const outputPath = join(work, 'clip.mp4')
  await cutClip({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 },
    ...{ inputPath, outputPath, startSeconds: 0, endSeconds: SECONDS },
    ...{ size, folder: work },
    compose: async (shape) => ({ spans: clipView(seen, [], shape), captionsFilter: null }),
  })
  return outputPath
}

describe('a clip', () => {
  it.each(Object.entries(SOURCES).map(([name, source], index) => ({ name, source, index })))(
    'of $name has the face whole, as near to the middle as the picture lets it get',
    async ({ source, index }) => {
      const path = await makeSource(index, source)
      const seen = await watch(path)
      expect(seen.samples.filter((faces) => faces.length === 1)).toHaveLength(6)
      const clips: string[] = []
      for (const size of FORMATS) {
        const clipPath = await cut(path, seen, size)
        const made = await probe({ ffprobePath: 'ffprobe', path: clipPath })
        expect(made.streams[0]).toMatchObject(size)
        expect(Math.abs(made.durationSeconds! - SECONDS)).toBeLessThan(0.1)
        clips.push(clipPath)
      }
      const shown = await watch(await together(index, clips), FORMATS.length * 0.4)
      for (const [part, size] of FORMATS.entries()) {
        const [face, ...others] = shown.samples[2 * part + 1]!
        expect(others).toEqual([])
        const box = within(size, face!)
        const wanted = placeIn(size, source)
        expect(Math.abs(box.x + box.width / 2 - wanted.x)).toBeLessThan(0.06)
        expect(Math.abs(box.y + box.height / 2 - wanted.y)).toBeLessThan(0.08)
        expect(Math.min(box.x, box.y)).toBeGreaterThan(0)
        expect(Math.max(box.x + box.width, box.y + box.height)).toBeLessThan(1)
      }
    },
  )
})

/** Of the canvas to parts of the clip. */
const within = ({ widthPx, heightPx }: FrameSize, { x, y, width, height }: FaceBox) => ({
  x: (x * CANVAS.widthPx) / widthPx,
  width: (width * CANVAS.widthPx) / widthPx,
  y: (y * CANVAS.heightPx) / heightPx,
  height: (height * CANVAS.heightPx) / heightPx,
})

/** Where the middle of the face is in the clip: in that of the window, as long as it is in the picture. */
const placeIn = (
  clip: { readonly widthPx: number; readonly heightPx: number },
  { widthPx, heightPx, x, y, turned }: Source,
) => {
  const source =
    turned === undefined ? { widthPx, heightPx } : { widthPx: heightPx, heightPx: widthPx }
  const face = turned === undefined ? { x, y } : { x: y, y: x }
  const scale = Math.max(clip.widthPx / source.widthPx, clip.heightPx / source.heightPx)
  const along = (at: number, length: number, window: number, middle: number) => {
    const start = Math.min(Math.max(at * scale - middle * window, 0), length * scale - window)
    return (at * scale - start) / window
  }
  return {
    x: along(face.x, source.widthPx, clip.widthPx, 0.5),
    // A little above the middle, the more the smaller it is.
    y: along(face.y, source.heightPx, clip.heightPx, 0.46),
  }
}

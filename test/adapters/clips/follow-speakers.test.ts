import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutClip } from '../../../src/adapters/clips/cut-clip.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { clipView, type ViewSpan } from '../../../src/domain/clips/clip-view.ts'
import type { SeenFaces } from '../../../src/domain/clips/follow-speaker.ts'
import type { FrameSize } from '../../../src/domain/frame-size.ts'
import { makeTalk } from '../../support/talking-head.ts'
import { watchFaces } from '../../support/watch-faces.ts'

/**
 * A talk of which everything is known. In the first scene the left one speaks and the right one listens;
 * in the second both answer each other; in the third the right one is alone.
 */
const SIZE = { widthPx: 640, heightPx: 360 }
const FRAME_RATE = 25
const CUTS = [4, 8] as const
const SECONDS = 11
const LEFT_X = 120
const RIGHT_X = 520
const VERTICAL = { widthPx: 180, heightPx: 320 }
const SQUARE = { widthPx: 240, heightPx: 240 }

let folder: string
let sourcePath: string
let seen: SeenFaces
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-speakers-'))
  const person = (x: number, y: number, from: number, to: number) => ({
    ...{ x, y, facePx: 84, speaks: from === to ? [] : [[from, to] as const] },
  })
  sourcePath = await makeTalk(join(folder, 'talk.mp4'), {
    size: SIZE,
    frameRate: FRAME_RATE,
    voicePath: null,
    scenes: [
      {
        ...{ durationSeconds: 4, color: '0x304050' },
        people: [person(LEFT_X, 150, 0, 4), person(RIGHT_X, 170, 0, 0)],
      },
      {
        ...{ durationSeconds: 4, color: '0xb0a090' },
        people: [person(LEFT_X, 150, 4, 6), person(RIGHT_X, 170, 6, 8)],
      },
      { ...{ durationSeconds: 3, color: '0x506030' }, people: [person(RIGHT_X, 170, 8, 11)] },
    ],
  })
  seen = await watch(sourcePath)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const watch = (inputPath: string): Promise<SeenFaces> =>
  watchFaces({ inputPath, endSeconds: SECONDS, folder })

const words = [{ startSeconds: 0, endSeconds: SECONDS, text: 'words' }]

const cut = async (size: FrameSize) => {
  const work = await mkdtemp(join(folder, 'cut-'))
  const outputPath = join(work, 'clip.mp4')
  const { spans } = await cutClip({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 },
    ...{ inputPath: sourcePath, outputPath, startSeconds: 0, endSeconds: SECONDS },
    ...{ size, folder: work },
    compose: async (shape) => ({ spans: clipView(seen, words, shape), captionsFilter: null }),
  })
  return { spans, outputPath }
}

const layouts = (spans: readonly ViewSpan[]) =>
  spans.map(({ layout, fromFrame, toFrame }) => [
    layout,
    fromFrame / FRAME_RATE,
    toFrame / FRAME_RATE,
  ])

/** The middles of the faces in a sample, in parts of the picture, from left to right or from above. */
const middles = ({ samples }: SeenFaces, seconds: number) =>
  (samples[Math.round(seconds * 5)] ?? [])
    .map(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))
    .toSorted((a, b) => a.x + a.y - b.x - b.y)

describe('a clip of several speakers', () => {
  it('follows the one who speaks, shows the halves of two who answer each other, and cuts with the scene', async () => {
    const { spans, outputPath } = await cut(VERTICAL)
    expect(layouts(spans)).toEqual([
      ['single', 0, CUTS[0]],
      ['split', CUTS[0], CUTS[1]],
      ['single', CUTS[1], SECONDS],
    ])
    const made = await probe({ ffprobePath: 'ffprobe', path: outputPath })
    expect(made.streams[0]).toMatchObject({ widthPx: 180, heightPx: 320, frameRate: FRAME_RATE })
    expect(made.durationSeconds).toBeCloseTo(SECONDS, 2)
    const clip = await watch(outputPath)
    expect(clip.cutsSeconds).toEqual([...CUTS])
    for (const seconds of [0.4, 2, 3.6, 8.2, 9.6, 10.6]) {
      const [face, ...others] = middles(clip, seconds)
      expect(others).toEqual([])
      expect(Math.abs(face!.x - 0.5)).toBeLessThan(0.1)
    }
    for (const seconds of [4.2, 6, 7.6]) {
      const [upper, lower] = middles(clip, seconds)
      expect(Math.abs(upper!.x - 0.5)).toBeLessThan(0.1)
      expect(Math.abs(lower!.x - 0.5)).toBeLessThan(0.1)
      // Each in its own half, with the seam free for captions.
      expect(Math.abs(upper!.y - 0.25)).toBeLessThan(0.05)
      expect(Math.abs(lower!.y - 0.75)).toBeLessThan(0.05)
    }
  })

  it('has the halves side by side in a square', async () => {
    const { spans, outputPath } = await cut(SQUARE)
    expect(spans.map(({ layout }) => layout)).toEqual(['single', 'split', 'single'])
    const clip = await watch(outputPath)
    const [left, right] = middles(clip, 6)
    expect(Math.abs(left!.x - 0.25)).toBeLessThan(0.05)
    expect(Math.abs(right!.x - 0.75)).toBeLessThan(0.05)
  })
})

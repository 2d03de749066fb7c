import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samplePictures } from '../../../src/adapters/clips/sample-pictures.ts'
import { makeMedia } from '../../support/media-corpus.ts'

const FRAME_RATE = 25
const FRAMES = 50
const SIZE = 'size=64x36'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-samples-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** One frame that others need, then so many that none needs, and so on; no key frame but the first. */
const pattern = (spare: number): string[] => [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-qp', '10', '-g', '250'],
  ...['-sc_threshold', '0', '-bf', String(spare), '-b_strategy', '0'],
  ...['-x264-params', 'b-pyramid=none:weightp=0', '-pix_fmt', 'yuv420p'],
]

/** Dark until a frame, and light from it on. */
const filmWithCut = (cutFrame: number, spare: number): Promise<string> => {
  const color = (name: string, frames: number) => [
    ...['-f', 'lavfi', '-i'],
    `color=${name}:${SIZE}:rate=${FRAME_RATE}:duration=${frames / FRAME_RATE}`,
  ]
  return makeMedia(
    folder,
    ...[...color('0x202020', cutFrame), ...color('0xd0d0d0', FRAMES - cutFrame)],
    ...['-filter_complex', 'concat', ...pattern(spare), `cut-${cutFrame}-${spare}.mp4`],
  )
}

/** Each frame is lighter than the one before by this. */
const STEP = 4
const filmThatBrightens = (spare: number): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `color=black:${SIZE}:rate=${FRAME_RATE}`],
    ...['-vf', `geq=lum=${STEP}*N+20:cb=128:cr=128`, '-frames:v', String(FRAMES)],
    ...[...pattern(spare), `light-${spare}.mp4`],
  )

const sample = async (inputPath: string, startSeconds = 0) => {
  const work = await mkdtemp(join(folder, 'work-'))
  const asked: string[] = []
  const { seen, cutsSeconds } = await samplePictures({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000, inputPath },
    ...{ startSeconds, endSeconds: FRAMES / FRAME_RATE, signal: new AbortController().signal },
    workPath: (name) => {
      asked.push(name)
      return join(work, name)
    },
    look: async ({ stream, size }) => ({
      pictures: await buffer(stream),
      pictureBytes: size.widthPx * size.heightPx * 3,
    }),
  })
  const levels = Array.from(
    { length: seen.pictures.length / seen.pictureBytes },
    (_, index) => seen.pictures[index * seen.pictureBytes]!,
  )
  return { cutsSeconds, levels, files: new Set(asked).size }
}

/** The frame that a sample shows, from how light it is; video levels go from 16 to 235. */
const shownFrame = (level: number): number =>
  Math.max(0, Math.round(((level * 219) / 255 + 16 - 20) / STEP))

describe('a look through a video', () => {
  it.each([16, 17, 18, 19, 20, 21])(
    'finds the cut at frame %i, whether others need that frame or none does',
    async (cutFrame) => {
      const { cutsSeconds } = await sample(await filmWithCut(cutFrame, 3))
      expect(cutsSeconds).toHaveLength(1)
      expect(cutsSeconds[0]).toBeCloseTo(cutFrame / FRAME_RATE, 4)
    },
  )

  it('finds the cut also where it begins within the video', async () => {
    const { cutsSeconds } = await sample(await filmWithCut(30, 3), 0.52)
    expect(cutsSeconds).toHaveLength(1)
    expect(cutsSeconds[0]).toBeCloseTo(30 / FRAME_RATE - 0.52, 4)
  })

  it('is made once where every frame is needed', async () => {
    const [plain, spare] = [await sample(await filmWithCut(18, 0)), await filmWithCut(18, 3)]
    expect(plain.cutsSeconds).toEqual([18 / FRAME_RATE])
    expect(plain.files).toBe(1)
    expect((await sample(spare)).files).toBe(2)
  })

  it('shows the frames that are there at the times of its samples', async () => {
    const { levels } = await sample(await filmThatBrightens(0))
    expect(levels.map(shownFrame)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45])
  })

  it('shows older ones by a frame or three where the newest are needed by none', async () => {
    const { levels } = await sample(await filmThatBrightens(3))
    expect(levels.map(shownFrame)).toEqual([0, 4, 8, 12, 20, 24, 28, 32, 40, 44])
  })

  it('shows no frame twice, however few are needed', async () => {
    const { levels } = await sample(await filmThatBrightens(12))
    expect(levels.map(shownFrame)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45])
  })
})

import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { makeStoryboard } from '../../../src/adapters/ffmpeg/storyboard.ts'
import { DEFAULT_STORYBOARD } from '../../../src/domain/media-conversions.ts'
import type { StoryboardSpec } from '../../../src/domain/media-conversions.ts'
import {
  colourGrid,
  describeStream,
  makeCountedFilm,
  PROGRAMS,
} from '../../support/converted-media.ts'
import { makeMedia, makeTone, turnedClockwise } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-storyboard-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const draw = async (inputPath: string, wish: Partial<StoryboardSpec> = {}) => {
  const outputDir = await mkdtemp(join(folder, 'board-'))
  const spec = { ...DEFAULT_STORYBOARD, tileWidthPx: 32, ...wish }
  const board = await makeStoryboard({ ...PROGRAMS, inputPath, outputDir, spec })
  return { board, outputDir, vtt: await readFile(board.vttPath, 'utf8') }
}

/** The luma of the middle of each tile, as the number of the frame of a counted film. */
const framesOf = async (path: string, columns: number, rows: number): Promise<number[]> =>
  (await colourGrid(path, columns, rows)).map(([grey = 0]) => Math.round(((grey / 255) * 219) / 2))

describe('makeStoryboard', () => {
  // A key frame every half second, or one for all.
  it.each([{ encode: [] }, { encode: ['-g', '999'] }])(
    'shows each stretch of time by a picture out of it',
    async ({ encode }) => {
      const film = await makeCountedFilm(folder, 'film.mp4', { frames: 96, frameRate: 24, encode })
      const { board } = await draw(film, { columns: 2, rows: 2 })
      expect(board).toMatchObject({ tileCount: 4, intervalSeconds: 1, tileWidthPx: 32 })
      const [sheet = ''] = board.spritePaths
      expect(await describeStream(sheet, 'v')).toMatchObject({ width: 64, height: 64 })
      for (const [tile, frame] of (await framesOf(sheet, 2, 2)).entries()) {
        expect(frame).toBeGreaterThanOrEqual(tile * 24)
        expect(frame).toBeLessThan((tile + 1) * 24)
      }
    },
  )

  it('shows the key frame before the middle where they lie close, with reordered pictures too', async () => {
    const encode = ['-c:v', 'libx264', '-g', '3', '-bf', '2', '-qp', '4']
    const film = await makeCountedFilm(folder, 'film.mp4', { frames: 96, frameRate: 24, encode })
    const { board, outputDir } = await draw(film, { columns: 2, rows: 2 })
    expect(await framesOf(board.spritePaths[0] ?? '', 2, 2)).toEqual([9, 33, 57, 81])
    expect(await readdir(outputDir)).toEqual(['storyboard-1.jpg', 'storyboard.vtt'])
  })

  it('tells by WebVTT where the picture of a moment lies', async () => {
    const film = await makeCountedFilm(folder, 'film.mp4', { frames: 72, frameRate: 24 })
    const { vtt } = await draw(film, { columns: 2, rows: 1, format: 'webp' })
    expect(vtt).toBe(
      [
        'WEBVTT',
        '',
        '00:00:00.000 --> 00:00:01.000',
        'storyboard-1.webp#xywh=0,0,32,32',
        '',
        '00:00:01.000 --> 00:00:02.000',
        'storyboard-1.webp#xywh=32,0,32,32',
        '',
        '00:00:02.000 --> 00:00:03.000',
        'storyboard-2.webp#xywh=0,0,32,32',
        '',
      ].join('\n'),
    )
  })

  it('makes no more tiles than allowed, on as many sheets as they need', async () => {
    const film = await makeMedia(
      folder,
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=64x36:r=5:d=60',
        '-c:v',
        'libx264',
        '-g',
        '10',
        'min.mp4',
      ],
    )
    const { board, outputDir } = await draw(film, { tilesMax: 25, columns: 5, rows: 4 })
    expect(board).toMatchObject({ tileCount: 25, intervalSeconds: 2.4, tileHeightPx: 18 })
    expect(board.spritePaths.map((path) => basename(path))).toEqual([
      'storyboard-1.jpg',
      'storyboard-2.jpg',
    ])
    expect((await readdir(outputDir)).length).toBe(3)
  })

  it('makes one tile of a film of less than a second, upright if it is', async () => {
    const film = await makeCountedFilm(folder, 'brief.mp4', { frames: 5, frameRate: 25 })
    const wide = await makeMedia(folder, '-i', film, '-vf', 'scale=64:32,setsar=1', 'wide.mp4')
    const { board } = await draw(await turnedClockwise(wide))
    expect(board).toMatchObject({ tileCount: 1, tileWidthPx: 32, tileHeightPx: 64 })
  })

  it('refuses sound', async () => {
    const tone = await makeTone(folder, 'tone.mp3', { durationSeconds: 1 })
    await expect(draw(tone)).rejects.toMatchObject({ code: 'MEDIA_NO_VIDEO' })
  })

  it('leaves the folder to its caller', async () => {
    const outputDir = join(folder, 'missing')
    const film = await makeCountedFilm(folder, 'film.mp4', { frames: 25, frameRate: 25 })
    const work = makeStoryboard({
      ...PROGRAMS,
      inputPath: film,
      outputDir,
      spec: DEFAULT_STORYBOARD,
    })
    await expect(work).rejects.toMatchObject({ code: 'ENCODER_CRASHED' })
    await mkdir(outputDir)
    expect(await readdir(outputDir)).toEqual([])
  })
})

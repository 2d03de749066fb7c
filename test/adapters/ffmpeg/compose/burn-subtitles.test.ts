import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { LocalMedium } from '../../../../src/adapters/ffmpeg/compose/compose-job.ts'
import { runMediaOperation } from '../../../../src/adapters/ffmpeg/compose/run-media-operation.ts'
import type {
  CaptionStyle,
  CaptionWord,
  SubtitlesParams,
} from '../../../../src/domain/generation/job-params.ts'
import { colourGrid, describeStream, PROGRAMS } from '../../../support/converted-media.ts'
import { makeMedia } from '../../../support/media-corpus.ts'

const SIZE = { widthPx: 270, heightPx: 480 }
const [COLUMNS, ROWS] = [54, 96]

let folder: string
let film: string
let attempts = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-subtitles-'))
  film = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `color=0x0000a0:s=${SIZE.widthPx}x${SIZE.heightPx}:r=25:d=2`],
    ...['-f', 'lavfi', '-i', 'sine=d=2', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', 'film.mp4'],
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const burn = async (
  words: SubtitlesParams<LocalMedium>['words'],
  style: CaptionStyle = { preset: 'tiktok', animationStyle: 'color' },
) => {
  attempts += 1
  const work = join(folder, `attempt-${attempts}`)
  await mkdir(work)
  const made = await runMediaOperation({
    ...PROGRAMS,
    folder: work,
    operation: 'addSubtitles',
    params: { video: { path: film, media: 'video' }, words, style },
  })
  return { ...made, script: () => readFile(join(work, 'captions.ass'), 'utf8') }
}

const say = (...texts: string[]): CaptionWord[] =>
  texts.map((word, index) => ({ word, startSeconds: index * 0.5, endSeconds: index * 0.5 + 0.45 }))

interface Cell {
  readonly column: number
  readonly row: number
}

/** Where a frame is of a colour, by red, green and blue of the cells of a fine grid. */
const cellsOf = async (
  path: string,
  seconds: number,
  isWanted: (rgb: readonly [number, number, number]) => boolean,
): Promise<Cell[]> => {
  const still = `${path}-${seconds}.png`
  await makeMedia(folder, '-ss', String(seconds), '-i', path, '-frames:v', '1', still)
  const grid = await colourGrid(still, COLUMNS, ROWS)
  return grid.flatMap(([red = 0, green = 0, blue = 0], index) =>
    isWanted([red, green, blue])
      ? [{ column: index % COLUMNS, row: Math.floor(index / COLUMNS) }]
      : [],
  )
}

const isYellow = ([red, green, blue]: readonly [number, number, number]) =>
  red > 90 && green > 70 && red > blue + 40
const isWhite = ([red, green, blue]: readonly [number, number, number]) =>
  Math.min(red, green) > 90 && red < blue + 30
const isDrawn = ([red, green]: readonly [number, number, number]) => red + green > 90
const mean = (values: readonly number[]) =>
  values.reduce((total, value) => total + value, 0) / values.length

describe('addSubtitles', () => {
  it('lights the word that is being spoken, from left to right', async () => {
    const { path } = await burn(say('first', 'second'))
    const columns = async (seconds: number) =>
      (await cellsOf(path, seconds, isYellow)).map(({ column }) => column)
    const [first, second] = [await columns(0.2), await columns(0.7)]
    expect(Math.min(first.length, second.length)).toBeGreaterThan(5)
    expect(Math.max(...first)).toBeLessThan(Math.min(...second))
    expect((await cellsOf(path, 0.2, isWhite)).length).toBeGreaterThan(5)
  })

  it('lights from right to left what is read so', async () => {
    const { path } = await burn(say('שלום', 'עולם'))
    const columns = async (seconds: number) =>
      mean((await cellsOf(path, seconds, isYellow)).map(({ column }) => column))
    expect(await columns(0.2)).toBeGreaterThan(await columns(0.7))
  })

  it('keeps frames, length and sound', async () => {
    const { path } = await burn(say('word'))
    expect(await describeStream(path, 'v')).toMatchObject({
      nb_read_frames: '50',
      width: SIZE.widthPx,
      height: SIZE.heightPx,
      color_space: 'bt709',
    })
    const [before, after] = [await describeStream(film, 'a'), await describeStream(path, 'a')]
    expect(after['nb_frames']).toBe(before['nb_frames'])
  })

  it('stays within two lines, the sides and the part that no app covers', async () => {
    const texts = 'Captions go on and on without ever leaving their place'.split(' ')
    const words = texts.map((word, index) => ({
      word,
      startSeconds: index * 0.2,
      endSeconds: index * 0.2 + 0.2,
    }))
    const { path } = await burn(words)
    for (const seconds of [0.1, 0.7, 1.3, 1.9]) {
      const cells = await cellsOf(path, seconds, isDrawn)
      expect(cells.length).toBeGreaterThan(20)
      expect(Math.min(...cells.map(({ column }) => column))).toBeGreaterThanOrEqual(5)
      expect(Math.max(...cells.map(({ column }) => column))).toBeLessThan(COLUMNS - 5)
      expect(Math.max(...cells.map(({ row }) => row))).toBeLessThan(ROWS * 0.75)
      expect(Math.min(...cells.map(({ row }) => row))).toBeGreaterThan(ROWS * 0.58)
    }
  })

  it('draws scripts and emoji with fonts of its own', async () => {
    const { script, path } = await burn(say('नमस्ते', 'مرحبا', '你好', '한국어', '😀', 'ไทย'))
    const names = [
      'Noto Sans Arabic',
      'Noto Sans SC',
      'Noto Sans KR',
      'Noto Emoji',
      'Noto Sans Thai',
    ]
    for (const name of names) expect(await script()).toContain(`\\fn${name}`)
    expect((await cellsOf(path, 0.2, isYellow)).length).toBeGreaterThan(5)
  })

  it.each([
    ['emoji', '🐳', '🎉'],
    ['letters of mathematics', '𝔸', '𝕎'],
  ])('draws %s, and no boxes in their place', async (_, ...signs) => {
    const drawn = []
    for (const sign of signs) {
      const { path } = await burn(say(sign))
      drawn.push(await cellsOf(path, 0.2, isDrawn))
    }
    expect(drawn[0]!.length).toBeGreaterThan(5)
    // One box is like the other.
    expect(drawn[0]).not.toEqual(drawn[1])
  })

  it.each(['👨‍👩‍👧‍👦', '❤️‍🔥', '1️⃣'])(
    'lights %s in its place, and as the one sign that it is',
    async (sign) => {
      const { path } = await burn(say(sign, 'and'), { preset: 'tiktok' })
      const lit = (await cellsOf(path, 0.2, isYellow)).map(({ column }) => column)
      // While the word beside it is lit.
      const unlit = (await cellsOf(path, 0.7, isWhite)).map(({ column }) => column)
      const width = (columns: readonly number[]) => Math.max(...columns) - Math.min(...columns)
      expect(Math.min(lit.length, unlit.length)).toBeGreaterThan(3)
      expect(Math.abs(mean(lit) - mean(unlit))).toBeLessThan(1.5)
      expect(width(lit)).toBeLessThanOrEqual(width(unlit) + 2)
    },
  )

  it('refuses characters that no font has before anything is drawn', async () => {
    await expect(burn(say('fine', 'cuneiform 𒀀'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'params.words', message: expect.stringContaining('U+12000') }],
    })
  })

  it('takes the words of a transcript, and refuses what is none', async () => {
    const path = join(folder, 'transcript')
    const segments = [{ start: 0, end: 1, text: 'Hello, world.' }]
    const words = [
      { start: 0, end: 0.5, text: 'hello' },
      { start: 0.5, end: 1, text: 'world' },
    ]
    const file = { language: 'en', duration: 2, text: 'Hello, world.', segments, words }
    await writeFile(path, JSON.stringify(file))
    const { script } = await burn({ path, media: 'transcript' })
    expect(await script()).toContain('Hello,')
    await writeFile(path, '<html>')
    await expect(burn({ path, media: 'transcript' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'params.words' }],
    })
  })

  it('leaves the pictures as they are where nothing is said', async () => {
    const { path } = await burn([])
    expect(await cellsOf(path, 0.5, isDrawn)).toEqual([])
  })
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { spawnFfmpeg } from '../../../src/adapters/ffmpeg/process.ts'
import { makeThumbnails } from '../../../src/adapters/ffmpeg/thumbnails.ts'
import { makeMedia, makeTone } from '../../support/media-corpus.ts'

let folder: string
let landscapePath: string
let squarePath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-thumbnails-'))
  landscapePath = join(folder, 'landscape.jpg')
  squarePath = join(folder, 'square.jpg')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const thumbnailsOf = (videoPath: string) =>
  makeThumbnails({
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    videoPath,
    landscapePath,
    squarePath,
    timeoutMs: 30_000,
  })

const makeFilm = (name: string, source: string, encode: readonly string[] = []) =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', ...encode, name],
  )

/** The picture as bytes of red, green and blue, shrunk to a grid. */
const gridOf = async (path: string, widthPx: number, heightPx: number): Promise<number[][]> => {
  const { stdout, finished } = spawnFfmpeg({
    ffmpegPath: 'ffmpeg',
    args: [
      ...['-i', `file:${path}`, '-vf', `scale=${widthPx}:${heightPx}:flags=area`],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    ],
    stdout: 'pipe',
    timeoutMs: 30_000,
  })
  const bytes = await buffer(stdout!)
  await finished
  return Array.from({ length: widthPx * heightPx }, (_, index) => [
    ...bytes.subarray(index * 3, index * 3 + 3),
  ])
}

const brightnessOf = async (path: string): Promise<number> =>
  Math.max(...((await gridOf(path, 1, 1))[0] ?? []))

/** Width and height out of the JPEG's own frame header. */
const jpegSize = async (path: string): Promise<[number, number]> => {
  const bytes = await readFile(path)
  expect(bytes.readUInt16BE(0)).toBe(0xffd8)
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)]
}

describe('makeThumbnails', () => {
  it.each(['320x180', '180x320', '240x240', '192x240'])(
    'makes both sizes of a video of %s',
    async (size) => {
      const film = await makeFilm('shape.mp4', `testsrc2=size=${size}:duration=1:rate=10`)
      await thumbnailsOf(film)
      expect(await jpegSize(landscapePath)).toEqual([1280, 720])
      expect(await jpegSize(squarePath)).toEqual([1080, 1080])
    },
  )

  it('passes over the black start and the black end of a short video', async () => {
    const film = await makeFilm(
      'fades.mp4',
      'testsrc2=size=320x180:duration=3:rate=10,fade=in:d=1.2,fade=out:st=2:d=1',
    )
    const { timeSeconds } = await thumbnailsOf(film)
    expect(timeSeconds).toBeGreaterThan(0.5)
    expect(timeSeconds).toBeLessThan(2.6)
    expect(await brightnessOf(landscapePath)).toBeGreaterThan(70)
  })

  it('finds the one lively key frame of a long black video', async () => {
    const film = await makeFilm(
      'mostly-black.mp4',
      `testsrc2=size=160x90:duration=20:rate=5,drawbox=color=black:t=fill:enable='not(between(t,12,13.9))'`,
      ['-g', '10', '-sc_threshold', '0'],
    )
    const { timeSeconds } = await thumbnailsOf(film)
    expect(timeSeconds).toBeCloseTo(12, 0)
  })

  it('takes a black frame when there is no other', async () => {
    const film = await makeFilm('black.mp4', 'color=black:size=160x90:duration=1:rate=5')
    await thumbnailsOf(film)
    expect(await jpegSize(squarePath)).toEqual([1080, 1080])
  })

  it('keeps all of an upright picture, over a blurred copy of itself', async () => {
    const film = await makeFilm(
      'upright.mp4',
      'color=red:size=180x320:duration=1:rate=5,drawbox=h=ih/2:color=blue:t=fill',
    )
    await thumbnailsOf(film)
    const columns = 16
    const grid = await gridOf(landscapePath, columns, 8)
    const at = (column: number, row: number): number[] => grid[row * columns + column]!
    const [topMiddle, bottomMiddle, topLeft, bottomRight] = [
      at(7, 0),
      at(8, 7),
      at(0, 0),
      at(15, 7),
    ]
    expect(topMiddle[2]).toBeGreaterThan(200)
    expect(bottomMiddle[0]).toBeGreaterThan(200)
    // The sides show the same colours, darker; neither black bars nor the picture itself.
    expect(topLeft[2]).toBeGreaterThan(100)
    expect(topLeft[2]).toBeLessThan(topMiddle[2]! - 10)
    expect(bottomRight[0]).toBeGreaterThan(100)
  })

  it('fills the frame when the shape is the same', async () => {
    const film = await makeFilm('white.mp4', 'color=white:size=320x180:duration=1:rate=5')
    await thumbnailsOf(film)
    const grid = await gridOf(landscapePath, 16, 9)
    expect(Math.min(...grid.flat())).toBeGreaterThan(250)
  })

  it('tone-maps high dynamic range', async () => {
    const toHdr =
      'zscale=pin=bt709:tin=bt709:min=bt709:rin=tv:p=bt2020:t=smpte2084:m=bt2020nc:npl=203'
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=0x20c040:size=320x180:duration=1:rate=5,format=yuv420p'],
      ...['-vf', `${toHdr},format=yuv420p10le`, '-c:v', 'libx265', '-preset', 'ultrafast'],
      ...[
        '-x265-params',
        'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc',
      ],
      ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
      'hdr.mp4',
    )
    await thumbnailsOf(film)
    const [[red = 0, green = 0, blue = 0] = []] = await gridOf(landscapePath, 1, 1)
    // The colour that went in, within what a tone map may do; without one it comes out grey.
    expect(Math.abs(green - 0xc0)).toBeLessThan(30)
    expect(Math.abs(red - 0x20)).toBeLessThan(30)
    expect(Math.abs(blue - 0x40)).toBeLessThan(30)
  })

  it('refuses a file without pictures', async () => {
    const tone = await makeTone(folder, 'tone.wav', { durationSeconds: 1 })
    await expect(thumbnailsOf(tone)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })

  it('keeps the colours of an HD film', async () => {
    const tags = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709']
    const video = await makeFilm('green.mp4', 'color=0x20c040:s=1280x720:d=1', [
      ...['-vf', 'scale=out_color_matrix=bt709:out_range=tv', ...tags],
    ])
    await thumbnailsOf(video)
    for (const path of [landscapePath, squarePath]) {
      const [red = 0, green = 0, blue = 0] = (await gridOf(path, 3, 3))[4] ?? []
      for (const [is, was] of [
        [red, 0x20],
        [green, 0xc0],
        [blue, 0x40],
      ] as const) {
        expect(Math.abs(is - was)).toBeLessThanOrEqual(6)
      }
    }
  })
})

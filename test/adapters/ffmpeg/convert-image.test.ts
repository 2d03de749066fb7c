import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { convertImage } from '../../../src/adapters/ffmpeg/convert-image.ts'
import type { ImageConversion } from '../../../src/domain/media-conversions.ts'
import {
  colourGrid,
  countedFrames,
  describeStream,
  makeCountedFilm,
  PROGRAMS,
} from '../../support/converted-media.ts'
import { makeClip, makeMedia, makeTone, turnedClockwise } from '../../support/media-corpus.ts'

let folder: string
let counted: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-convert-image-'))
  counted = await makeCountedFilm(folder, 'counted.mp4', { frames: 75, frameRate: 25 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const convert = async (inputPath: string, wish: Partial<ImageConversion>) => {
  const conversion: ImageConversion = {
    at: 0,
    widthPx: null,
    heightPx: null,
    fit: 'contain',
    format: 'png',
    ...wish,
  }
  const outputPath = join(folder, `out.${conversion.format}`)
  const made = await convertImage({ ...PROGRAMS, inputPath, outputPath, conversion })
  return { made, outputPath }
}

describe('convertImage', () => {
  it.each([
    { at: 0, frame: 0 },
    { at: 1, frame: 25 },
    { at: 1.5, frame: 37 },
    { at: 2.96, frame: 74 },
    { at: 2.999, frame: 74 },
  ])('takes the frame that is shown at $at s', async ({ at, frame }) => {
    const [seen = -1] = await countedFrames((await convert(counted, { at })).outputPath)
    // Half way between two frames either of them will do.
    expect(Math.abs(seen - frame)).toBeLessThanOrEqual(at === 1.5 ? 1 : 0)
  })

  it('refuses a position behind the end', async () => {
    await expect(convert(counted, { at: 3 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'options.start', message: 'is 3 s, and the source ends at 3 s' }],
    })
  })

  it.each([
    { format: 'jpg', codec: 'mjpeg', start: 'ffd8ff', contentType: 'image/jpeg' },
    { format: 'png', codec: 'png', start: '89504e47', contentType: 'image/png' },
    { format: 'webp', codec: 'webp', start: '52494646', contentType: 'image/webp' },
    { format: 'avif', codec: 'av1', start: '000000', contentType: 'image/avif' },
  ] as const)(
    'makes $format in the right colours',
    async ({ format, codec, start, contentType }) => {
      const film = await makeMedia(
        folder,
        ...['-f', 'lavfi', '-i', 'color=0x20b040:s=1280x720:r=10:d=0.3'],
        ...['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-c:v', 'libx264'],
        ...[
          '-colorspace',
          'bt709',
          '-color_primaries',
          'bt709',
          '-color_trc',
          'bt709',
          'green.mp4',
        ],
      )
      const { made, outputPath } = await convert(film, { format, widthPx: 321 })
      expect(made).toEqual({ contentType, durationSeconds: null, widthPx: 321, heightPx: 181 })
      expect((await readFile(outputPath)).toString('hex').startsWith(start)).toBe(true)
      expect(await describeStream(outputPath, 'v')).toMatchObject({ codec_name: codec })
      const [[red = 0, green = 0, blue = 0] = []] = await colourGrid(outputPath, 1, 1)
      const [ordered = []] = await colourGrid(film, 1, 1)
      // Taken for BT.601 this green would be brighter by 20.
      const distance = Math.max(
        ...[red, green, blue].map((value, index) => Math.abs(value - (ordered[index] ?? 0))),
      )
      expect(distance).toBeLessThan(8)
    },
  )

  it('takes the liveliest frame, not a black one', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=black:s=160x90:r=10:d=1'],
      ...['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=10:d=1'],
      ...['-f', 'lavfi', '-i', 'color=black:s=160x90:r=10:d=1'],
      ...['-filter_complex', '[0][1][2]concat=n=3', '-c:v', 'libx264', 'lively.mp4'],
    )
    const { outputPath } = await convert(film, { at: 'best', format: 'jpg' })
    const brightest = Math.max(...(await colourGrid(outputPath, 4, 4)).flat())
    expect(brightest).toBeGreaterThan(100)
  })

  it('turns, and makes pixels square', async () => {
    const clip = await makeClip(folder, 'clip.mp4', { durationSeconds: 1 })
    const upright = await convert(await turnedClockwise(clip), { at: 0.5 })
    expect(upright.made).toMatchObject({ widthPx: 120, heightPx: 160 })
    const wide = await makeMedia(folder, '-i', clip, '-vf', 'setsar=3/2', 'wide.mp4')
    expect((await convert(wide, {})).made).toMatchObject({ widthPx: 240, heightPx: 120 })
  })

  it('does not enlarge what is smaller, if asked not to', async () => {
    const wish = { widthPx: 1_280, enlarge: false }
    expect((await convert(counted, wish)).made).toMatchObject({ widthPx: 64, heightPx: 64 })
    expect((await convert(counted, { widthPx: 128 })).made).toMatchObject({ widthPx: 128 })
  })

  it('makes another size of a picture, and keeps what is transparent', async () => {
    const picture = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=red@0.0:s=40x30,format=rgba', '-frames:v', '1'],
      ...['-c:v', 'png', '-f', 'image2pipe', 'picture'],
    )
    const { made, outputPath } = await convert(picture, { widthPx: 20, format: 'webp', at: 9 })
    expect(made).toMatchObject({ widthPx: 20, heightPx: 15 })
    expect(await describeStream(outputPath, 'v')).toMatchObject({ pix_fmt: 'yuva420p' })
  })

  it('refuses sound', async () => {
    const tone = await makeTone(folder, 'tone.mp3', { durationSeconds: 1 })
    await expect(convert(tone, {})).rejects.toMatchObject({ code: 'MEDIA_NO_VIDEO' })
  })
})

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { encodeRungs } from '../../../../src/adapters/ffmpeg/ladder/encode-rungs.ts'
import { inspectForLadder } from '../../../../src/adapters/ffmpeg/ladder/inspect-for-ladder.ts'
import type { Ladder } from '../../../../src/domain/ladder.ts'
import { segmentRanges } from '../../../../src/domain/ladder.ts'
import { initName, joinParts } from '../../../../src/domain/stream-description.ts'
import type { RungPart, VideoTrack } from '../../../../src/domain/stream-description.ts'
import { halfOf } from '../../../support/media-corpus.ts'
import { makeNumberedFilm, numbersFrom, readNumbers } from '../../../support/numbered-film.ts'
import { joinTrack, packetsOf } from '../../../support/packaged-tracks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-ranges-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 }

const planOf = (inputPath: string): Promise<Ladder> =>
  inspectForLadder({
    ...programs,
    inputPath,
    wish: { renditions: [80, 72], hdr: false, audioTracks: 'all' },
  })

/** Makes all rungs in so many ranges, each in a folder of its own, as machines apart would. */
const encodeIn = async (
  ranges: number,
  source: { readonly inputPath: string; readonly ladder: Ladder },
): Promise<{ readonly outputDir: string; readonly tracks: VideoTrack[] }> => {
  const { ladder } = source
  const outputDir = await mkdtemp(join(folder, `in-${ranges}-`))
  const rungNames = ladder.rungs.map(({ name }) => name)
  const all = segmentRanges(ladder, ranges)
  expect(all).toHaveLength(ranges)
  const parts: RungPart[][] = []
  const inits: Buffer[][] = []
  for (const range of all) {
    parts.push(await encodeRungs({ ...programs, ...source, outputDir, rungNames, range }))
    inits.push(
      await Promise.all(rungNames.map((name) => readFile(join(outputDir, initName(name))))),
    )
  }
  for (const one of inits) expect(one).toEqual(inits[0])
  return {
    outputDir,
    tracks: rungNames.map((_, rung) => joinParts(parts.map((part) => part[rung]!))),
  }
}

/** Times in ticks of the rung: ffprobe's six decimals are not exact. */
const tracksOf = async ({ outputDir, tracks }: Awaited<ReturnType<typeof encodeIn>>) =>
  Promise.all(
    tracks.map(async (track) => {
      const path = await joinTrack(outputDir, track)
      const [packets, numbers] = await Promise.all([packetsOf(path), readNumbers(path)])
      return {
        codecs: track.codecs,
        numbers,
        ticks: packets.map(({ shownAtSeconds }) => Math.round(shownAtSeconds * track.timescale)),
        keys: packets.flatMap(({ isKey }, frame) => (isKey ? [frame] : [])),
        durations: track.segments.map(({ durationTicks }) => durationTicks),
        init: await readFile(join(outputDir, initName(track.name))),
      }
    }),
  )

const scattered = 'not(mod(n,3))+lt(random(0),0.4)'
const sources: [string, Parameters<typeof makeNumberedFilm>[2], number][] = [
  ['29.97.mp4', { frames: 250, rate: '30000/1001', encode: ['-g', '97'] }, 250],
  ['25.mkv', { frames: 250, rate: '25', encode: ['-g', '250'] }, 250],
  ['open.mp4', { frames: 250, rate: '24', encode: ['-x264-params', 'open-gop=1:keyint=50'] }, 250],
  ['varying.mp4', { frames: 250, rate: '30', select: scattered }, 250],
  ['varying.mkv', { frames: 250, rate: '30', select: scattered }, 250],
  ['standing.mp4', { frames: 250, rate: '30', select: 'lt(n,40)+gt(n,220)' }, 250],
  ['late.mp4', { frames: 250, rate: '25', select: 'gt(n,149)' }, 250],
]

describe('ranges of segments', () => {
  it.each(sources)(
    'of %s are the segments of one whole run: header, times, key frames and pictures',
    async (name, film, frames) => {
      const inputPath = await makeNumberedFilm(folder, name, film)
      const ladder = await planOf(inputPath)
      expect(Math.abs(ladder.frameCount - frames)).toBeLessThanOrEqual(1)
      expect(ladder.segmentCount).toBe(Math.ceil(ladder.frameCount / ladder.framesPerSegment))
      const [whole, joined] = await Promise.all(
        [1, 3].map(async (ranges) => tracksOf(await encodeIn(ranges, { inputPath, ladder }))),
      )
      expect(joined).toEqual(whole)
      for (const track of whole!) {
        const every = numbersFrom(0, ladder.frameCount)
        expect(track.ticks).toEqual(every.map((frame) => frame * ladder.ticksPerFrame))
        expect(track.keys).toEqual(every.filter((frame) => frame % ladder.framesPerSegment === 0))
        expect(track.numbers).toEqual(film.select === undefined ? every : whole![0]?.numbers)
      }
    },
  )

  it('show at every time of a varying film what its player shows then', async () => {
    const select = 'lt(n,10)+gt(n,150)*not(mod(n,7))'
    const inputPath = await makeNumberedFilm(folder, 'rare.mp4', {
      frames: 300,
      rate: '30',
      select,
    })
    const ladder = await planOf(inputPath)
    const [track] = await tracksOf(await encodeIn(2, { inputPath, ladder }))
    const shown = await readNumbers(inputPath)
    const expected = track!.numbers.map((_, frame) => shown.findLast((number) => number <= frame))
    expect(track!.numbers).toEqual(expected)
  })

  it('of a source that breaks off are refused', async () => {
    const inputPath = await makeNumberedFilm(folder, 'whole.mkv', { frames: 250, rate: '25' })
    const ladder = await planOf(inputPath)
    const outputDir = join(folder, 'broken')
    await mkdir(outputDir)
    const job = { ...programs, inputPath: await halfOf(inputPath), outputDir, ladder }
    const range = { firstSegment: 1, segmentCount: 2 }
    await expect(encodeRungs({ ...job, rungNames: ['v-80'], range })).rejects.toMatchObject({
      code: 'MEDIA_UNREADABLE',
    })
  })
})

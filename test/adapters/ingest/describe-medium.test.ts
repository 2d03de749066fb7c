import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeByIndex } from '../../../src/adapters/ffmpeg/compose/probe-by-index.ts'
import { describeMedium } from '../../../src/adapters/ingest/describe-medium.ts'
import {
  halfOf,
  makeClip,
  makeMedia,
  makeTone,
  withClaimedHours,
} from '../../support/media-corpus.ts'
import { makeExternalSong, makeGaps } from '../../support/media-bombs.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-describe-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const described = (path: string, byIndex: boolean, wholly = true) =>
  describeMedium({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', path, byIndex, wholly },
    ...{ durationSecondsMax: 3600, timeoutMs: 60_000, signal: new AbortController().signal },
  })

const clip = (name: string, ...encode: string[]) =>
  makeClip(folder, name, { durationSeconds: 2, encode })

/** A copy of which the last part was allotted and never filled. */
const withEmptyEnd = async (path: string): Promise<string> => {
  const { size } = await stat(path)
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(Math.floor(size / 2)), 0, Math.floor(size / 2), Math.ceil(size / 2))
  await file.close()
  return path
}

describe('a video is as long as it is shown, read to its end or not', () => {
  test.each([
    ['whose sound ends early', ['-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac']],
    ['without a sound', []],
  ])('%s', async (name, sound) => {
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=25:duration=4', ...sound],
      ...['-c:v', 'libx264', '-bf', '3', `${name.replaceAll(' ', '-')}.mp4`],
    )
    const [read, seen] = [await described(path, false), await described(path, false, false)]
    expect(read.durationSeconds).toBe(4)
    expect(seen.durationSeconds).toBe(4)
  })

  test.each(['mp4', 'mkv'])('of one picture a second and no sound, in %s', async (container) => {
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=1:duration=8'],
      ...['-c:v', 'libx264', '-bf', '3', `slides.${container}`],
    )
    expect((await described(path, false)).durationSeconds).toBeCloseTo(8, 1)
  })
})

test('a sound of a moment is a sound', async () => {
  const path = await makeTone(folder, 'moment.wav', { durationSeconds: 0.2 })
  expect((await described(path, false)).durationSeconds).toBeCloseTo(0.2, 3)
})

describe('what the index of an MP4 says is what is found by reading it to its end', () => {
  test.each([
    ['pictures and a sound', () => clip('plain.mp4')],
    ['the index in front', () => clip('front.mp4', '-movflags', '+faststart')],
    ['pictures out of order', () => clip('b-frames.mp4', '-bf', '3', '-preset', 'veryfast')],
    ['a broken rate', () => clip('ntsc.mp4', '-r', '30000/1001')],
    [
      'pictures that stand for times of their own',
      () => clip('vfr.mp4', '-vf', "select='eq(n,0)+mod(n,3)'"),
    ],
    ['pictures alone', () => clip('silent.mp4', '-an')],
    ['stereo at 48 kHz', () => clip('stereo.mp4', '-ar', '48000', '-ac', '2')],
    [
      'HEVC',
      () => clip('hevc.mp4', '-c:v', 'libx265', '-x265-params', 'log-level=none', '-tag:v', 'hvc1'),
    ],
    ['a sound alone', () => makeTone(folder, 'tone.m4a', { durationSeconds: 3.3 })],
  ])('%s', async (_, make) => {
    const path = await make()
    expect(await probeByIndex(path)).not.toBeNull()
    const { durationSeconds, frameRate, ...same } = await described(path, true)
    const read = await described(path, false)
    expect(read).toMatchObject(same)
    // A packet of sound, or a frame, is what encoders differ by.
    expect(Math.abs(durationSeconds - read.durationSeconds)).toBeLessThan(0.05)
    expect(Math.abs((frameRate ?? 0) - (read.frameRate ?? 0))).toBeLessThan(0.6)
  })
})

test('a film whose sound ends early is as long as its pictures', async () => {
  const path = await clip('short.mp4', '-af', 'atrim=end=1.2')
  expect((await described(path, true)).durationSeconds).toBeCloseTo(2, 2)
})

describe('an index that does not tell the truth is not believed', () => {
  const refusal = (path: string) => described(path, true).catch((error: unknown) => error)

  test.each([
    [
      'half a file with its index in front',
      async () => halfOf(await clip('a.mp4', '-movflags', '+faststart')),
    ],
    ['half a file with its index at the end', async () => halfOf(await clip('b.mp4'))],
  ])('%s', async (_, make) => {
    const path = await make()
    expect(await probeByIndex(path)).toBeNull()
    expect(await refusal(path)).toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })

  test('an end that was allotted and never filled', async () => {
    const path = await withEmptyEnd(await clip('c.mp4', '-movflags', '+faststart'))
    expect(await probeByIndex(path)).toBeNull()
  })

  test('a sound of hours that a moment of packets is to last', async () => {
    const path = await withClaimedHours(await clip('d.mp4'), 2)
    expect(await probeByIndex(path)).toBeNull()
  })

  test('packets in another file', async () => {
    expect(await probeByIndex(await makeExternalSong(folder))).toBeNull()
  })

  test('a hundred frames in 27 hours are too long', async () => {
    const { honest } = await makeGaps(folder, 'mp4')
    expect(await refusal(honest)).toMatchObject({ code: 'MEDIA_TOO_LARGE' })
  })
})

describe('what has no such index is read', () => {
  test.each([
    ['another container', () => clip('clip.mkv')],
    ['fragments', () => clip('frag.mp4', '-movflags', '+frag_keyframe+empty_moov')],
    ['a sound of another kind', () => clip('mp3.mp4', '-c:a', 'libmp3lame')],
    ['two sounds', () => clip('two.mp4', '-map', '0', '-map', '1', '-map', '1')],
    ['a song', () => makeTone(folder, 'tone.mp3', { durationSeconds: 1 })],
    [
      'a picture',
      () =>
        makeMedia(folder, '-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'p.png'),
    ],
  ])('%s', async (_, make) => {
    const path = await make()
    expect(await probeByIndex(path)).toBeNull()
    expect(await described(path, true)).toEqual(await described(path, false))
  })
})

describe('a picture of our own is by its header what it is when it is read', () => {
  const picture = (name: string, ...encode: string[]) =>
    makeMedia(
      folder,
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=320x180',
      '-frames:v',
      '1',
      ...encode,
      name,
    )

  test.each([
    ['a JPEG', () => picture('own-jpeg', '-f', 'mjpeg')],
    ['a PNG', () => picture('own.png')],
    ['a PNG with holes', () => picture('holes.png', '-pix_fmt', 'rgba')],
    ['a WebP, which is asked for by ffprobe', () => picture('own.webp')],
  ])('%s', async (_, make) => {
    const path = await make()
    expect(await described(path, true, false)).toEqual(await described(path, false))
  })
})

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { measureLoudness } from '../../../../src/adapters/ffmpeg/loudness.ts'
import { runMediaOperation } from '../../../../src/adapters/ffmpeg/compose/run-media-operation.ts'
import type { LocalMedium } from '../../../../src/adapters/ffmpeg/compose/compose-job.ts'
import type { MergeItem, MergeParams } from '../../../../src/domain/generation/job-params.ts'
import {
  colourGrid,
  countedFrames,
  describeStream,
  makeCountedFilm,
  PROGRAMS,
} from '../../../support/converted-media.ts'
import { halfOf, makeClip, makeMedia, makeTone } from '../../../support/media-corpus.ts'

type Params = MergeParams<LocalMedium>
type Item = MergeItem<LocalMedium>

let folder: string
let attempts = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-merge-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const item = (type: Item['type'], path: string, wish: Partial<Item> = {}): Item => ({
  type,
  source: { path, media: type },
  durationSeconds: null,
  offsetSeconds: 0,
  volume: 1,
  ...wish,
})

const merge = async (items: readonly Item[], wish: Partial<Params> = {}) => {
  attempts += 1
  const work = join(folder, `attempt-${attempts}`)
  await mkdir(work)
  const ratios: number[] = []
  const made = await runMediaOperation({
    ...PROGRAMS,
    folder: work,
    onProgress: (ratio) => ratios.push(ratio),
    operation: 'merge',
    params: {
      items,
      widthPx: null,
      heightPx: null,
      frameRate: null,
      fit: 'contain',
      loudnessLufs: null,
      lengths: 'trim',
      ...wish,
    },
  })
  return { ...made, ratios }
}

const RATE = 25
const RAW_HZ = 8_000

/** The seconds at which it begins to be loud. */
const beeps = async (path: string): Promise<number[]> => {
  const raw = `${path}.raw`
  await makeMedia(folder, ...['-i', path, '-ac', '1', '-ar', String(RAW_HZ), '-f', 's16le', raw])
  const bytes = await readFile(raw)
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const starts: number[] = []
  let quietFrom = -RAW_HZ
  samples.forEach((sample, index) => {
    if (Math.abs(sample) < 4_000) return
    if (index - quietFrom > RAW_HZ * 0.2) starts.push(index / RAW_HZ)
    quietFrom = index
  })
  return starts
}

/** Each clip flashes and beeps in its fifth frame; the seconds of both in the whole. */
const flashesAndBeeps = async (path: string) => {
  const flashes = (await countedFrames(path)).flatMap((luma, frame) => (luma > 60 ? [frame] : []))
  return { flashes: flashes.map((frame) => frame / RATE), beeps: await beeps(path) }
}

/** 13 frames: neither its sound nor its pictures fill whole packets of AAC. */
const CLIP_FRAMES = 13
const makeFlash = (name: string, encode: readonly string[] = []): Promise<string> =>
  makeMedia(
    folder,
    ...[
      '-f',
      'lavfi',
      '-i',
      `color=black:s=64x64:r=${RATE},drawbox=c=white:t=fill:enable='eq(n,5)'`,
    ],
    ...['-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*1000*t)*between(t,0.2,0.24)':s=44100"],
    ...['-t', String(CLIP_FRAMES / RATE)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', ...encode],
    name,
  )

const expectTogether = async (path: string, clips: number) => {
  const seen = await flashesAndBeeps(path)
  expect(seen.flashes).toHaveLength(clips)
  expect(seen.beeps).toHaveLength(clips)
  seen.flashes.forEach((seconds, clip) => {
    // To the frame, where every clip is as long as its frames.
    expect(seconds).toBeCloseTo((clip * CLIP_FRAMES + 5) / RATE, 6)
    expect(Math.abs((seen.beeps[clip] ?? 0) - seconds)).toBeLessThan(1 / RATE)
  })
}

describe('merge: pictures and sound', () => {
  it('stay together over a hundred clips that are joined as they are', async () => {
    const flash = await makeFlash('flash.mp4')
    const { path } = await merge(Array.from({ length: 100 }, () => item('video', flash)))
    await expectTogether(path, 100)
  })

  it('stay together over a hundred clips whose sound is encoded as a whole', async () => {
    const flash = await makeFlash('flash-quiet.mp4', ['-af', 'volume=0.5'])
    const { path } = await merge(
      Array.from({ length: 100 }, () => item('video', flash)),
      { loudnessLufs: -16 },
    )
    await expectTogether(path, 100)
  })

  it('stay together when every clip is encoded anew', async () => {
    const flash = await makeFlash('flash.mp4')
    const other = await makeFlash('flash.mkv', ['-c:a', 'flac', '-ar', '48000'])
    const clips = Array.from({ length: 20 }, (_, index) => item('video', index % 2 ? flash : other))
    const { path } = await merge(clips)
    await expectTogether(path, 20)
  })

  it('keep their places behind a clip without sound', async () => {
    const flash = await makeFlash('flash.mp4')
    const silent = await makeCountedFilm(folder, 'silent.mp4', { frames: 10, frameRate: RATE })
    const { path } = await merge([item('video', silent), item('video', flash)])
    const seen = await flashesAndBeeps(path)
    expect(seen.flashes).toEqual([15 / RATE])
    expect(Math.abs((seen.beeps[0] ?? 0) - 15 / RATE)).toBeLessThan(1 / RATE)
  })
})

describe('merge: frames', () => {
  it('come one after the other, cut at their edges', async () => {
    const film = await makeCountedFilm(folder, 'counted.mp4', { frames: 20, frameRate: RATE })
    const { path } = await merge([
      item('video', film, { durationSeconds: 0.2 }),
      item('video', film, { durationSeconds: 0.12 }),
    ])
    expect(await countedFrames(path)).toEqual([0, 1, 2, 3, 4, 0, 1, 2])
  })

  it('stand still where a clip is shorter than asked for and held', async () => {
    const film = await makeCountedFilm(folder, 'short.mp4', { frames: 4, frameRate: RATE })
    const { path } = await merge([item('video', film, { durationSeconds: 0.4 })], {
      lengths: 'freeze',
    })
    expect(await countedFrames(path)).toEqual([0, 1, 2, 3, 3, 3, 3, 3, 3, 3])
  })

  it('are spread where a clip is stretched, and its sound with it', async () => {
    const flash = await makeFlash('flash.mp4')
    const { path } = await merge([item('video', flash, { durationSeconds: 1.04 })], {
      lengths: 'stretch',
    })
    const seen = await flashesAndBeeps(path)
    expect(seen.flashes[0]).toBeCloseTo(10 / RATE, 2)
    expect(Math.abs((seen.beeps[0] ?? 0) - 10 / RATE)).toBeLessThan(2 / RATE)
    expect(await describeStream(path, 'v')).toMatchObject({ nb_frames: '26' })
  })

  it('of other rates, sizes, shapes and pixels become those of the first clip', async () => {
    const first = await makeClip(folder, 'first.mp4', { durationSeconds: 0.4 })
    const other = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=0xff0000:s=100x200:r=60:d=0.5', '-c:v', 'libvpx-vp9'],
      'other.webm',
    )
    const { path } = await merge([item('video', first), item('video', other)])
    expect(await describeStream(path, 'v')).toMatchObject({
      width: 160,
      height: 120,
      r_frame_rate: '25/1',
      avg_frame_rate: '25/1',
      nb_frames: '23',
      color_space: 'bt709',
      sample_aspect_ratio: '1:1',
    })
    const last = await makeMedia(folder, '-ss', '0.8', '-i', path, '-frames:v', '1', 'last.png')
    const [edge = [], , middle = []] = await colourGrid(last, 5, 1)
    expect(Math.max(...edge)).toBeLessThan(20)
    expect(middle[0]).toBeGreaterThan(230)
    expect(Math.max(middle[1] ?? 99, middle[2] ?? 99)).toBeLessThan(25)
  })

  it('of a picture stand for a second unless told otherwise', async () => {
    const picture = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=blue:s=200x100', '-frames:v', '1', '-c:v', 'png'],
      ...['-f', 'image2pipe', 'picture'],
    )
    const { path } = await merge(
      [item('image', picture), item('image', picture, { durationSeconds: 0.5 })],
      { frameRate: 24 },
    )
    expect(await describeStream(path, 'v')).toMatchObject({ width: 200, nb_frames: '36' })
  })
})

describe('merge: sounds over the whole', () => {
  it('begin at their offsets, as loud as they are told to be', async () => {
    const film = await makeCountedFilm(folder, 'under.mp4', { frames: 50, frameRate: RATE })
    const tone = await makeTone(folder, 'tone.wav', { durationSeconds: 5 })
    const quiet = await merge([
      item('video', film),
      item('audio', tone, { offsetSeconds: 1.2, volume: 2 }),
    ])
    // `sine` has an eighth of the full scale.
    const [start = 0] = await beeps(quiet.path)
    expect(Math.abs(start - 1.2)).toBeLessThan(0.01)
    expect(await describeStream(quiet.path, 'a')).toMatchObject({ duration: '2.000000' })
  })

  it('hold the last picture until they end, with `freeze`', async () => {
    const film = await makeCountedFilm(folder, 'held.mp4', { frames: 5, frameRate: RATE })
    const tone = await makeTone(folder, 'voice.wav', { durationSeconds: 1 })
    const { path } = await merge([item('video', film), item('audio', tone)], { lengths: 'freeze' })
    expect((await countedFrames(path)).slice(3)).toEqual([
      3,
      ...Array.from({ length: 21 }, () => 4),
    ])
  })

  it('are brought to one loudness as a whole', async () => {
    const film = await makeCountedFilm(folder, 'loud.mp4', { frames: 100, frameRate: RATE })
    const noise = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', "anoisesrc=d=4:c=pink:a=0.02,volume='if(lt(t,2),1,3)':eval=frame"],
      'noise.wav',
    )
    const { path } = await merge([item('video', film), item('audio', noise)], {
      loudnessLufs: -14,
    })
    const measured = await measureLoudness({ ...PROGRAMS, input: ['-i', path], filters: [] })
    expect(Math.abs((measured.integratedLufs ?? 0) + 14)).toBeLessThan(0.5)
    expect(measured.truePeakDbfs).toBeLessThan(-0.5)
  })
})

describe('merge: bad input', () => {
  it('refuses a clip that breaks off instead of holding its last picture', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25:d=4', '-c:v', 'libx264'],
      ...['-pix_fmt', 'yuv420p', '-movflags', '+faststart', 'whole.mp4'],
    )
    const broken = merge([item('video', await halfOf(film), { durationSeconds: 3.9 })])
    await expect(broken).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })

  it('says what is missing', async () => {
    const tone = await makeTone(folder, 'only.wav', { durationSeconds: 1 })
    const film = await makeCountedFilm(folder, 'mute.mp4', { frames: 5, frameRate: RATE })
    await expect(merge([item('audio', tone)])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'params.items' }],
    })
    await expect(merge([item('video', tone)])).rejects.toMatchObject({ code: 'MEDIA_NO_VIDEO' })
    await expect(merge([item('video', film), item('audio', film)])).rejects.toMatchObject({
      code: 'MEDIA_NO_AUDIO',
    })
  })

  it('tells how far it is', async () => {
    const film = await makeClip(folder, 'progress.mp4', { durationSeconds: 0.4 })
    const { ratios } = await merge([item('video', film, { durationSeconds: 0.3 })])
    expect(ratios.at(-1)).toBe(1)
    expect(ratios).toEqual(ratios.toSorted((one, other) => one - other))
  })
})

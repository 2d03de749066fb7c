import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { packageStream } from '../../../../src/adapters/ffmpeg/ladder/package-stream.ts'
import type { LadderWish } from '../../../../src/domain/ladder.ts'
import { framesPerSecond } from '../../../../src/domain/rational-rate.ts'
import { trackDurationSeconds } from '../../../../src/domain/stream-description.ts'
import type { StreamDescription, VideoTrack } from '../../../../src/domain/stream-description.ts'
import { makeMedia, turnedClockwise } from '../../../support/media-corpus.ts'
import { makeNumberedFilm, numbersFrom, readNumbers } from '../../../support/numbered-film.ts'
import { joinTrack, packetsOf, segmentFile, streamOf } from '../../../support/packaged-tracks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-package-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const WISH: LadderWish = { renditions: 'auto', hdr: false, audioTracks: 'all' }

const packageFilm = async (
  inputPath: string,
  wish: Partial<LadderWish> = {},
): Promise<{ readonly outputDir: string; readonly stream: StreamDescription }> => {
  const outputDir = await mkdtemp(join(folder, 'stream-'))
  const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 }
  const stream = await packageStream({
    ...programs,
    inputPath,
    outputDir,
    wish: { ...WISH, ...wish },
  })
  return { outputDir, stream }
}

const makePicture = (name: string, ...encode: string[]): Promise<string> =>
  makeMedia(
    folder,
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=25:duration=2',
    ...encode,
    name,
  )

const PROFILES: Readonly<Record<string, number>> = {
  High: 100,
  Main: 77,
  'Constrained Baseline': 66,
}

/** What the manifests say of a track, against what ffprobe finds in each of its segments. */
const checkVideo = async (outputDir: string, track: VideoTrack): Promise<void> => {
  const whole = await joinTrack(outputDir, track)
  const probed = await streamOf(whole, 'v')
  expect(probed).toMatchObject({ width: track.widthPx, height: track.heightPx })
  expect(['1:1', undefined]).toContain(probed['sample_aspect_ratio'])
  expect((track.widthPx % 2) + (track.heightPx % 2)).toBe(0)
  if (track.videoRange === 'SDR') {
    const [profile, level] = [PROFILES[String(probed['profile'])], Number(probed['level'])]
    const [, named = ''] = track.codecs.split('.')
    expect([parseInt(named.slice(0, 2), 16), parseInt(named.slice(4), 16)]).toEqual([
      profile,
      level,
    ])
  }
  const frameSeconds = 1 / framesPerSecond(track.frameRate)
  const packetsOfAll = await Promise.all(
    track.segments.map(async (_, index) => packetsOf(await segmentFile(outputDir, track, index))),
  )
  let endSeconds = 0
  for (const [index, { durationTicks }] of track.segments.entries()) {
    const packets = packetsOfAll[index]!
    const keys = packets.flatMap(({ isKey }, frame) => (isKey ? [frame] : []))
    expect(keys[0]).toBe(0)
    packets.forEach(({ shownAtSeconds, durationSeconds }, frame) => {
      expect(shownAtSeconds).toBeCloseTo(endSeconds + frame * frameSeconds, 5)
      expect(durationSeconds).toBeCloseTo(frameSeconds, 5)
    })
    endSeconds += durationTicks / track.timescale
    expect(endSeconds).toBeCloseTo((packets.at(-1)?.shownAtSeconds ?? 0) + frameSeconds, 5)
  }
}

const sizesOf = (stream: StreamDescription) =>
  stream.video.map(({ widthPx, heightPx }) => `${widthPx}x${heightPx}`)

describe('packageStream', () => {
  it('makes rungs with segments of the same times, as its manifests say, and nothing else', async () => {
    const film = await makeNumberedFilm(folder, 'film.mp4', { frames: 260, rate: '30000/1001' })
    const { outputDir, stream } = await packageFilm(film, { renditions: [80, 72, 1080] })
    expect(stream.video.map(({ name }) => name)).toEqual(['v-72', 'v-80'])
    const [small, large] = stream.video
    const times = ({ segments }: VideoTrack) => segments.map(({ durationTicks }) => durationTicks)
    expect(times(small!)).toEqual([120 * 1001, 120 * 1001, 20 * 1001])
    expect(times(large!)).toEqual(times(small!))
    for (const track of stream.video) await checkVideo(outputDir, track)
    expect(stream.durationSeconds).toBeCloseTo((260 * 1001) / 30_000, 1)
    expect(
      (await readdir(outputDir)).filter((name) => !name.includes('joined')).toSorted(),
    ).toEqual(
      expect.arrayContaining([
        'audio',
        'manifest.mpd',
        'master.m3u8',
        'stream.json',
        'v-72',
        'v-80',
      ]),
    )
    expect(JSON.parse(await readFile(join(outputDir, 'stream.json'), 'utf8'))).toEqual(stream)
  })

  it('copies pictures that fit, to the frame, and encodes the other rungs to the same times', async () => {
    const encode = ['-g', '45', '-keyint_min', '45', '-sc_threshold', '0', '-bf', '3']
    const film = await makeNumberedFilm(folder, 'fitting.mp4', { frames: 200, rate: '30', encode })
    const { outputDir, stream } = await packageFilm(film, { renditions: [90, 72] })
    const [small, copied] = stream.video
    expect(copied).toMatchObject({ name: 'v-90', widthPx: 160 })
    // 45 frames do for two seconds only twice: three seconds are nearest to four.
    expect(copied!.segments.map(({ durationTicks }) => durationTicks / copied!.timescale)).toEqual(
      small!.segments.map(({ durationTicks }) => durationTicks / small!.timescale),
    )
    for (const track of stream.video) {
      await checkVideo(outputDir, track)
      expect(await readNumbers(await joinTrack(outputDir, track))).toEqual(numbersFrom(0, 200))
    }
    // The very pictures: apart from the boxes around them, as many bytes as the source has.
    const bytes = copied!.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const sourceBytes = (await packetsOf(film, 'v')).reduce(
      (sum, { sizeBytes }) => sum + sizeBytes,
      0,
    )
    expect(bytes - sourceBytes).toBeGreaterThan(0)
    expect(bytes - sourceBytes).toBeLessThan(200 * 8 + 5 * 200)
  })

  it('stands an upright film up, and makes sizes even and pixels square', async () => {
    const phone = await turnedClockwise(await makePicture('phone.mp4'))
    expect(sizesOf((await packageFilm(phone)).stream)).toEqual(['180x320'])
    const odd = makePicture('odd.mkv', '-vf', 'scale=161:121,setsar=1', '-pix_fmt', 'yuv444p')
    const wide = makePicture('wide.mp4', '-vf', 'scale=180:144,setsar=16/11')
    const streams = await Promise.all(
      [odd, wide].map(async (picture) => packageFilm(await picture)),
    )
    expect(streams.map(({ stream }) => sizesOf(stream))).toEqual([['160x120'], ['260x144']])
    for (const { outputDir, stream } of streams) {
      for (const track of stream.video) await checkVideo(outputDir, track)
    }
  })

  it('makes a stream without sound of a silent film', async () => {
    const { stream, outputDir } = await packageFilm(await makePicture('silent.mp4'))
    expect(stream.audio).toEqual([])
    const master = await readFile(join(outputDir, 'master.m3u8'), 'utf8')
    expect(master).not.toMatch(/AUDIO|mp4a/)
  })

  it('keeps mono, mixes surround down, and tells languages apart', async () => {
    const film = await makePicture(
      'languages.mkv',
      ...['-f', 'lavfi', '-i', 'sine=duration=2:sample_rate=32000'],
      ...['-f', 'lavfi', '-i', 'anoisesrc=duration=2:sample_rate=44100'],
      ...['-map', '0', '-map', '1', '-map', '2', '-ac:a:0', '1', '-ac:a:1', '6'],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
    )
    const { stream, outputDir } = await packageFilm(film)
    expect(stream.audio).toMatchObject([
      { name: 'audio', language: 'en', label: 'English', channels: 1, sampleRateHz: 48_000 },
      { name: 'audio-2', language: 'de', label: 'Deutsch 2', channels: 2, sampleRateHz: 44_100 },
    ])
    for (const track of stream.audio) {
      expect(track.codecs).toBe('mp4a.40.2')
      const probed = await streamOf(await joinTrack(outputDir, track), 'a')
      expect(probed).toMatchObject({ codec_name: 'aac', profile: 'LC', channels: track.channels })
      expect(trackDurationSeconds(track)).toBeCloseTo(2, 1)
    }
  })

  it('keeps sound and pictures together, even of sound that begins late', async () => {
    // A flash and a beep at the same moment, in a file whose sound begins after a second.
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=black:size=160x90:rate=25:duration=4'],
      ...[
        '-itsoffset',
        '1',
        '-f',
        'lavfi',
        '-i',
        "aevalsrc='0.8*sin(2500*t)*gte(t,1)':d=3:s=48000",
      ],
      ...['-vf', "drawbox=c=white:t=fill:enable='gte(t,2)'", '-c:v', 'libx264', '-bf', '3'],
      ...['-c:a', 'aac', 'flash.mp4'],
    )
    const { outputDir } = await packageFilm(film, { renditions: [72] })
    const text = await makeMedia(
      outputDir,
      ...['-i', 'master.m3u8', '-vf', 'signalstats,metadata=print:file=pictures.txt'],
      ...['-af', 'asetnsamples=480,astats=metadata=1:reset=1,ametadata=print:file=sound.txt'],
      ...['-f', 'null', 'pictures.txt'],
    )
    const flash = await firstTime(text, /YAVG=(\S+)/, (average) => average > 100)
    const beep = await firstTime(join(outputDir, 'sound.txt'), /Peak_level=(\S+)/, (db) => db > -12)
    expect(flash).toBeCloseTo(2, 2)
    expect(Math.abs(beep - flash)).toBeLessThan(0.025)
  })

  it('maps high dynamic range to standard rungs, and keeps it beside them if asked to', async () => {
    const film = await makePicture(
      'high.mp4',
      ...['-vf', 'format=yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
      '-x265-params',
      'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc',
      ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
    )
    const standard = await packageFilm(film)
    expect(standard.stream.video.map(({ videoRange }) => videoRange)).toEqual(['SDR'])
    const { stream, outputDir } = await packageFilm(film, { hdr: true, renditions: [144] })
    expect(stream.video).toMatchObject([
      { name: 'v-144', videoRange: 'SDR' },
      { name: 'v-144-hdr', videoRange: 'PQ', codecs: expect.stringMatching(/^hvc1\.2\.4\.L\d+/) },
    ])
    const [mapped, kept] = stream.video
    expect(await streamOf(await joinTrack(outputDir, mapped!), 'v')).toMatchObject({
      codec_name: 'h264',
      pix_fmt: 'yuv420p',
      color_transfer: 'bt709',
      color_primaries: 'bt709',
      color_space: 'bt709',
    })
    expect(await streamOf(await joinTrack(outputDir, kept!), 'v')).toMatchObject({
      codec_name: 'hevc',
      codec_tag_string: 'hvc1',
      pix_fmt: 'yuv420p10le',
      color_transfer: 'smpte2084',
      color_primaries: 'bt2020',
      color_space: 'bt2020nc',
    })
    for (const track of stream.video) await checkVideo(outputDir, track)
  })

  it('refuses what has no pictures, and stops when it is cancelled', async () => {
    const song = await makeMedia(folder, '-f', 'lavfi', '-i', 'sine=duration=1', 'song.mp3')
    await expect(packageFilm(song)).rejects.toMatchObject({ code: 'MEDIA_NO_VIDEO' })
    const controller = new AbortController()
    const outputDir = await mkdtemp(join(folder, 'stream-'))
    const film = await makePicture('long.mkv', '-vf', 'loop=16:50', '-preset', 'ultrafast')
    const run = packageStream({
      ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 },
      ...{ inputPath: film, outputDir, wish: WISH, signal: controller.signal },
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(run).rejects.toThrow('enough')
    expect(await readdir(outputDir)).toEqual([])
  })
})

/** The time of the first frame of a filter's report whose value is as wanted. */
const firstTime = async (
  path: string,
  value: RegExp,
  isWanted: (value: number) => boolean,
): Promise<number> => {
  let seconds = Number.NaN
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    seconds = Number(/pts_time:(\S+)/.exec(line)?.[1] ?? seconds)
    const found = value.exec(line)?.[1]
    if (found !== undefined && isWanted(Number(found))) return seconds
  }
  throw new Error(`nothing of the kind in ${path}`)
}

import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { cropAudio } from '../../../src/adapters/ffmpeg/crop-audio.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { spawnFfmpeg } from '../../../src/adapters/ffmpeg/process.ts'
import { halfOf, makeMedia } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-crop-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const crop = (sourcePath: string, startSeconds: number, endSeconds: number) =>
  cropAudio({
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    sourcePath,
    startSeconds,
    endSeconds,
    outputPath: join(folder, 'cropped.mp3'),
    timeoutMs: 30_000,
  })

/** A tone that rises all the time: it looks like itself at one place only. */
const RISING = '0.4*sin(2*PI*(200*t+60*t*t))'
/** Its right channel falls instead. */
const FALLING = '0.4*sin(2*PI*(3000*t-60*t*t))'

const makeRising = (name: string, options: { stereo?: boolean; encode?: readonly string[] }) => {
  const expression = options.stereo ? `${RISING}|${FALLING}` : RISING
  const source = `aevalsrc='${expression}':s=44100:d=9`
  return makeMedia(folder, '-f', 'lavfi', '-i', source, ...(options.encode ?? []), name)
}

/** The channels of a file, as samples from -1 to 1. */
const decode = async (path: string, channels = 1): Promise<Float32Array[]> => {
  const { stdout, finished } = spawnFfmpeg({
    ffmpegPath: 'ffmpeg',
    args: ['-i', `file:${path}`, '-ac', String(channels), '-f', 'f32le', 'pipe:1'],
    stdout: 'pipe',
    timeoutMs: 30_000,
  })
  const bytes = await buffer(stdout!)
  await finished
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  return Array.from({ length: channels }, (_, channel) =>
    samples.filter((_sample, index) => index % channels === channel),
  )
}

/** By how many samples the crop is late against where the source should be: least squared error. */
const lagOf = (
  cropped: Float32Array,
  source: Float32Array,
  place: { from: number; at: number },
): number => {
  const errors = Array.from({ length: 401 }, (_, index) => index - 200).map((lag) => {
    let error = 0
    for (let index = 0; index < 4_000; index += 1) {
      const one = cropped[place.at + index + lag] ?? 0
      const other = source[place.from + place.at + index] ?? 0
      error += (one - other) ** 2
    }
    return { lag, error }
  })
  return errors.reduce((best, next) => (next.error < best.error ? next : best)).lag
}

describe('cropAudio', () => {
  const sources: [string, { stereo?: boolean; encode?: readonly string[] }][] = [
    ['mono.wav', {}],
    ['stereo.wav', { stereo: true }],
    ['mono.flac', {}],
    ['stereo.flac', { stereo: true }],
    ['mono.m4a', {}],
    ['stereo.m4a', { stereo: true }],
    ['mono.ogg', {}],
    ['stereo.ogg', { stereo: true }],
    ['mono.mp3', { encode: ['-b:a', '192k'] }],
    ['stereo.mp3', { stereo: true, encode: ['-q:a', '2'] }],
    ['stereo.mka', { stereo: true, encode: ['-c:a', 'flac'] }],
  ]
  it.each(sources)('cuts %s exactly to the sample', async (name, options) => {
    const sourcePath = await makeRising(name, options)
    const channels = options.stereo ? 2 : 1
    const source = await decode(sourcePath, channels)
    const [startSeconds, endSeconds] = options.stereo ? [6.123456, 7.734567] : [0, 1.5]
    const { durationSeconds } = await crop(sourcePath, startSeconds, endSeconds)
    const from = Math.round(startSeconds * 44_100)
    const samples = Math.round(endSeconds * 44_100) - from
    expect(durationSeconds).toBeCloseTo(samples / 44_100, 5)
    const cropped = await decode(join(folder, 'cropped.mp3'), channels)
    for (const [channel, heard] of cropped.entries()) {
      const original = source[channel]!
      expect(heard).toHaveLength(samples)
      expect(lagOf(heard, original, { from, at: 500 }), 'near the start').toBe(0)
      expect(lagOf(heard, original, { from, at: samples - 5_000 }), 'near the end').toBe(0)
    }
  })

  it('begins with the sound, not with the gap of a decoder that starts in the middle', async () => {
    const sourcePath = await makeRising('decoder.mp3', { encode: ['-b:a', '128k'] })
    await crop(sourcePath, 5, 7)
    const [cropped] = await decode(join(folder, 'cropped.mp3'))
    const [source] = await decode(sourcePath)
    const loudness = (samples: Float32Array, from: number): number =>
      Math.sqrt(samples.subarray(from, from + 400).reduce((sum, one) => sum + one * one, 0) / 400)
    expect(loudness(cropped!, 0) / loudness(source!, 5 * 44_100)).toBeCloseTo(1, 1)
  })

  it('keeps the sound only: one MP3 stream of 320 kbit/s, no cover, tags or chapters', async () => {
    const cover = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'cover.png'],
    )
    const song = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'sine=duration=4', '-i', cover, '-map', '0', '-map', '1'],
      ...['-c:v', 'copy', '-disposition:v', 'attached_pic'],
      ...['-metadata', 'title=Tell nobody', '-metadata:s:a', 'comment=secret', 'tagged.m4a'],
    )
    await crop(song, 1, 3)
    const outputPath = join(folder, 'cropped.mp3')
    const { streams } = await probe({ ffprobePath: 'ffprobe', path: outputPath })
    expect(streams).toMatchObject([{ kind: 'audio', codec: 'mp3', bitrateKbps: 320 }])
    const bytes = await readFile(outputPath)
    expect(bytes.toString('latin1')).not.toMatch(/Tell nobody|secret/)
    // Where tags of the two versions stand; elsewhere three letters may be sound.
    expect(bytes.toString('latin1', 0, 3)).not.toBe('ID3')
    expect(bytes.subarray(-128).toString('latin1', 0, 3)).not.toBe('TAG')
  })

  it.each([
    [48_000, 48_000],
    [44_100, 44_100],
    [96_000, 44_100],
    [22_050, 44_100],
  ])('makes %i Hz of the source %i Hz', async (sourceHz, expectedHz) => {
    const song = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', `sine=duration=4:sample_rate=${sourceHz}`, 'rate.wav'],
    )
    const { durationSeconds } = await crop(song, 1.25, 3.5)
    expect(durationSeconds).toBeCloseTo(2.25, 4)
    const { streams } = await probe({ ffprobePath: 'ffprobe', path: join(folder, 'cropped.mp3') })
    expect(streams[0]?.sampleRateHz).toBe(expectedHz)
  })

  it('mixes more than two channels down', async () => {
    const song = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'anoisesrc=duration=3', '-ac', '6', 'surround.wav'],
    )
    await crop(song, 1, 2)
    const { streams } = await probe({ ffprobePath: 'ffprobe', path: join(folder, 'cropped.mp3') })
    expect(streams[0]?.channels).toBe(2)
  })

  it('measures what it made', async () => {
    const song = await makeRising('measured.wav', {})
    const { sizeBytes } = await crop(song, 2, 5)
    expect(sizeBytes).toBe((await stat(join(folder, 'cropped.mp3'))).size)
  })

  it('does not make up the part of a region for which there is no sound', async () => {
    const song = await makeRising('short.wav', {})
    await expect(crop(song, 8, 12)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
    await expect(crop(song, 20, 24)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
    const half = await halfOf(await makeRising('broken.flac', {}))
    await expect(crop(half, 4, 8)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })

  it('refuses a source without sound', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', 'mute.mp4'],
    )
    await expect(crop(film, 0, 1)).rejects.toMatchObject({ code: 'MEDIA_NO_AUDIO' })
  })

  it('reports its progress and can be cancelled', async () => {
    const song = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '7200', 'long.wav'],
    )
    const controller = new AbortController()
    const run = cropAudio({
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
      sourcePath: song,
      startSeconds: 0,
      endSeconds: 7_200,
      outputPath: join(folder, 'cancelled.mp3'),
      timeoutMs: 60_000,
      signal: controller.signal,
      onProgress: (doneSeconds) => {
        if (doneSeconds > 0) controller.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(await readdir(folder)).toContain('cancelled.mp3')
  })
})

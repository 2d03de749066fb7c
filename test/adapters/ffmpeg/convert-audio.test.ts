import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { convertAudio } from '../../../src/adapters/ffmpeg/convert-audio.ts'
import { measureLoudness } from '../../../src/adapters/ffmpeg/loudness.ts'
import type { AudioConversion } from '../../../src/domain/media-conversions.ts'
import { describeStream, PROGRAMS } from '../../support/converted-media.ts'
import { halfOf, makeClip, makeMedia, makeTone } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-convert-audio-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const convert = async (inputPath: string, wish: Partial<AudioConversion>) => {
  const conversion: AudioConversion = {
    format: 'wav',
    quality: 'medium',
    startSeconds: null,
    endSeconds: null,
    normalize: false,
    ...wish,
  }
  const outputPath = join(folder, `out-${conversion.format}`)
  const progress: number[] = []
  const onProgress = (ratio: number) => void progress.push(ratio)
  const made = await convertAudio({ ...PROGRAMS, inputPath, outputPath, conversion, onProgress })
  return { made, outputPath, progress }
}

const loudnessOf = (path: string) =>
  measureLoudness({ ...PROGRAMS, input: ['-i', `file:${path}`], filters: [] })

/** Sample `n` of 8 kHz has the value `n`: the sound tells which part it is. */
const makeCountedSound = (name: string, durationSeconds: number): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `aevalsrc='n/32768':s=8000:d=${durationSeconds}`],
    ...['-c:a', 'pcm_s16le', name],
  )

describe('convertAudio: formats', () => {
  it.each([
    { format: 'mp3', codec: 'mp3', contentType: 'audio/mpeg' },
    { format: 'aac', codec: 'aac', contentType: 'audio/mp4' },
    { format: 'opus', codec: 'opus', contentType: 'audio/ogg' },
    { format: 'flac', codec: 'flac', contentType: 'audio/flac' },
    { format: 'wav', codec: 'pcm_s16le', contentType: 'audio/wav' },
  ] as const)('makes $format of the sound of a video', async ({ format, codec, contentType }) => {
    const clip = await makeClip(folder, 'clip.mp4', { durationSeconds: 2 })
    const { made, outputPath, progress } = await convert(clip, { format })
    expect(made).toMatchObject({ contentType, widthPx: null, heightPx: null })
    // The header of an MP3 counts what the encoder adds in front and behind; players leave it out.
    expect(Math.abs((made.durationSeconds ?? 0) - 2)).toBeLessThan(0.08)
    expect(await describeStream(outputPath, 'a')).toMatchObject({ codec_name: codec, channels: 1 })
    expect(await describeStream(outputPath, 'v')).toEqual({})
    expect(progress.at(-1)).toBeGreaterThan(0.9)
  })

  it('makes stereo of surround, at a rate that MP3 knows', async () => {
    const surround = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'anoisesrc=d=1:a=0.1', '-ac', '6', '-ar', '96000', 'surround.wav'],
    )
    const { outputPath } = await convert(surround, { format: 'mp3' })
    expect(await describeStream(outputPath, 'a')).toMatchObject({
      channels: 2,
      sample_rate: '48000',
    })
  })

  it('is larger in a better quality', async () => {
    const noise = await makeMedia(folder, '-f', 'lavfi', '-i', 'anoisesrc=d=3', '-ac', '2', 'n.wav')
    const sizes: number[] = []
    for (const quality of ['low', 'medium', 'high'] as const) {
      sizes.push(
        (await readFile((await convert(noise, { format: 'opus', quality })).outputPath)).length,
      )
    }
    expect(sizes).toEqual(sizes.toSorted((left, right) => left - right))
    expect(sizes[2]).toBeGreaterThan(sizes[0]! * 2)
  })

  it('brings neither tags nor cover along', async () => {
    const tagged = await makeTone(folder, 'tagged.mp3', {
      durationSeconds: 1,
      encode: ['-metadata', 'title=Secret title'],
    })
    const { outputPath } = await convert(tagged, { format: 'mp3' })
    expect((await readFile(outputPath)).includes('Secret')).toBe(false)
  })
})

describe('convertAudio: parts', () => {
  it.each([
    { startSeconds: 0.5, endSeconds: 1 },
    { startSeconds: 2.0125, endSeconds: 3.25 },
    { startSeconds: 3.5, endSeconds: 99 },
  ])('is exact to the sample: $startSeconds to $endSeconds', async (part) => {
    const sound = await makeCountedSound('counted.wav', 4)
    const bytes = await readFile((await convert(sound, part)).outputPath)
    const data = bytes.subarray(bytes.indexOf('data') + 8)
    const seconds = Math.min(part.endSeconds, 4) - part.startSeconds
    expect(data.length / 2).toBe(Math.round(seconds * 8_000))
    expect(data.readInt16LE(0)).toBe(Math.round(part.startSeconds * 8_000))
  })

  it('refuses a part that does not exist, a source without sound, and half a source', async () => {
    const sound = await makeCountedSound('short.wav', 1)
    await expect(convert(sound, { startSeconds: 1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'options.start' }],
    })
    await expect(convert(sound, { startSeconds: 0.5, endSeconds: 0.2 })).rejects.toMatchObject({
      problems: [{ path: 'options.end' }],
    })
    const silent = await makeMedia(folder, '-f', 'lavfi', '-i', 'testsrc=d=0.2', 'silent.mp4')
    await expect(convert(silent, {})).rejects.toMatchObject({ code: 'MEDIA_NO_AUDIO' })
    const flac = await makeTone(folder, 'whole.flac', { durationSeconds: 4 })
    await expect(convert(await halfOf(flac), {})).rejects.toMatchObject({
      code: 'MEDIA_UNREADABLE',
    })
  })
})

describe('convertAudio: loudness', () => {
  const SOUNDS = {
    'a quiet tone': 'sine=f=440:d=5,volume=-30dB',
    'a loud noise': 'anoisesrc=d=5:a=0.9',
    'speech with peaks and pauses':
      "aevalsrc='0.6*sin(2*PI*220*t)*between(mod(t,1),0,0.5)*(0.05+0.95*between(mod(t,0.5),0,0.03))':d=6",
  }
  it.each([
    { name: 'a quiet tone', format: 'opus' },
    { name: 'a loud noise', format: 'aac' },
    { name: 'speech with peaks and pauses', format: 'mp3' },
    { name: 'speech with peaks and pauses', format: 'flac' },
  ] as const)(
    'brings $name to -14 LUFS within half a unit, as $format',
    async ({ name, format }) => {
      const source = ['-f', 'lavfi', '-i', SOUNDS[name]]
      const sound = await makeMedia(folder, ...source, '-ac', '2', 'sound.wav')
      const { outputPath, progress } = await convert(sound, { format, normalize: true })
      const { integratedLufs, truePeakDbfs } = await loudnessOf(outputPath)
      expect(Math.abs((integratedLufs ?? 0) - -14)).toBeLessThanOrEqual(0.5)
      expect(truePeakDbfs).toBeLessThan(0)
      expect(progress.at(-1)).toBeGreaterThan(0.9)
    },
  )

  it('goes to another loudness if one is asked for, of a mono part', async () => {
    const sound = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', "aevalsrc='if(lt(t,3),0.9,0.02)*sin(2*PI*500*t)':d=8", 'steps.wav'],
    )
    const wish = { format: 'flac', normalize: true, loudnessLufs: -23, startSeconds: 4 } as const
    const { integratedLufs } = await loudnessOf((await convert(sound, wish)).outputPath)
    expect(Math.abs((integratedLufs ?? 0) - -23)).toBeLessThanOrEqual(0.5)
  })

  it('leaves silence silent', async () => {
    const silence = await makeMedia(folder, '-f', 'lavfi', '-i', 'anullsrc=d=1', '-t', '1', 's.wav')
    const { outputPath } = await convert(silence, { format: 'mp3', normalize: true })
    expect((await loudnessOf(outputPath)).integratedLufs).toBeNull()
  })
})

import { readdir, readFile, writeFile } from 'node:fs/promises'

import { describe, expect, it, vi } from 'vitest'

import { renderVideo } from '../../../src/adapters/renderer/render-video.ts'
import type { RenderVideoOptions } from '../../../src/adapters/renderer/render-video.ts'
import { openScene } from '../../../src/adapters/renderer/sources.ts'
import { MediaError } from '../../../src/domain/failures.ts'
import {
  FFMPEG,
  decodeOptions,
  ffmpeg,
  makeSound,
  probe,
  smallSpec,
  temporaryFolder,
} from './fixtures.ts'

// Whole renders, on machines that do other things too.
vi.setConfig({ testTimeout: 60_000 })

const folder = temporaryFolder()

const render = (options: Partial<RenderVideoOptions> & { audioPath: string; outputPath: string }) =>
  renderVideo({ spec: smallSpec, ...decodeOptions(), ...options })

/** Processes whose command line names the path. */
const processesWith = async (path: string): Promise<string[]> => {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(path)) found.push(command)
  }
  return found
}

const code = (error: unknown): unknown => (error instanceof MediaError ? error.code : error)
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(() => 'no failure', code)

const decodedFrame = async (path: string, seconds: number): Promise<Buffer> => {
  const { stdout } = await ffmpeg(
    ...['-ss', String(seconds), '-i', path, '-frames:v', '1'],
    ...['-vf', 'scale=in_color_matrix=bt709:in_range=tv:out_range=pc', '-pix_fmt', 'rgb24'],
    ...['-f', 'rawvideo', 'pipe:1'],
  )
  return stdout
}

/** A pixel in the middle of the cover of `smallSpec`. */
const ON_THE_COVER = 48 * smallSpec.widthPx + 55

describe('a rendered video', () => {
  it('has the frames, size, colours and sound that were asked for, and its progress reaches 1', async () => {
    const audioPath = await makeSound('sine=f=1000:d=2.011', folder.path('two.wav'))
    const outputPath = folder.path('two.mp4')
    const told: number[] = []
    const onProgress = (ratio: number): void => void told.push(ratio)
    const result = await render({ audioPath, outputPath, onProgress })

    expect(result).toEqual({ frameCount: 60, durationSeconds: 2 })
    const [video, audio] = await probe(outputPath)
    expect(video).toMatchObject({
      codec_name: 'h264',
      width: 320,
      height: 180,
      pix_fmt: 'yuv420p',
      r_frame_rate: '30/1',
      nb_read_frames: '60',
      color_range: 'tv',
      color_space: 'bt709',
      color_transfer: 'bt709',
      color_primaries: 'bt709',
    })
    expect(audio).toMatchObject({ codec_type: 'audio', codec_name: 'aac', channels: 2 })
    const { stderr } = await ffmpeg('-i', outputPath, '-af', 'volumedetect', '-f', 'null', '-')
    expect(Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr.toString())?.[1])).toBeGreaterThan(-30)

    expect(told).toEqual(told.toSorted((one, other) => one - other))
    expect(told.length).toBeGreaterThan(10)
    expect(told.at(-1)).toBe(1)
    expect(told.filter((ratio) => ratio === 1)).toHaveLength(1)
  })

  it('shows the colours that were drawn', async () => {
    const audioPath = await makeSound('sine=f=200:d=1', folder.path('colours.wav'))
    const outputPath = folder.path('colours.mp4')
    const coverPath = folder.path('green.png')
    await ffmpeg('-f', 'lavfi', '-i', 'color=0x10c040:s=64x64', '-frames:v', '1', coverPath)
    await render({ spec: { ...smallSpec, crf: 8 }, audioPath, coverPath, outputPath })
    const [drawn, shown] = [
      (await openScene({ spec: smallSpec, audioPath, coverPath }, decodeOptions()))
        .frameCanvas(15)
        .data()
        .subarray(ON_THE_COVER * 4),
      (await decodedFrame(outputPath, 0.5)).subarray(ON_THE_COVER * 3),
    ]
    // With the matrix of BT.601 in one place and not in the other this green is off by more than ten.
    for (const channel of [0, 1, 2]) {
      expect(Math.abs((shown[channel] ?? 0) - (drawn[channel] ?? 0))).toBeLessThanOrEqual(4)
    }
  })

  it('for HDR is 10-bit HEVC tagged BT.2020 and PQ, with white at 203 nits', async () => {
    const audioPath = await makeSound('sine=f=1000:d=0.4', folder.path('hdr.wav'))
    const outputPath = folder.path('hdr.mp4')
    const spec = { ...smallSpec, hdr: true, title: '█████', artist: '', crf: 10 }
    await render({ spec, audioPath, outputPath })
    const [video] = await probe(outputPath)
    expect(video).toMatchObject({
      codec_name: 'hevc',
      codec_tag_string: 'hvc1',
      profile: 'Main 10',
      pix_fmt: 'yuv420p10le',
      nb_read_frames: '12',
      color_space: 'bt2020nc',
      color_transfer: 'smpte2084',
      color_primaries: 'bt2020',
    })
    const { stdout } = await ffmpeg(
      ...['-i', outputPath, '-frames:v', '1', '-vf', 'extractplanes=y'],
      ...['-pix_fmt', 'gray10le', '-f', 'rawvideo', 'pipe:1'],
    )
    const luma = new Uint16Array(new Uint8Array(stdout).buffer).toSorted()
    // PQ of 203 nits is 0.5806, which is 573 in 10-bit limited range.
    const white = luma[Math.floor(luma.length * 0.995)] ?? 0
    expect(Math.abs(white - 573)).toBeLessThan(8)
  })

  it('can be rendered in part: exactly the frames of the range, with their sound', async () => {
    const audioPath = await makeSound('sine=f=1000:d=2', folder.path('range.wav'))
    const outputPath = folder.path('range.mp4')
    const range = { firstFrame: 20, frameCount: 15 }
    expect(await render({ audioPath, outputPath, range })).toEqual({
      frameCount: 15,
      durationSeconds: 0.5,
    })
    const [video, audio] = await probe(outputPath)
    expect(video).toMatchObject({ nb_read_frames: '15' })
    expect(Number(audio?.['duration'])).toBeCloseTo(0.5, 1)
    const outside = render({ audioPath, outputPath, range: { firstFrame: 50, frameCount: 11 } })
    await expect(outside).rejects.toThrow(RangeError)
  })

  it.each([
    ['silence', 'anullsrc=r=44100:cl=mono:d=0.5', 15],
    ['a sound shorter than a frame', 'sine=f=500:d=0.01', 1],
  ])('comes out of %s as well', async (name, source, frames) => {
    const audioPath = await makeSound(source, folder.path(`${name}.wav`))
    const outputPath = folder.path(`${name}.mp4`)
    expect((await render({ audioPath, outputPath })).frameCount).toBe(frames)
    const [video] = await probe(outputPath)
    expect(video).toMatchObject({ nb_read_frames: String(frames) })
  })

  it('comes out of a file without a single sample as one frame', async () => {
    const audioPath = folder.path('empty.wav')
    await ffmpeg('-f', 's16le', '-ar', '44100', '-ac', '1', '-i', '/dev/null', audioPath)
    const outputPath = folder.path('empty.mp4')
    expect((await render({ audioPath, outputPath })).frameCount).toBe(1)
  })
})

describe('pictures', () => {
  it('the cover inside the song is taken when no other is given', async () => {
    const plain = await makeSound('sine=f=300:d=0.5', folder.path('plain.mp3'))
    const bluePath = folder.path('blue.png')
    const redPath = folder.path('red.png')
    await ffmpeg('-f', 'lavfi', '-i', 'color=blue:s=64x64', '-frames:v', '1', bluePath)
    await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1', redPath)
    const covered = folder.path('covered.mp3')
    await ffmpeg('-i', plain, '-i', bluePath, '-map', '0', '-map', '1', '-c', 'copy', covered)

    const strongest = async (coverPath?: string): Promise<number> => {
      const scene = await openScene(
        { spec: smallSpec, audioPath: covered, coverPath },
        decodeOptions(),
      )
      const [red = 0, , blue = 0] = scene
        .frameCanvas(0)
        .data()
        .subarray(ON_THE_COVER * 4)
      return red - blue
    }
    expect(await strongest()).toBeLessThan(-240)
    expect(await strongest(redPath)).toBeGreaterThan(240)
  })

  it('a picture that cannot be read is MEDIA_UNREADABLE', async () => {
    const audioPath = await makeSound('sine=f=300:d=0.2', folder.path('tone.wav'))
    const coverPath = folder.path('broken.png')
    await writeFile(coverPath, 'not a picture')
    const attempt = render({ audioPath, coverPath, outputPath: folder.path('broken.mp4') })
    expect(await failureOf(attempt)).toBe('MEDIA_UNREADABLE')
  })
})

describe('what cannot be rendered', () => {
  it('junk is MEDIA_UNREADABLE, a film without sound MEDIA_NO_AUDIO', async () => {
    const junk = folder.path('junk.mp3')
    await writeFile(junk, Buffer.alloc(5_000, 'junk '))
    const outputPath = folder.path('never.mp4')
    expect(await failureOf(render({ audioPath: junk, outputPath }))).toBe('MEDIA_UNREADABLE')
    const mute = folder.path('mute.mp4')
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=0.2', mute)
    expect(await failureOf(render({ audioPath: mute, outputPath }))).toBe('MEDIA_NO_AUDIO')
  })

  it('an encoder that cannot write is ENCODER_CRASHED', async () => {
    const audioPath = await makeSound('sine=f=300:d=2', folder.path('unwritable.wav'))
    const outputPath = folder.path('no-such-folder/out.mp4')
    expect(await failureOf(render({ audioPath, outputPath }))).toBe('ENCODER_CRASHED')
  })

  it('an abort rejects with its reason and leaves no process', async () => {
    const audioPath = await makeSound('sine=f=300:d=120', folder.path('long.wav'))
    const outputPath = folder.path('aborted.mp4')
    const abort = new AbortController()
    const reason = new Error('the customer changed their mind')
    let seen: Promise<string[]> | undefined
    const abortWhenSeen = async (): Promise<string[]> => {
      const found = await processesWith(outputPath)
      abort.abort(reason)
      return found
    }
    const attempt = render({
      audioPath,
      outputPath,
      signal: abort.signal,
      onProgress: () => {
        seen ??= abortWhenSeen()
      },
    })
    await expect(attempt).rejects.toBe(reason)
    expect((await seen)?.some((command) => command.includes(FFMPEG))).toBe(true)
    expect(await processesWith(outputPath)).toEqual([])
  })
})

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { convertVideo } from '../../../src/adapters/ffmpeg/convert-video.ts'
import type { VideoConversion } from '../../../src/domain/media-conversions.ts'
import {
  colourGrid,
  countedFrames,
  describeStream,
  makeCountedFilm,
  PROGRAMS,
} from '../../support/converted-media.ts'
import {
  halfOf,
  makeClip,
  makeMedia,
  makeTone,
  turnedClockwise,
} from '../../support/media-corpus.ts'

const PLAIN: VideoConversion = {
  format: 'mp4',
  codec: null,
  widthPx: null,
  heightPx: null,
  fit: 'contain',
  startSeconds: null,
  endSeconds: null,
  quality: 'low',
  frameRate: null,
  audio: true,
}

let folder: string
let clip: string
let counted: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-convert-video-'))
  clip = await makeClip(folder, 'clip.mp4', { durationSeconds: 2, encode: ['-c:a', 'aac'] })
  counted = await makeCountedFilm(folder, 'counted.mp4', { frames: 75, frameRate: 25 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const convert = async (inputPath: string, wish: Partial<VideoConversion>) => {
  const outputPath = join(folder, `out-${wish.format ?? 'mp4'}`)
  const progress: number[] = []
  const made = await convertVideo({
    ...PROGRAMS,
    inputPath,
    outputPath,
    conversion: { ...PLAIN, ...wish },
    onProgress: (ratio) => progress.push(ratio),
  })
  return { made, outputPath, progress }
}

describe('convertVideo: parts', () => {
  it.each([
    { startSeconds: 1, endSeconds: 2, first: 25, frames: 25 },
    { startSeconds: 0.52, endSeconds: 0.6, first: 13, frames: 2 },
    { startSeconds: 1.61, endSeconds: null, first: 40, frames: 35 },
    { startSeconds: 2.999, endSeconds: null, first: 74, frames: 1 },
    { startSeconds: null, endSeconds: 0.4, first: 0, frames: 10 },
  ])('is exact to the frame: $startSeconds to $endSeconds', async ({ first, frames, ...part }) => {
    const { outputPath } = await convert(counted, part)
    const seen = await countedFrames(outputPath)
    expect(seen).toEqual(Array.from({ length: frames }, (_, index) => first + index))
  })

  it('is exact to the frame in a container with rough time stamps', async () => {
    const film = await makeMedia(folder, '-i', counted, '-c', 'copy', 'counted.mkv')
    const { outputPath } = await convert(film, { startSeconds: 1.2, endSeconds: 1.4 })
    expect(await countedFrames(outputPath)).toEqual([30, 31, 32, 33, 34])
  })

  it('keeps picture and sound together', async () => {
    // A flash and a beep at the same moment.
    const film = await makeMedia(
      folder,
      ...[
        '-f',
        'lavfi',
        '-i',
        "color=black:s=64x64:r=25:d=3,geq=lum='16+219*eq(N,50)':cb=128:cr=128",
      ],
      ...['-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*1000*t)*between(t,2,2.04)':d=3"],
      ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', 'flash.mp4'],
    )
    const { outputPath } = await convert(film, { startSeconds: 1.5, endSeconds: 2.5 })
    const frames = await countedFrames(outputPath)
    expect(frames.findIndex((luma) => luma > 90) / 25).toBeCloseTo(0.5, 1)
    const wav = await makeMedia(
      folder,
      ...['-i', outputPath, '-ac', '1', '-ar', '8000', '-f', 's16le', 'flash.raw'],
    )
    const bytes = await readFile(wav)
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    const loudAt = samples.findIndex((sample) => Math.abs(sample) > 8_000) / 8_000
    expect(Math.abs(loudAt - 0.5)).toBeLessThan(0.02)
  })

  it('refuses a part that does not exist, and says which', async () => {
    const beyond = convert(clip, { startSeconds: 5 })
    await expect(beyond).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'options.start', message: 'is 5 s, and the source ends at 2 s' }],
    })
    const backwards = convert(clip, { startSeconds: 1, endSeconds: 0.5 })
    await expect(backwards).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'options.end' }],
    })
  })
})

describe('convertVideo: pictures', () => {
  it('turns what a phone held upright recorded, and keeps its shape', async () => {
    const { made, outputPath } = await convert(await turnedClockwise(clip), { heightPx: 80 })
    expect(made).toMatchObject({ widthPx: 60, heightPx: 80 })
    expect(await describeStream(outputPath, 'v')).toMatchObject({ width: 60, height: 80 })
  })

  it('makes pixels square', async () => {
    const film = await makeMedia(folder, '-i', clip, '-vf', 'setsar=2/1', '-c:a', 'copy', 'sar.mp4')
    const { made, outputPath } = await convert(film, {})
    expect(made).toMatchObject({ widthPx: 320, heightPx: 120 })
    expect(await describeStream(outputPath, 'v')).toMatchObject({ sample_aspect_ratio: '1:1' })
  })

  it('makes odd sizes even, never larger than asked for', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc=s=161x121:d=0.4', '-c:v', 'ffv1', 'odd.mkv'],
    )
    expect((await convert(film, { widthPx: 99 })).made).toMatchObject({ widthPx: 98, heightPx: 74 })
  })

  it.each([
    { fit: 'contain', size: [120, 90], corner: 'red' },
    { fit: 'cover', size: [120, 120], corner: 'red' },
    { fit: 'fill', size: [120, 120], corner: 'red' },
    { fit: 'pad', size: [120, 120], corner: 'black' },
  ] as const)('fits by $fit', async ({ fit, size, corner }) => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=red:s=160x120:r=10:d=0.3', '-c:v', 'libx264', 'red.mp4'],
    )
    const { made, outputPath } = await convert(film, { fit, widthPx: 120, heightPx: 120 })
    expect([made.widthPx, made.heightPx]).toEqual(size)
    const [red = 0] = (await colourGrid(outputPath, 12, 12))[0] ?? []
    expect(red > 200).toBe(corner === 'red')
  })

  it('gives a varying frame rate a steady one of the same length', async () => {
    const film = await makeMedia(
      folder,
      ...['-i', counted, '-vf', "setpts='if(lt(N,25),N*0.04,1+(N-25)*0.0137)/TB'"],
      ...['-fps_mode', 'vfr', '-enc_time_base', '1:90000', '-c:v', 'libx264', 'varying.mp4'],
    )
    const { outputPath } = await convert(film, {})
    const made = await describeStream(outputPath, 'v')
    expect(made['r_frame_rate']).toBe(made['avg_frame_rate'])
    expect(Number(made['duration'])).toBeCloseTo(1 + 50 * 0.0137, 1)
  })

  it('tone-maps high dynamic range', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=0x808080:s=128x72:r=10:d=0.3', '-vf'],
      'zscale=pin=bt709:tin=bt709:min=bt709:rin=tv:p=bt2020:t=smpte2084:m=bt2020nc:npl=203,' +
        'format=yuv420p10le',
      ...['-c:v', 'libx265', '-x265-params', 'log-level=error', '-color_primaries', 'bt2020'],
      ...['-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', 'hdr.mp4'],
    )
    const { outputPath } = await convert(film, {})
    expect(await describeStream(outputPath, 'v')).toMatchObject({
      pix_fmt: 'yuv420p',
      color_transfer: 'bt709',
      color_primaries: 'bt709',
      color_space: 'bt709',
    })
    const [grey = []] = await colourGrid(outputPath, 1, 1)
    // Untouched PQ of this grey would be 150 and more, or under 90 when read as BT.709.
    for (const channel of grey) expect(Math.abs(channel - 128)).toBeLessThan(14)
  })

  it.each([{ widthPx: 1 }, { widthPx: 100_000 }, { heightPx: 7_680, widthPx: null }])(
    'refuses a size out of bounds: $widthPx × $heightPx',
    async (size) => {
      await expect(convert(clip, size)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    },
  )
})

describe('convertVideo: formats', () => {
  it.each([
    { format: 'mp4', codec: null, video: 'h264', tag: 'avc1', audio: 'aac' },
    { format: 'mp4', codec: 'h265', video: 'hevc', tag: 'hvc1', audio: 'aac' },
    { format: 'mp4', codec: 'av1', video: 'av1', tag: 'av01', audio: 'aac' },
    { format: 'webm', codec: null, video: 'vp9', tag: '[0][0][0][0]', audio: 'opus' },
    { format: 'webm', codec: 'av1', video: 'av1', tag: '[0][0][0][0]', audio: 'opus' },
  ] as const)('makes $format with $codec', async ({ format, codec, video, tag, audio }) => {
    const { made, outputPath, progress } = await convert(clip, { format, codec, endSeconds: 1 })
    const stream = await describeStream(outputPath, 'v')
    expect(stream).toMatchObject({
      codec_name: video,
      codec_tag_string: tag,
      nb_read_frames: '25',
      pix_fmt: 'yuv420p',
    })
    expect(await describeStream(outputPath, 'a')).toMatchObject({ codec_name: audio, channels: 1 })
    expect(made.contentType).toBe(`video/${format}`)
    expect(made.durationSeconds).toBeCloseTo(1, 1)
    expect(progress.at(-1)).toBeGreaterThan(0.8)
  })

  it('puts the index of an MP4 in front', async () => {
    const bytes = await readFile((await convert(clip, { endSeconds: 0.4 })).outputPath)
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
  })

  it('leaves the sound out if asked to, and needs none', async () => {
    const silenced = await convert(clip, { audio: false, endSeconds: 0.4 })
    expect(await describeStream(silenced.outputPath, 'a')).toEqual({})
    const silent = await convert(counted, { endSeconds: 0.4 })
    expect(await describeStream(silent.outputPath, 'a')).toEqual({})
  })

  it.each(['gif', 'webp'] as const)('makes an animated %s', async (format) => {
    const { made, outputPath } = await convert(clip, { format, widthPx: 80, startSeconds: 0.5 })
    expect(made).toMatchObject({ contentType: `image/${format}`, widthPx: 80, heightPx: 60 })
    expect(made.durationSeconds).toBeCloseTo(1.5, 1)
    const bytes = await readFile(outputPath)
    const loops = format === 'gif' ? 'NETSCAPE2.0' : 'ANIM'
    expect(bytes.includes(loops)).toBe(true)
  })

  it('reads a source twice for the palette of a long GIF, and leaves nothing beside it', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=red:s=1280x720:r=10:d=8', '-c:v', 'libx264', 'long.mp4'],
    )
    const { made, outputPath } = await convert(film, { format: 'gif' })
    expect(made).toMatchObject({ widthPx: 1280, heightPx: 720 })
    expect((await colourGrid(outputPath, 1, 1))[0]?.[0]).toBeGreaterThan(230)
    expect((await readdir(folder)).filter((name) => name.includes('palette'))).toEqual([])
  })

  it('refuses an animation without bounds, before any work', async () => {
    const size = { widthPx: 7_000, heightPx: 4_000, fit: 'fill' } as const
    const large = convert(clip, { format: 'gif', frameRate: 60, ...size })
    await expect(large).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
  })

  it('refuses a codec that the container does not take', async () => {
    await expect(convert(clip, { format: 'webm', codec: 'h264' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      problems: [{ path: 'options.codec' }],
    })
  })

  it('refuses a source without pictures, and half a source', async () => {
    const tone = await makeTone(folder, 'tone.mp3', { durationSeconds: 1 })
    await expect(convert(tone, {})).rejects.toMatchObject({ code: 'MEDIA_NO_VIDEO' })
    const whole = await makeClip(folder, 'whole.mp4', {
      durationSeconds: 4,
      encode: ['-c:a', 'aac', '-movflags', '+faststart'],
    })
    await expect(convert(await halfOf(whole), {})).rejects.toMatchObject({
      code: 'MEDIA_UNREADABLE',
    })
  })

  it('ends ffmpeg when it is cancelled', async () => {
    const cancel = new AbortController()
    const work = convertVideo({
      ...PROGRAMS,
      inputPath: clip,
      outputPath: join(folder, 'cancelled'),
      conversion: { ...PLAIN, widthPx: 3_840, quality: 'high' },
      signal: cancel.signal,
      onProgress: () => cancel.abort(new Error('enough')),
    })
    await expect(work).rejects.toThrow('enough')
  })
})

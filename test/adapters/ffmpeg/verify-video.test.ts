import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { verifyVideo } from '../../../src/adapters/ffmpeg/verify-video.ts'
import type { ExpectedVideo } from '../../../src/adapters/ffmpeg/verify-video.ts'
import { halfOf, makeMedia } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-verify-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const ORDERED: ExpectedVideo = {
  durationSeconds: 2,
  frameRate: 30,
  widthPx: 160,
  heightPx: 90,
  hdr: false,
}

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
const makeRender = (
  name: string,
  video = 'testsrc2=size=160x90:rate=30:duration=2',
  encode: readonly string[] = X264,
) =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', 'sine=duration=2'],
    ...[...encode, '-movflags', '+faststart', '-f', 'mp4', name],
  )

const verify = (path: string, expected: ExpectedVideo = ORDERED) =>
  verifyVideo({
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    path,
    expected,
    timeoutMs: 30_000,
  })

const differing = (text: string) => ({
  code: 'RENDERER_OUTPUT_INVALID',
  internalDetail: expect.stringContaining(text),
})

describe('verifyVideo', () => {
  it('accepts what was ordered', async () => {
    const { streams } = await verify(await makeRender('ordered.mp4'))
    expect(streams).toHaveLength(2)
  })

  it('names everything in the header that differs', async () => {
    const path = await makeRender('other.mp4', 'testsrc2=size=180x90:rate=25:duration=2')
    const detail = 'width 180 instead of 160; frame rate 25 instead of 30'
    await expect(verify(path)).rejects.toMatchObject(differing(detail))
  })

  it('counts to the frame', async () => {
    const frames = (count: number): string => `testsrc2=size=160x90:rate=30,trim=end_frame=${count}`
    const short = await makeRender('59.mp4', frames(59))
    await expect(verify(short)).rejects.toMatchObject(differing('59 frames instead of 60'))
    const long = await makeRender('61.mp4', frames(61))
    await expect(verify(long)).rejects.toMatchObject(differing('61 frames instead of 60'))
  })

  it('wants sound, and of the right length', async () => {
    const mute = await makeRender('mute.mp4', undefined, [...X264, '-an'])
    await expect(verify(mute)).rejects.toMatchObject(differing('no audio stream'))
    const cut = await makeRender('cut.mp4', undefined, [...X264, '-af', 'atrim=end=1.5'])
    await expect(verify(cut)).rejects.toMatchObject(differing('audio seconds 1.5'))
  })

  it('wants high dynamic range if and only if it was ordered', async () => {
    const hdr = await makeRender('hdr.mp4', undefined, [
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
      ...['-pix_fmt', 'yuv420p10le', '-color_primaries', 'bt2020'],
      ...['-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
    ])
    await verify(hdr, { ...ORDERED, hdr: true })
    await expect(verify(hdr)).rejects.toMatchObject(differing('instead of 8-bit bt709'))
    const sdr = await makeRender('sdr.mp4')
    await expect(verify(sdr, { ...ORDERED, hdr: true })).rejects.toMatchObject(
      differing('instead of yuv420p10le,bt2020,smpte2084,bt2020nc'),
    )
  })

  it('refuses half of a video whose header is whole', async () => {
    const half = await halfOf(await makeRender('whole.mp4'))
    await expect(verify(half)).rejects.toMatchObject({ code: 'RENDERER_OUTPUT_INVALID' })
  })

  it('refuses a video with a damaged frame in the middle', async () => {
    const path = await makeRender('damaged.mp4')
    const bytes = await readFile(path)
    const middle = Math.floor(bytes.length / 2)
    for (let index = 0; index < 3_000; index += 1) bytes[middle + index] = (index * 151 + 89) % 256
    await writeFile(path, bytes)
    await expect(verify(path)).rejects.toMatchObject({ code: 'RENDERER_OUTPUT_INVALID' })
  })

  it.each([
    ['a playlist', '#EXTM3U\n#EXTINF:2,\nordered.mp4\n#EXT-X-ENDLIST\n'],
    ['a page that says OK', '<html><body>OK</body></html>'],
    ['nothing', ''],
  ])('refuses %s', async (_what, content) => {
    const path = join(folder, 'delivered.mp4')
    await writeFile(path, content)
    await expect(verify(path)).rejects.toMatchObject({ code: 'RENDERER_OUTPUT_INVALID' })
  })
})

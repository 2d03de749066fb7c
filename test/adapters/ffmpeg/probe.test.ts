import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { makeClip, makeMedia, makeTone, turnedClockwise } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-probe-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const probeOf = (path: string, signal?: AbortSignal) =>
  probe({ ffprobePath: 'ffprobe', path, ...(signal ? { signal } : {}) })

describe('probe', () => {
  it('describes the picture and the sound of a video', async () => {
    const path = await makeClip(folder, 'clip.mp4', { durationSeconds: 1, size: '320x180' })
    const found = await probeOf(path)
    expect(found).toMatchObject({
      formatName: 'mov,mp4,m4a,3gp,3g2,mj2',
      durationSeconds: 1,
      durationIsEstimated: false,
      streams: [
        {
          kind: 'video',
          codec: 'h264',
          widthPx: 320,
          heightPx: 180,
          frameRate: 25,
          frameCount: 25,
          pixelFormat: 'yuv420p',
          rotationDegrees: 0,
          isAttachedPicture: false,
        },
        { kind: 'audio', codec: 'aac', sampleRateHz: 44_100, channels: 1 },
      ],
    })
  })

  it('tells a cover picture from a video', async () => {
    const cover = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'cover.png'],
    )
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'sine=duration=1', '-i', cover, '-map', '0', '-map', '1'],
      ...['-c:v', 'copy', '-disposition:v', 'attached_pic', 'covered.mp3'],
    )
    const { streams } = await probeOf(path)
    expect(streams.map(({ kind, isAttachedPicture }) => [kind, isAttachedPicture])).toEqual([
      ['audio', false],
      ['video', true],
    ])
  })

  it('reads how far a player turns the picture', async () => {
    const clip = await makeClip(folder, 'upright.mp4', { durationSeconds: 1 })
    const turned = await turnedClockwise(clip)
    expect((await probeOf(turned)).streams[0]?.rotationDegrees).toBe(90)
  })

  it('reads the colours of a high dynamic range video', async () => {
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', '-pix_fmt', 'yuv420p10le'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
      ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
      'hdr.mp4',
    )
    expect((await probeOf(path)).streams[0]).toMatchObject({
      codec: 'hevc',
      pixelFormat: 'yuv420p10le',
      colorPrimaries: 'bt2020',
      colorTransfer: 'smpte2084',
      colorSpace: 'bt2020nc',
    })
  })

  it('says when a length is a guess, and when there is none', async () => {
    const bare = await makeTone(folder, 'bare.aac', { durationSeconds: 1 })
    expect(await probeOf(bare)).toMatchObject({ durationIsEstimated: true })
    const picture = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x48', '-frames:v', '1', 'still.png'],
    )
    expect(await probeOf(picture)).toMatchObject({
      formatName: 'png_pipe',
      durationSeconds: null,
      streams: [{ kind: 'video', widthPx: 64, heightPx: 48 }],
    })
  })

  it('reads a file whose name looks like an option or an address', async () => {
    const tone = await makeTone(folder, 'tone.wav', { durationSeconds: 1 })
    const odd = join(folder, '-i http:%d.wav')
    await makeMedia(folder, '-i', tone, `file:${odd}`)
    expect((await probeOf(odd)).durationSeconds).toBe(1)
  })

  it('ends with the reason of a cancel', async () => {
    const tone = await makeTone(folder, 'cancel.wav', { durationSeconds: 1 })
    const run = probeOf(tone, AbortSignal.abort(new Error('never mind')))
    await expect(run).rejects.toThrow('never mind')
  })
})

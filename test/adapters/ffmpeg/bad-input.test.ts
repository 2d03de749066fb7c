import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { verifyReadable } from '../../../src/adapters/ffmpeg/verify-readable.ts'
import { MediaError } from '../../../src/domain/failures.ts'
import { judgeMedia } from '../../../src/domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../../src/domain/media-limits.ts'
import {
  halfOf,
  makeAviWithPlaylist,
  makeClip,
  makeHugePicture,
  makeMedia,
  makeThousandStreams,
  makeTone,
  makeWav,
  scriptsInDisguise,
  withClaimedHours,
} from '../../support/media-corpus.ts'

const CANARY = 'canary-3b1f0c'
/** Wall time on a busy machine within which each of the files has to be refused. */
const REFUSED_WITHIN_MS = 30_000

let folder: string
let listener: Server
let port: number
let visitors = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-bad-input-'))
  await writeFile(join(folder, 'canary.txt'), CANARY)
  listener = createServer((_request, response) => response.end(CANARY))
  listener.on('connection', () => {
    visitors += 1
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  port = (listener.address() as AddressInfo).port
})
afterAll(async () => {
  listener.close()
  await rm(folder, { recursive: true, force: true })
})
afterEach(() => {
  expect(visitors, 'connections that a file brought about').toBe(0)
})

/** What an upload of a song goes through. */
const admit = async (path: string, needs: 'audio' | 'nothing' = 'audio') => {
  const probed = await probe({ ffprobePath: 'ffprobe', path })
  const judgement = judgeMedia(probed, {
    limits: MEDIA_LIMITS,
    ...(needs === 'audio' ? { needs } : {}),
  })
  if (!judgement.ok) {
    const { code, problems } = judgement
    throw new MediaError(code, problems.map(({ message }) => message).join(), { problems })
  }
  const { durationSeconds } = await verifyReadable({
    ffmpegPath: 'ffmpeg',
    path,
    probe: probed,
    durationSecondsMax: MEDIA_LIMITS.durationSecondsMax,
    timeoutMs: REFUSED_WITHIN_MS,
  })
  return { kind: judgement.kind, durationSeconds }
}

const refusalOf = async (path: string, needs?: 'audio' | 'nothing'): Promise<MediaError> => {
  const admitted = await admit(path, needs).catch((error: unknown) => error)
  expect(admitted).toBeInstanceOf(MediaError)
  return admitted as MediaError
}

const write = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('a good file is admitted', () => {
  const encodings: [string, readonly string[]][] = [
    ['whole.wav', []],
    ['whole.flac', []],
    ['whole.mp3', []],
    ['headless.mp3', ['-q:a', '2', '-write_xing', '0']],
    ['whole.m4a', []],
    ['whole.ogg', []],
    ['whole.opus', []],
    ['whole.webm', []],
    ['whole.mka', ['-c:a', 'flac']],
    ['whole.aac', []],
    ['whole.aiff', []],
  ]
  it.each(encodings)('%s', async (name, encode) => {
    const path = await makeTone(folder, name, { durationSeconds: 3, encode })
    const { kind, durationSeconds } = await admit(path)
    expect(kind).toBe('audio')
    expect(durationSeconds).toBeCloseTo(3, 0)
  })

  it('that was written to a pipe and does not know its length', async () => {
    const tone = await makeTone(folder, 'piped-source.wav', { durationSeconds: 3 })
    for (const format of ['wav', 'flac', 'matroska']) {
      const piped = join(folder, `piped-${format}`)
      const command = ['-i', tone, '-f', format, '-flush_packets', '1', '-seekable', '0', piped]
      await makeMedia(folder, ...command)
      expect((await admit(piped)).durationSeconds).toBeCloseTo(3, 1)
    }
  })

  it('also a video whose sound ends before its picture, and a picture', async () => {
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=4'],
      ...['-f', 'lavfi', '-i', 'sine=duration=1', '-c:v', 'libx264', 'early-end.mkv'],
    )
    expect(await admit(path)).toMatchObject({ kind: 'video' })
    const still = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'still.png'],
    )
    expect(await admit(still, 'nothing')).toEqual({ kind: 'image', durationSeconds: 0 })
  })
})

describe('a script in disguise is refused without reading or visiting anything', () => {
  const names = Object.keys(scriptsInDisguise({ canaryPath: '', port: 0 }))
  beforeAll(() => makeClip(folder, 'neighbour.mp4', { durationSeconds: 1 }))
  it.each(names)('%s', async (name) => {
    const script = scriptsInDisguise({ canaryPath: join(folder, 'canary.txt'), port })[name] ?? ''
    for (const disguise of ['disguised', 'disguised.mp4']) {
      const path = await write(disguise, script)
      const refusal = await refusalOf(path)
      expect(['MEDIA_UNSUPPORTED', 'MEDIA_UNREADABLE']).toContain(refusal.code)
      expect(refusal.internalDetail).not.toContain(CANARY)
    }
  })

  it('an AVI with a playlist for subtitles', async () => {
    const path = await makeAviWithPlaylist(folder, {
      canaryPath: join(folder, 'canary.txt'),
      port,
    })
    expect((await refusalOf(path)).code).toBe('MEDIA_UNSUPPORTED')
  })
})

describe('what is no media is refused', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['plain text', 'These are the words of a song, but nobody sings them.\n'.repeat(200)],
    ['a web page', '<!doctype html><title>Sign in</title><p>Please sign in</p>'.repeat(50)],
    ['a zip', Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0\x08\0'), Buffer.alloc(4_000, 7)])],
    ['zeros', Buffer.alloc(100_000)],
    ['an MP4 of boxes in boxes', Buffer.from('\0\0\xff\xffmoov'.repeat(5_000), 'latin1')],
    [
      'an MP4 without an index',
      Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isom\0\0\x10\0mdat', 'latin1'),
    ],
  ])('%s', async (_what, content) => {
    expect((await refusalOf(await write('no-media', content))).code).toBe('MEDIA_UNREADABLE')
  })

  it('a picture and a silent film, where sound is needed', async () => {
    const picture = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1', 'only.png'],
    )
    expect((await refusalOf(picture)).code).toBe('MEDIA_NO_AUDIO')
    const film = await makeClip(folder, 'silent.mp4', { durationSeconds: 1, encode: ['-an'] })
    const refusal = await refusalOf(film)
    expect(refusal).toMatchObject({ code: 'MEDIA_NO_AUDIO', problems: [{ path: 'file' }] })
  })
})

describe('half of a file is refused', () => {
  const halves: [string, readonly string[]][] = [
    ['half.wav', []],
    ['half.flac', []],
    ['half.mp3', []],
    ['half.m4a', []],
    ['half-faststart.m4a', ['-movflags', '+faststart']],
    ['half.ogg', []],
    ['half.opus', []],
    ['half.webm', []],
  ]
  it.each(halves)('%s', async (name, encode) => {
    const whole = await makeTone(folder, name, { durationSeconds: 8, encode })
    expect((await refusalOf(await halfOf(whole))).code).toBe('MEDIA_UNREADABLE')
  })

  it.each(['film.mp4', 'film.mkv'])('%s', async (name) => {
    const encode = name.endsWith('mp4') ? ['-movflags', '+faststart'] : []
    const whole = await makeClip(folder, name, { durationSeconds: 6, encode })
    expect((await refusalOf(await halfOf(whole))).code).toBe('MEDIA_UNREADABLE')
    const mute = await makeClip(folder, `mute-${name}`, {
      durationSeconds: 6,
      encode: [...encode, '-an'],
    })
    expect((await refusalOf(await halfOf(mute), 'nothing')).code).toBe('MEDIA_UNREADABLE')
  })
})

describe('a bomb is refused before it goes off', () => {
  it('ten hours of silence', async () => {
    const minute = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '60', 'minute.mp3'],
    )
    const path = await makeMedia(
      folder,
      ...['-stream_loop', '600', '-i', minute, '-c', 'copy', 'silence.mp3'],
    )
    expect((await refusalOf(path)).code).toBe('MEDIA_TOO_LARGE')
  })

  it('a header of 99 hours, and one of 3, before a second of sound', async () => {
    const tone = await makeTone(folder, 'second.m4a', { durationSeconds: 1 })
    expect((await refusalOf(await withClaimedHours(tone, 99))).code).toBe('MEDIA_TOO_LARGE')
    expect((await refusalOf(await withClaimedHours(tone, 3))).code).toBe('MEDIA_UNREADABLE')
  })

  it('a thousand streams', async () => {
    const refusal = await refusalOf(await makeThousandStreams(folder))
    expect(['MEDIA_TOO_LARGE', 'MEDIA_UNREADABLE']).toContain(refusal.code)
  })

  it('pictures of 16,000 by 16,000 pixels', async () => {
    const picture = await makeHugePicture(folder, 16_000)
    expect((await refusalOf(picture, 'nothing')).code).toMatch(/^MEDIA_(TOO_LARGE|UNREADABLE)$/)
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'sine=duration=1', '-i', picture, '-c:v', 'copy', 'huge.mkv'],
    )
    expect((await refusalOf(film)).code).toMatch(/^MEDIA_(TOO_LARGE|UNREADABLE)$/)
  })

  it('a hundred thousand frames a second', async () => {
    const path = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=size=16x16:rate=100000:duration=0.02'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', 'frames.mp4'],
    )
    expect((await refusalOf(path, 'nothing')).code).toBe('MEDIA_TOO_LARGE')
  })

  it.each([
    ['255 channels', { channels: 255, sampleRateHz: 8_000 }],
    ['a sample rate of 768 kHz', { channels: 1, sampleRateHz: 768_000 }],
    ['no channels', { channels: 0, sampleRateHz: 44_100 }],
  ])('%s', async (_what, format) => {
    const path = await makeWav(folder, 'odd.wav', format)
    expect((await refusalOf(path)).code).toMatch(/^MEDIA_(TOO_LARGE|UNREADABLE)$/)
  })
})

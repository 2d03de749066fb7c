import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { packageStream } from '../../../../src/adapters/ffmpeg/ladder/package-stream.ts'
import { eventually } from '../../../support/eventually.ts'
import { makeMedia } from '../../../support/media-corpus.ts'
import { playStream, startBrowser } from '../../../support/player-site.ts'
import type { PlayerName } from '../../../support/player-site.ts'

const SECONDS = 5
const RATE = 25

let folder: string
let browser: Browser
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-players-'))
  const inputPath = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${RATE}:duration=${SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=duration=${SECONDS}:sample_rate=44100`],
    // Regular key frames, two seconds apart: the largest rung is a copy, the others are not.
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '50', '-sc_threshold', '0'],
    ...['-pix_fmt', 'yuv420p', '-b:v', '300k', 'film.mp4'],
  )
  const path = join(folder, 'en.vtt')
  await writeFile(
    path,
    'WEBVTT\n\n00:01.000 --> 00:03.000\nHello\n\n00:03.500 --> 00:04.500\nBye\n',
  )
  await mkdir(join(folder, 'stream'))
  const stream = await packageStream({
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    inputPath,
    outputDir: join(folder, 'stream'),
    wish: { renditions: [180, 144], hdr: false, audioTracks: 'all' },
    captions: [{ language: 'en', label: 'English', path }],
    timeoutMs: 60_000,
  })
  expect(stream.video.map(({ name }) => name)).toEqual(['v-144', 'v-180'])
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

const PLAYERS: [PlayerName, string][] = [
  ['hls.js', 'master.m3u8'],
  ['shaka-player', 'manifest.mpd'],
  ['shaka-player', 'master.m3u8'],
]

describe('a packaged stream', () => {
  it.each(PLAYERS)(
    'is played to its end by %s (%s), which changes to another rung on the way',
    async (player, manifest) => {
      const page = await playStream(browser, { player, folder: join(folder, 'stream'), manifest })
      try {
        await eventually(async () => {
          const { timeSeconds, heights, errors } = await page.report()
          expect(errors).toEqual([])
          expect(timeSeconds).toBeGreaterThan(0.5)
          expect(heights).toEqual([144])
        })
        const begun = await page.report()
        expect(begun.rungs).toEqual([144, 180])
        expect(begun.buffered[0]?.[0]).toBeLessThan(0.01)
        await page.switchTo(180)
        await eventually(async () => {
          const { ended, errors } = await page.report()
          expect(errors).toEqual([])
          expect(ended).toBe(true)
        }, 40_000)
        const over = await page.report()
        expect(over.heights).toEqual([144, 180])
        // AAC ends with a packet that is partly silence.
        expect(over.durationSeconds).toBeGreaterThanOrEqual(SECONDS - 0.001)
        expect(over.durationSeconds).toBeLessThan(SECONDS + 0.05)
        expect(over.buffered).toHaveLength(1)
        expect(over.frames).toBeGreaterThanOrEqual(SECONDS * RATE)
        expect(over.audioBytes).toBeGreaterThan(0)
        expect([...new Set(over.cues)]).toEqual(['Hello', 'Bye'])
      } finally {
        await page.close()
      }
    },
  )
})

/** A page with a real player in it, in a real browser, beside a folder with a stream. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import puppeteer from 'puppeteer-core'
import type { Browser, Page } from 'puppeteer-core'

import { projectRoot } from '../../scripts/stack/toolchain.ts'
import { streamContentType } from '../../src/domain/manifests/manifest-files.ts'

export type PlayerName = 'hls.js' | 'shaka-player'

const SCRIPTS: Record<PlayerName, string> = {
  'hls.js': 'hls.js/dist/hls.js',
  'shaka-player': 'shaka-player/dist/shaka-player.compiled.debug.js',
}

/** What the page tells of the playback so far. */
export interface Playback {
  readonly errors: readonly string[]
  readonly ended: boolean
  readonly timeSeconds: number
  readonly durationSeconds: number
  /** Heights of the pictures that were on the screen, in order, without repeats. */
  readonly heights: readonly number[]
  /** Heights of the rungs that the player offers. */
  readonly rungs: readonly number[]
  /** Start and end of each stretch that the browser has, in seconds. */
  readonly buffered: readonly (readonly [number, number])[]
  readonly frames: number
  readonly droppedFrames: number
  readonly audioBytes: number
  /** Texts of captions that were due so far. */
  readonly cues: readonly string[]
}

/** Both players behind the same few words: `start(manifest)`, `switchTo(height)`, `report()`. */
const PAGE = (player: PlayerName): string => `<!doctype html><meta charset="utf-8">
<video id="video" muted width="320"></video>
<script src="/player.js"></script>
<script>
const video = document.getElementById('video')
const state = { errors: [], heights: [], cues: [], ended: false }
const noteHeight = () => {
  if (video.videoHeight && state.heights.at(-1) !== video.videoHeight) state.heights.push(video.videoHeight)
}
video.addEventListener('resize', noteHeight)
video.addEventListener('playing', noteHeight)
video.addEventListener('ended', () => { state.ended = true })
video.addEventListener('error', () => state.errors.push('media: ' + video.error.message))
video.textTracks.addEventListener('addtrack', ({ track }) => {
  track.mode = 'hidden'
  track.addEventListener('cuechange', () => {
    for (const cue of track.activeCues ?? []) state.cues.push(cue.text)
  })
})
const players = {
  'hls.js': {
    start(url) {
      const hls = new Hls({ maxBufferLength: 4, maxMaxBufferLength: 4, enableWorker: false })
      this.hls = hls
      hls.on(Hls.Events.ERROR, (_, { details, reason, error }) =>
        state.errors.push([details, reason ?? error?.message].join(': ')))
      hls.on(Hls.Events.MANIFEST_PARSED, () => { hls.subtitleTrack = 0; hls.startLevel = 0; video.play() })
      hls.loadSource(url)
      hls.attachMedia(video)
    },
    rungs() { return this.hls.levels.map((level) => level.height) },
    switchTo(height) { this.hls.nextLevel = this.hls.levels.findIndex((level) => level.height === height) },
  },
  'shaka-player': {
    async start(url) {
      shaka.polyfill.installAll()
      const player = new shaka.Player()
      this.player = player
      player.addEventListener('error', ({ detail }) => state.errors.push('shaka ' + detail.code + ': ' + detail.message))
      await player.attach(video)
      player.configure({ abr: { enabled: false }, streaming: { bufferingGoal: 4, rebufferingGoal: 1 } })
      await player.load(url).catch(({ code, message }) => state.errors.push('shaka ' + code + ': ' + message))
      const [text] = player.getTextTracks()
      if (text) player.selectTextTrack(text)
      this.switchTo(Math.min(...this.rungs()))
      await video.play()
    },
    rungs() { return this.player.getVariantTracks().map((track) => track.height).sort((a, b) => a - b) },
    switchTo(height) {
      this.player.selectVariantTrack(this.player.getVariantTracks().find((track) => track.height === height), true, 0)
    },
  },
}
const player = players['${player}']
window.addEventListener('unhandledrejection', ({ reason }) => state.errors.push(String(reason)))
window.addEventListener('error', ({ message }) => state.errors.push(message))
window.start = (url) => { player.start(url) }
window.switchTo = (height) => { player.switchTo(height) }
window.report = () => ({
  ...state,
  rungs: player.rungs(),
  timeSeconds: video.currentTime,
  durationSeconds: video.duration,
  buffered: Array.from({ length: video.buffered.length }, (_, range) => [video.buffered.start(range), video.buffered.end(range)]),
  frames: video.getVideoPlaybackQuality().totalVideoFrames,
  droppedFrames: video.getVideoPlaybackQuality().droppedVideoFrames,
  audioBytes: video.webkitAudioDecodedByteCount,
})
</script>`

export interface PlayerPage {
  readonly switchTo: (heightPx: number) => Promise<void>
  readonly report: () => Promise<Playback>
  readonly close: () => Promise<void>
}

/** Starts Chromium, as one process for all pages of a test file. */
export const startBrowser = async (): Promise<Browser> => {
  // `npm test` finds or installs one and says where; this is where Debian has it.
  const executablePath = process.env['TEST_CHROMIUM'] ?? '/usr/bin/chromium'
  const isRoot = process.getuid?.() === 0
  return puppeteer.launch({
    executablePath,
    args: [
      '--autoplay-policy=no-user-gesture-required',
      // Chromium refuses to start as root with its sandbox; the page and the stream are our own.
      ...(isRoot ? ['--no-sandbox'] : []),
    ],
  })
}

/** Serves a stream's folder beside a page with a player, and begins to play. */
export const playStream = async (
  browser: Browser,
  stream: { readonly player: PlayerName; readonly folder: string; readonly manifest: string },
): Promise<PlayerPage> => {
  const server = createServer((request, response) => {
    answer(request, response, stream).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.evaluate(`start('/stream/${stream.manifest}')`)
  return {
    switchTo: async (heightPx) => void (await page.evaluate(`switchTo(${heightPx})`)),
    report: () => reportOf(page),
    close: async () => {
      await page.close()
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

const reportOf = async (page: Page): Promise<Playback> =>
  (await page.evaluate('report()')) as Playback

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  stream: { readonly player: PlayerName; readonly folder: string },
): Promise<void> => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE(stream.player))
    return
  }
  const file =
    path === '/player.js'
      ? join(projectRoot, 'node_modules', SCRIPTS[stream.player])
      : join(stream.folder, normalize(path).slice('/stream/'.length))
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) {
    response.writeHead(404).end()
    return
  }
  const type = path === '/player.js' ? 'text/javascript' : streamContentType(file)
  response.writeHead(200, { 'content-type': type, 'content-length': found.size })
  await pipeline(createReadStream(file), response)
}

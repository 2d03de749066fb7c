import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toolchain } from '../../../scripts/stack/toolchain.ts'
import { downloadVideo, type VideoDownloads } from '../../../src/adapters/clips/download-video.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { makeMedia } from '../../support/media-corpus.ts'
import { startVideoSite, VIDEO_SITE_PLUGINS } from '../../support/video-site.ts'

let folder: string
let site: Awaited<ReturnType<typeof startVideoSite>>
let downloads: VideoDownloads

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-download-'))
  const videoPath = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  site = await startVideoSite({
    videoPath,
    pages: (url) => {
      const video = {
        title: 'A "film" ../../etc',
        duration: 2,
        url: `${url}/video.mp4`,
        ext: 'mp4',
      }
      return {
        good: video,
        large: { ...video, filesize: 9e9 },
        live: { ...video, is_live: true },
        soon: { ...video, live_status: 'is_upcoming' },
        gone: { error: 'This video was removed by its uploader' },
        list: { _type: 'playlist', title: 'Films', entries: [] },
        private: { ...video, url: 'http://127.0.0.2:9/video.mp4' },
        named: { ...video, url: 'http://localhost:9/video.mp4' },
        manifest: { ...video, url: 'file:///etc/passwd' },
        secret: { error: 'Private video. Sign in if you have been granted access to it' },
        deleted: 410,
        busy: 503,
        lost: { ...video, url: `${url}/nowhere.mp4` },
        bundle: { _type: 'multi_video', title: 'Films', entries: [] },
        chained: { _type: 'url', url: `${url}/watch/chained` },
        'ten-hours': { ...video, duration: 10 * 3600 },
        protected: { ...video, formats: [{ ...video, format_id: '1', has_drm: true }] },
        heard: { ...video, formats: [{ ...video, format_id: '1', vcodec: 'none' }] },
        endless: { ...video, url: `${url}/endless.mp4` },
        hanging: { ...video, url: `${url}/hanging.mp4` },
        fragments: { ...video, url: `${url}/list.m3u8`, protocol: 'm3u8_native' },
      }
    },
  })
  downloads = {
    pythonPath: toolchain().pythonPath ?? 'python3',
    ffmpegPath: 'ffmpeg',
    allowPrivateHosts: [site.host],
    timeoutMs: 60_000,
    pluginFolder: VIDEO_SITE_PLUGINS,
  }
})
afterAll(async () => {
  await site.close()
  await rm(folder, { recursive: true, force: true })
})

const jobFor = async (url: string, sizeBytesMax = 1e9) => {
  const work = await mkdtemp(join(folder, 'work-'))
  await mkdir(join(work, 'video'))
  return {
    url,
    folder: join(work, 'video'),
    workPath: (name: string) => join(work, name),
    durationSecondsMax: 7200,
    sizeBytesMax,
    signal: new AbortController().signal,
  }
}

describe('the download of a video', () => {
  it('brings the whole file under a name of our own, and says how far it is', async () => {
    const ratios: number[] = []
    const job = await jobFor(`${site.url}/watch/good`)
    const video = await downloadVideo(downloads, { ...job, onProgress: (one) => ratios.push(one) })
    expect(video).toEqual({ path: join(job.folder, 'video.mp4'), title: 'A "film" ../../etc' })
    const { durationSeconds } = await probe({ ffprobePath: 'ffprobe', path: video!.path })
    expect(durationSeconds).toBeCloseTo(2, 1)
    expect(ratios.at(-1)).toBe(1)
  })

  it.each([
    ['large', 'MEDIA_TOO_LARGE'],
    ['live', 'SOURCE_LIVE'],
    ['soon', 'SOURCE_LIVE'],
    ['list', 'SOURCE_IS_LIST'],
    ['bundle', 'SOURCE_IS_LIST'],
    ['ten-hours', 'MEDIA_TOO_LARGE'],
    ['gone', 'SOURCE_NOT_FOUND'],
    ['secret', 'SOURCE_NOT_FOUND'],
    ['deleted', 'SOURCE_NOT_FOUND'],
    ['lost', 'SOURCE_NOT_FOUND'],
    ['protected', 'SOURCE_NOT_FOUND'],
    ['heard', 'MEDIA_NO_VIDEO'],
    ['busy', 'SOURCE_UNAVAILABLE'],
    ['private', 'SOURCE_FORBIDDEN'],
    ['named', 'SOURCE_FORBIDDEN'],
    ['missing', 'SOURCE_NOT_FOUND'],
  ])('is refused for a video that is %s, before any of it is fetched', async (id, code) => {
    const before = site.requests.filter((path) => path === '/video.mp4').length
    const job = await jobFor(`${site.url}/watch/${id}`)
    await expect(downloadVideo(downloads, job)).rejects.toMatchObject({ code })
    expect(site.requests.filter((path) => path === '/video.mp4')).toHaveLength(before)
    expect(await readdir(job.folder)).toEqual([])
  })

  it('never reads a file of this machine', async () => {
    const job = await jobFor(`${site.url}/watch/manifest`)
    await expect(downloadVideo(downloads, job)).rejects.toMatchObject({
      name: 'MediaError',
    })
    expect(await readdir(job.folder)).toEqual([])
  })

  it('stops at the limit though the page said nothing of the size', async () => {
    const job = await jobFor(`${site.url}/watch/good`, 1000)
    await expect(downloadVideo(downloads, job)).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
  })

  it.each(['endless', 'fragments'])(
    'stops at the limit of a video that is %s, whose size nobody knew',
    async (id) => {
      const job = await jobFor(`${site.url}/watch/${id}`, 500_000)
      await expect(downloadVideo(downloads, job)).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
    },
  )

  it('gives up a page that leads on and on', async () => {
    const job = await jobFor(`${site.url}/watch/chained`)
    await expect(downloadVideo(downloads, job)).resolves.toBeNull()
  })

  it('gives up a site that falls silent', async () => {
    const job = await jobFor(`${site.url}/watch/hanging`)
    const impatient = { ...downloads, timeoutMs: 4_000 }
    await expect(downloadVideo(impatient, job)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    })
  })

  it.runIf(existsSync('/dev/full'))('says that the disk is full', async () => {
    const job = await jobFor(`${site.url}/watch/good`)
    await symlink('/dev/full', join(job.folder, 'video.mp4.part'))
    await expect(downloadVideo(downloads, job)).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  it('is left to others where no site is known', async () => {
    const job = await jobFor(`${site.url}/video.mp4`)
    await expect(downloadVideo(downloads, job)).resolves.toBeNull()
  })

  it('refuses a page on a private address', async () => {
    const job = await jobFor(`${site.url}/watch/good`)
    const strict = { ...downloads, allowPrivateHosts: [] }
    await expect(downloadVideo(strict, job)).rejects.toMatchObject({ code: 'SOURCE_FORBIDDEN' })
  })

  it('ends when it is cancelled', async () => {
    const job = await jobFor(`${site.url}/watch/good`)
    const signal = AbortSignal.timeout(300)
    const canceled = downloadVideo(downloads, { ...job, signal })
    await expect(canceled).rejects.toHaveProperty('name', 'TimeoutError')
    expect(await readdir(job.folder)).toEqual([])
  })
})

/** Every kind of task through the whole stack, and what is wrong with inputs. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/stack/ports.ts'
import { readConfig } from '../../src/config.ts'
import type { TaskAnswer } from '../../src/contracts/http/tasks/task.ts'
import { eventually } from '../support/eventually.ts'
import { ffmpeg, makeSong } from '../support/stack-media.ts'
import { HEARD, makeFilm, startTaskWorld, type TaskWorld } from '../support/task-world.ts'

let world: TaskWorld
let filmUrl = ''
let songUrl = ''
let subtitlesUrl = ''

const SUBTITLES = `WEBVTT

00:00:01.000 --> 00:00:02.500
Guten Tag, wie geht es dir heute an diesem schönen Morgen im Garten?

00:00:03.000 --> 00:00:04.000
שלום 👋
`

/** The stack sends waveforms to a provider: to itself, over HTTP, as it would to another Spool. */
const ownProvider = async (): Promise<Record<string, string>> => {
  const port = await freePort()
  const settings = {
    SPOOL_SECRET: randomBytes(32).toString('hex'),
    SPOOL_PORT: String(port),
    SPOOL_PUBLIC_URL: `http://127.0.0.1:${port}`,
  }
  const needed = { DATABASE_URL: 'postgres://x', SPOOL_ADMIN_KEY: 'x'.repeat(24) }
  const { internalApiKey, internalWebhookSecret } = readConfig({ ...settings, ...needed })
  const provider = {
    name: 'myself',
    url: settings.SPOOL_PUBLIC_URL,
    apiKey: internalApiKey,
    webhookSecret: internalWebhookSecret,
    kinds: ['waveform'],
  }
  return { ...settings, SPOOL_TASK_PROVIDERS: JSON.stringify([provider]) }
}

beforeAll(async () => {
  world = await startTaskWorld(await ownProvider())
  const file = (name: string) => join(world.folder, name)
  filmUrl = await world.publish('film.mp4', { path: await makeFilm(file('film.mp4')) })
  songUrl = await world.publish('song.mp3', { path: await makeSong(file('song.mp3'), 3) })
  subtitlesUrl = await world.publish('de.vtt', { body: SUBTITLES })
})
afterAll(async () => {
  await world?.close()
})

const order = async (body: Record<string, unknown>): Promise<string> => {
  const made = await world.customer.call<TaskAnswer>('POST', '/v1/tasks', { body })
  expect(made).toMatchObject({ status: 201 })
  return made.body.id
}

const contentOf = async ({ output }: TaskAnswer): Promise<string> =>
  Buffer.from(await (await fetch(output?.url ?? '')).arrayBuffer()).toString('latin1')

describe('a task of the kind', () => {
  const KINDS: [string, () => Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    [
      'video',
      () => ({ input: filmUrl, kind: 'video', options: { start: 1, end: 2, width: 160 } }),
      { kind: 'video', content_type: 'video/mp4', width: 160, height: 90 },
      /^.{4}ftyp/s,
    ],
    [
      'audio',
      () => ({ input: filmUrl, kind: 'audio', options: { format: 'mp3', normalize: true } }),
      { kind: 'audio', content_type: 'audio/mpeg', width: null },
      /^(ID3|\xff)/,
    ],
    [
      'subtitles of what is said',
      () => ({ input: songUrl, kind: 'subtitles', options: { format: 'srt' } }),
      { kind: 'text', content_type: 'application/x-subrip' },
      /^1\n00:00:00,200 --> .*\nHello there,/,
    ],
    [
      'subtitles of subtitles',
      () => ({ input: subtitlesUrl, kind: 'subtitles', options: { max_chars: 36 } }),
      { content_type: 'text/vtt' },
      /^WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n[^\n]{1,36}\n[^\n]+\n/,
    ],
    [
      'translation of subtitles',
      () => ({ input: subtitlesUrl, kind: 'translation', options: { language: 'en' } }),
      { kind: 'text', content_type: 'text/vtt' },
      /^WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGUTEN TAG,[^]*00:00:03.000 --> 00:00:04.000\n/,
    ],
    [
      'translation of what is said',
      () => ({ input: songUrl, kind: 'translation', options: { language: 'de', format: 'srt' } }),
      { content_type: 'application/x-subrip' },
      /^1\n00:00:00,200 --> .*\nHELLO THERE,/,
    ],
    [
      'speech, as others call it',
      () => ({ input: songUrl, kind: 'speech', options: { words: false } }),
      { content_type: 'application/json' },
      new RegExp(HEARD.text.slice(0, 11)),
    ],
    [
      'storyboard',
      () => ({ input: filmUrl, kind: 'storyboard', options: { width: 64 } }),
      { content_type: 'text/vtt', files: [{ name: 'storyboard-1.jpg' }] },
      /^WEBVTT\n[\s\S]*storyboard-1\.jpg#xywh=0,0,64,36/,
    ],
    [
      'waveform, which is made by a provider',
      () => ({ input: songUrl, kind: 'waveform', options: { pixels_per_second: 10 } }),
      { content_type: 'application/json' },
      /"data":\s*\[/,
    ],
    [
      'adaptive_video',
      () => ({
        input: filmUrl,
        kind: 'adaptive_video',
        options: { captions: [{ language: 'de', url: subtitlesUrl }] },
      }),
      { kind: 'video', content_type: 'application/vnd.apple.mpegurl', width: 320, height: 180 },
      /^#EXTM3U[\s\S]*TYPE=SUBTITLES[\s\S]*RESOLUTION=320x180/,
    ],
  ]

  test.each(KINDS)('%s', async (_what, body, output, content) => {
    const done = await world.ended(await order(body()))
    expect(done.error).toBeNull()
    expect(done).toMatchObject({ status: 'completed', output })
    expect(await contentOf(done)).toMatch(content)
  })
})

test('an upload is priced with its order, worked on, and told of once', async () => {
  const path = await makeFilm(join(world.folder, 'upload.mp4'))
  const input = (await world.customer.upload(path)).body.id
  const id = await order({ input, kind: 'image', webhook_url: world.hookUrl })
  expect(await world.ended(id)).toMatchObject({ status: 'completed', output: { kind: 'image' } })
  const told = await eventually(() => {
    const found = world.hooks().filter((hook) => hook['task_id'] === id)
    if (!found.some(({ type }) => type === 'job.succeeded')) throw new Error('not told yet')
    return found.filter(({ type }) => type !== 'job.progress')
  })
  expect(told).toHaveLength(1)
})

test('an upload that lacks what is needed fails its task, and is not paid', async () => {
  const path = join(world.folder, 'silent.mp4')
  await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', '-an', path)
  const input = (await world.customer.upload(path)).body.id
  const failed = await world.ended(await order({ input, kind: 'audio' }))
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'MEDIA_NO_AUDIO' } })
})

test('the files of a stream are found by their relative names, beside its manifest', async () => {
  const id = await order({ input: filmUrl, kind: 'adaptive_video', options: { format: 'dash' } })
  const { output } = await world.ended(id)
  expect(output).toMatchObject({ content_type: 'application/dash+xml' })
  for (const name of ['master.m3u8', 'v-180/index.m3u8', 'v-180/00001.m4s', 'audio/init.mp4']) {
    const file = await fetch(new URL(name, output?.url))
    expect({ name, status: file.status }).toEqual({ name, status: 200 })
    await file.body?.cancel()
  }
})

test('what is sent to a provider is paid once, by whoever ordered it', async () => {
  const credits = async () => {
    type Account = { credits: { available: number; held: number } }
    return (await world.customer.call<Account>('GET', '/v1/account')).body.credits
  }
  const before = await credits()
  await world.ended(await order({ input: songUrl, kind: 'waveform' }))
  const after = await credits()
  expect(before.available - after.available).toBe(1)
  expect(after.held).toBe(before.held)
})

describe('an input fails its task, with a reason and a webhook, if it', () => {
  const INPUTS: [string, () => Promise<Record<string, unknown>>, string][] = [
    ['is not there', async () => ({ input: `${filmUrl}.gone` }), 'SOURCE_NOT_FOUND'],
    ['is private', async () => ({ input: 'http://127.0.0.2/film.mp4' }), 'SOURCE_FORBIDDEN'],
    [
      'is not media',
      async () => ({ input: await world.publish('page', { body: '<!doctype html>' }) }),
      'MEDIA_UNREADABLE',
    ],
    [
      'is empty',
      async () => ({ input: await world.publish('empty', { body: '' }) }),
      'MEDIA_UNREADABLE',
    ],
    ['has no pictures', async () => ({ input: songUrl }), 'MEDIA_NO_VIDEO'],
    [
      'has no sound',
      async () => {
        const path = join(world.folder, 'mute.mp4')
        await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', '-an', path)
        return { input: await world.publish('mute.mp4', { path }), kind: 'audio' }
      },
      'MEDIA_NO_AUDIO',
    ],
    [
      'ends before it should start',
      async () => ({ input: filmUrl, options: { start: 30 } }),
      'MEDIA_RANGE_EMPTY',
    ],
    [
      'has a million subtitles',
      async () => {
        const cue = '00:00:01.000 --> 00:00:02.000\nword\n\n'
        const body = `WEBVTT\n\n${cue.repeat(1_000_000)}`
        return { input: await world.publish('million.vtt', { body }), kind: 'subtitles' }
      },
      'MEDIA_TOO_LARGE',
    ],
    [
      'is a subtitle file without subtitles',
      async () => {
        const body = '1\n00:00:09,000 --> 00:00:01,000\nbackwards\n'
        return { input: await world.publish('none.srt', { body }), kind: 'subtitles' }
      },
      'SUBTITLES_UNREADABLE',
    ],
  ]

  test.each(INPUTS)('%s', async (_what, make, code) => {
    const wish = await make()
    const id = await order({ kind: 'video', webhook_url: world.hookUrl, ...wish })
    const failed = await world.ended(id)
    expect(failed).toMatchObject({ status: 'failed', output: null, error: { code } })
    const hook = await eventually(() => {
      const found = world.hooks().find((each) => each['task_id'] === id)
      if (found === undefined) throw new Error('no webhook has come')
      return found
    })
    expect(hook).toMatchObject({ type: 'job.failed', output_url: null, error: { code } })
  })
})

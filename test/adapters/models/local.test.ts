import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createLocalModels } from '../../../src/adapters/models/local.ts'
import { viewAt } from '../../../src/domain/generation/compose/pan-zoom.ts'
import { colourGrid, describeStream, PROGRAMS } from '../../support/converted-media.ts'
import { makeMedia } from '../../support/media-corpus.ts'

let folder: string
let calls = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-local-models-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const models = createLocalModels({ ...PROGRAMS, espeakPath: null })

const ask = async (model: string, body: Record<string, unknown>, provider = models) => {
  calls += 1
  const own = join(folder, `call-${calls}`)
  await mkdir(own)
  const call = { operation: 'generate' as const, reference: 'ref', webhookUrl: null }
  const made = await provider.submit({ ...call, model, body }, { folder: own })
  if (made.status !== 'completed' || !('file' in made.answer)) throw new Error('no file')
  return { ...made.answer, words: made.answer.words ?? [] }
}

describe('local/card', () => {
  it('is of the shape that was asked for, in colours of the seed', async () => {
    const card = (seed: number) =>
      ask('local/card', { prompt: 'A quiet harbour', aspectRatio: '9:16', heightPx: 640, seed })
    const [one, same, other] = [await card(1), await card(1), await card(2)]
    expect(one.file.contentType).toBe('image/jpeg')
    expect(await describeStream(one.file.path, 'v')).toMatchObject({ width: 360, height: 640 })
    expect(await readFile(one.file.path)).toEqual(await readFile(same.file.path))
    const [corner, otherCorner] = [
      await colourGrid(one.file.path, 3, 3),
      await colourGrid(other.file.path, 3, 3),
    ]
    expect(corner[0]).not.toEqual(otherCorner[0])
  })

  it('shows the prompt: another one is another picture', async () => {
    const card = async (prompt: string) =>
      colourGrid((await ask('local/card', { prompt, seed: 3, widthPx: 256 })).file.path, 16, 16)
    const [blank, text] = [await card('.'), await card('Many words in the middle of it')]
    const differing = text.filter((cell, index) => {
      const [red = 0] = cell
      return Math.abs(red - (blank[index]?.[0] ?? 0)) > 20
    })
    expect(differing.length).toBeGreaterThan(10)
  })
})

describe('local/pan-zoom', () => {
  it('is exactly as long as asked for, and moves', async () => {
    const image = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'testsrc2=s=320x240', '-frames:v', '1', '-c:v', 'png'],
      ...['-f', 'image2pipe', 'image'],
    )
    const body = { image, durationSeconds: 1.5, frameRate: 24, widthPx: 160, heightPx: 90 }
    const { file } = await ask('local/pan-zoom', body)
    expect(file.contentType).toBe('video/mp4')
    expect(await describeStream(file.path, 'v')).toMatchObject({
      nb_read_frames: '36',
      r_frame_rate: '24/1',
      width: 160,
      height: 90,
    })
    const still = async (name: string, at: number) => {
      await makeMedia(folder, '-ss', String(at), '-i', file.path, '-frames:v', '1', name)
      return colourGrid(join(folder, name), 16, 9)
    }
    expect(await still('begin.png', 0)).not.toEqual(await still('end.png', 1.4))
  })

  it('never shows what is not there', () => {
    for (let seed = 0; seed < 16; seed += 1) {
      for (const frame of [0, 1, 50, 98, 99]) {
        const { left, top, share } = viewAt(frame, 100, seed)
        expect(Math.min(left, top, share)).toBeGreaterThanOrEqual(0)
        expect(Math.max(left, top) + share).toBeLessThanOrEqual(1)
      }
    }
  })
})

describe('local/espeak', () => {
  const espeakPath = ['/usr/bin/espeak-ng', '/opt/homebrew/bin/espeak-ng'].find(existsSync) ?? null

  it.each([{ espeakPath: null }, { espeakPath }])(
    'says every sentence, and when each word is said (espeak-ng: $espeakPath)',
    async (engine) => {
      const provider = createLocalModels({ ...PROGRAMS, ...engine })
      const { file, words } = await ask(
        'local/espeak',
        { text: 'One two three.\nFour $(five) `six`!' },
        provider,
      )
      expect(words.map(({ text }) => text)).toEqual(
        ['One', 'two', 'three.', 'Four', '$(five)', '`six`!'], // As written, no command.
      )
      const sound = await describeStream(file.path, 'a')
      const seconds = Number(sound['duration'])
      expect(seconds).toBeGreaterThan(1)
      expect(Math.abs((words.at(-1)?.endSeconds ?? 0) - seconds)).toBeLessThan(0.05)
      const starts = words.map(({ startSeconds }) => startSeconds)
      expect(starts).toEqual(starts.toSorted((one, other) => one - other))
    },
  )

  it('is faster when told so', async () => {
    const seconds = async (speed: number) => {
      const { file } = await ask('local/espeak', { text: 'A sentence to be measured.', speed })
      return Number((await describeStream(file.path, 'a'))['duration'])
    }
    expect((await seconds(1)) / (await seconds(2))).toBeGreaterThan(1.6)
  })

  it('says no when there is nothing to say, or in no language that it knows', async () => {
    const speech = ask('local/espeak', { text: '…' })
    await expect(speech).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
    const german = ask('local/espeak', { text: 'Guten Tag', language: 'de' })
    await expect(german).rejects.toMatchObject({ code: 'LANGUAGE_UNSUPPORTED' })
  })
})

describe('local engines', () => {
  it.each([
    { model: 'local/card', body: {} },
    { model: 'local/card', body: { prompt: 'x', widthPx: 100_000 } },
    { model: 'local/pan-zoom', body: { image: '' } },
    { model: 'local/nothing', body: { prompt: 'x' } },
  ])('refuse $model with $body', async ({ model, body }) => {
    await expect(ask(model, body)).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
  })

  it('know of no job: a call that died with its worker is made again', async () => {
    const call = { operation: 'generateImage', model: 'local/card', body: {} } as const
    const order = { ...call, reference: 'ref', webhookUrl: null, orderedAtMs: 0 }
    expect(await models.find?.(order, {})).toBeNull()
    expect(await models.inspect({ id: 'x' }, { folder })).toMatchObject({ status: 'failed' })
  })
})

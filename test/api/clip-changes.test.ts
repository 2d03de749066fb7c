/** Changes of clips: what is refused before anything is held, what is ordered, and what the clip is then. */

import { eq } from 'drizzle-orm'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { idempotencyKeys } from '../../src/db/schema/idempotency-keys.ts'
import { recutWish, type ClipAbout } from '../../src/domain/clips/recut-wish.ts'
import { clipId, type ClipId, type ExecutionId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { runGenerationWorker } from './support/generation-worker.ts'
import { endChange, madeClips, TALK_WISH, type MadeClips } from './support/made-clips.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase({ poolSizeMax: 20 })
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
// Nobody makes media: a change that was admitted stays in its first step.
await runGenerationWorker(temporal, connection, api)
const { get, post, repositories } = api

interface Scene extends MadeClips {
  readonly owner: Customer
  readonly first: ClipId
}

const scene = async (credits = 100): Promise<Scene> => {
  const owner = await api.customer({ credits })
  const made = await madeClips(api, owner)
  return { ...made, owner, first: made.clipIds[0]! }
}

const creditsOf = async (who: Customer) => (await get(who, '/v1/account')).json().credits

const change = (owner: Customer, id: string, how: 'edit' | 'regenerate', body?: object) =>
  post(owner, `/v1/clips/${id}/${how}`, body)

/** What a change has ordered. */
const wishOf = async (executionId: string) =>
  recutWish((await repositories.executions.findById(executionId))!.input)

/** Ends a change as its workflow would. */
const end = async ({ owner, mediaId }: Scene, executionId: ExecutionId, about: ClipAbout) => {
  await endChange(api, { accountId: owner.id, mediaId, executionId }, about)
}

describe('clips that an order has made', () => {
  test('are listed with their ids, which its execution names too', async () => {
    const { owner, executionId, clipIds, mediaId } = await scene()
    const execution = (await get(owner, `/v1/executions/${executionId}`)).json()
    expect(execution.clipIds).toEqual(clipIds)
    const listed = (await get(owner, `/v1/clips?executionId=${executionId}`)).json()
    expect(listed.clips.map(({ id }: { id: string }) => id)).toEqual(clipIds)
    const one = (await get(owner, `/v1/clips/${clipIds[1]}`)).json()
    expect(one).toEqual(expect.objectContaining(listed.clips[1]))
    expect(one).toMatchObject({
      ...{ number: 2, version: 1, executionId, orderExecutionId: executionId, mediaId },
      ...{ startSeconds: 50, endSeconds: 70, captions: { preset: 'tiktok', language: 'en' } },
      changingExecutionId: null,
    })
    expect(one.videoUrl).toContain('clip-2.mp4')
  })

  test('are nobody else’s', async () => {
    const { executionId, first } = await scene()
    const stranger = await api.customer({ credits: 100 })
    const seen = [
      await get(stranger, `/v1/clips/${first}`),
      await get(stranger, `/v1/clips?executionId=${executionId}`),
      await change(stranger, first, 'edit', { start: 1 }),
      await change(stranger, first, 'regenerate'),
    ]
    expect(seen.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404])
    expect(await creditsOf(stranger)).toMatchObject({ held: 0 })
  })

  test.each([
    ['has no such number', (id: ExecutionId) => clipId(id, 4)],
    ['is none', () => clipId(newId('execution'), 1)],
    ['is no number', (id: ExecutionId) => `clip_${id.slice(5)}xy`],
    ['is too short to be of an order', () => 'clip_12345678'],
    ['is no id', () => 'clip_1'],
  ])('are not found where their order %s', async (_, idOf) => {
    const { owner, executionId } = await scene()
    const response = await change(owner, idOf(executionId), 'edit', { start: 1 })
    expect(response.statusCode).toBe(404)
  })
})

describe('an edit is refused at its path, and nothing is held', () => {
  test.each<[string, object, string]>([
    ['of nothing', {}, 'start'],
    ['with a start before the beginning', { start: -1 }, 'start'],
    ['with an end before the start', { start: 20, end: 15 }, 'end'],
    ['with an end before the start that is there', { end: 9 }, 'end'],
    ['with a start behind the end that is there', { start: 31 }, 'start'],
    ['with an end behind the video', { end: 240.5 }, 'end'],
    ['with a start behind the video', { start: 240, end: 250 }, 'start'],
    ['that leaves too little', { end: 14.9 }, 'end'],
    ['that leaves too little at the end', { start: 25.1 }, 'start'],
    ['that makes too much', { start: 0, end: 180.5 }, 'end'],
    ['in words for numbers', { start: '12' }, 'start'],
    ['with unknown captions', { captions: { preset: 'tictoc' } }, 'captions.preset'],
    ['in another language', { captions: { language: 'fr' } }, 'captions.language'],
    ['in an unknown format', { format: 'vertical' }, 'format'],
    ['with an unknown field', { start: 12, startSeconds: 12 }, 'startSeconds'],
  ])('%s', async (_, body, path) => {
    const { owner, first } = await scene()
    const response = await change(owner, first, 'edit', body)
    expect(response.statusCode).toBe(422)
    const { errors } = response.json<{ errors: { path: string; fix: string }[] }>()
    expect(errors.map((problem) => problem.path)).toEqual([path])
    expect(errors[0]!.fix).not.toBe('')
    expect(await creditsOf(owner)).toMatchObject({ held: 0 })
  })
})

test('an edit is refused where there is nothing but sound', async () => {
  const owner = await api.customer({ credits: 100 })
  const { clipIds } = await madeClips(api, owner, 120)
  for (const [body, path] of [
    [{ end: 125 }, 'end'],
    [{ start: 130, end: 150 }, 'start'],
  ] as const) {
    const response = await change(owner, clipIds[2]!, 'edit', body)
    expect(response.statusCode).toBe(422)
    const problem = { path, fix: 'Its pictures are 120 seconds long.' }
    expect(response.json().errors).toMatchObject([problem])
  }
  expect(await creditsOf(owner)).toMatchObject({ held: 0 })
  expect((await change(owner, clipIds[2]!, 'edit', { end: 120 })).statusCode).toBe(202)
})

describe('an edit', () => {
  test('holds the price of one clip, keeps what it leaves out, and names the clip', async () => {
    const { owner, first, executionId: order, mediaId, abouts } = await scene()
    const response = await change(owner, first, 'edit', { start: 12.345 })
    expect(response.statusCode).toBe(202)
    const { executionId, clipId: id, creditsHeld } = response.json()
    expect({ id, creditsHeld }).toEqual({ id: first, creditsHeld: 12 })
    expect(await creditsOf(owner)).toMatchObject({ held: 12, available: 88 })
    const { title, hook, scores, reason, captions, format } = abouts[0]!
    expect(await wishOf(executionId)).toEqual({
      ...{ id: first, number: 1, format, captions },
      origin: { executionId: order, mediaId },
      moment: {
        moment: {
          ...{ startSeconds: 12.345, endSeconds: 30, title, hook, scores, reason },
          source: 'customer',
        },
        degradations: ['heuristicScore'],
      },
    })
    const execution = (await get(owner, `/v1/executions/${executionId}`)).json()
    expect(execution).toMatchObject({ pipeline: 'recut', subjectId: first, clipIds: [first] })
    expect(execution.steps.map(({ name }: { name: string }) => name)).toEqual([
      ...['hold credits', 'clip 1', 'save', 'notify'],
    ])
    const clip = (await get(owner, `/v1/clips/${first}`)).json()
    expect(clip).toMatchObject({ version: 1, changingExecutionId: executionId, startSeconds: 10 })
  })

  test.each<[string, object, object | null]>([
    ['false takes them away', { captions: false }, null],
    [
      'a preset keeps the language',
      { captions: { preset: 'minimal' } },
      { preset: 'minimal', language: 'en' },
    ],
    [
      'the language that was ordered changes nothing',
      { captions: { language: 'EN' } },
      TALK_WISH.captions,
    ],
  ])('of captions: %s', async (_, body, captions) => {
    const { owner, first, abouts } = await scene()
    const { executionId } = (await change(owner, first, 'edit', body)).json()
    const { captions: wanted, moment } = await wishOf(executionId)
    expect(wanted).toEqual(captions)
    const { startSeconds, endSeconds, source } = abouts[0]!
    expect(moment).toMatchObject({ moment: { startSeconds, endSeconds, source } })
  })

  test('without the credits is a 402, and nothing is in work', async () => {
    const { owner, first } = await scene(11)
    const response = await change(owner, first, 'edit', { start: 12 })
    expect(response.statusCode).toBe(402)
    expect(response.json()).toMatchObject({ neededCredits: 12, availableCredits: 11 })
    const clip = (await get(owner, `/v1/clips/${first}`)).json()
    expect(clip.changingExecutionId).toBeNull()
  })

  test('with the same key is the same order', async () => {
    const { owner, first } = await scene()
    const url = `/v1/clips/${first}/edit`
    const answers = await Promise.all([1, 2].map(() => post(owner, url, { start: 12 }, 'once')))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202])
    expect(answers[0]!.json()).toEqual(answers[1]!.json())
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
  })

  test('is the clip as soon as it is done; the version before stays with its order', async () => {
    const made = await scene()
    const { owner, first, abouts } = made
    const { executionId } = (await change(owner, first, 'edit', { start: 12 })).json()
    await end(made, executionId, { ...abouts[0]!, startSeconds: 12, source: 'customer' })
    const clip = (await get(owner, `/v1/clips/${first}`)).json()
    expect(clip).toMatchObject({
      ...{ id: first, version: 2, executionId, orderExecutionId: made.executionId },
      ...{ startSeconds: 12, endSeconds: 30, source: 'customer', changingExecutionId: null },
    })
    expect(clip.videoUrl).toContain(executionId)
    const before = (await get(owner, `/v1/executions/${made.executionId}`)).json()
    expect(before.outputs['clip-1']).toContain(made.executionId)
    expect(await creditsOf(owner)).toMatchObject({ held: 0, available: 88 })

    const next = (await change(owner, first, 'edit', { end: 28 })).json()
    const { moment } = await wishOf(next.executionId)
    expect(moment).toMatchObject({ moment: { startSeconds: 12, endSeconds: 28 } })
  })
})

describe('two changes of one clip at once', () => {
  test('are one order and a 409, and one hold, whoever comes first', async () => {
    const { owner, first } = await scene()
    const answers = await Promise.all(
      [11, 12, 13, 14].map((start) => change(owner, first, 'edit', { start })),
    )
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)
    expect(statuses).toEqual([202, 409, 409, 409])
    const refused = answers.find(({ statusCode }) => statusCode === 409)!
    expect(refused.json()).toMatchObject({ code: 'CLIP_IN_WORK' })
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
  })

  test('are not made of the same version where one ends while the other is asked for', async () => {
    const made = await scene()
    const { owner, first, abouts } = made
    const { executionId } = (await change(owner, first, 'edit', { start: 12 })).json()
    // It ends between the look at its clip and the admission of the next change.
    const { files } = api.dependencies
    const { open } = files
    const opening = vi.spyOn(files, 'open').mockImplementationOnce(async (key) => {
      const file = await open(key)
      await end(made, executionId, { ...abouts[0]!, startSeconds: 12, source: 'customer' })
      return file
    })
    onTestFinished(() => opening.mockRestore())
    const refused = await change(owner, first, 'edit', { captions: false })
    expect(refused.json()).toMatchObject({ status: 409, code: 'CLIP_IN_WORK' })

    const next = await change(owner, first, 'edit', { captions: false })
    const { moment } = await wishOf(next.json().executionId)
    expect(moment).toMatchObject({ moment: { startSeconds: 12 } })
  })

  test('with the same key are one order, also when its answer was lost on the way', async () => {
    const { owner, first } = await scene()
    const url = `/v1/clips/${first}/edit`
    const before = await post(owner, url, { start: 12 }, 'once')
    const release = { responseStatus: null, responseBody: null, lockedAt: new Date(0) }
    await connection.database
      .update(idempotencyKeys)
      .set(release)
      .where(eq(idempotencyKeys.accountId, owner.id))
    const again = await post(owner, url, { start: 12 }, 'once')
    expect(again.json()).toEqual(before.json())
    expect(again.headers['idempotency-replayed']).toBeUndefined()
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
  })

  test('of different clips are two orders', async () => {
    const { owner, clipIds } = await scene()
    const answers = await Promise.all(
      clipIds.map((id) => change(owner, id, 'edit', { format: 'square_1080' })),
    )
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202])
  })

  test('are possible one after the other, also when the first was cancelled', async () => {
    const { owner, first } = await scene()
    const { executionId } = (await change(owner, first, 'edit', { start: 11 })).json()
    const canceled = await post(owner, `/v1/executions/${executionId}/cancel`)
    expect(canceled.statusCode).toBe(202)
    await repositories.executions.abandon({
      ...{ executionId, ending: 'canceled', failure: null, step: null },
    })
    expect((await change(owner, first, 'edit', { start: 12 })).statusCode).toBe(202)
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
  })

  test('a retry is refused as well while another change is in work', async () => {
    const { owner, first } = await scene()
    const { executionId } = (await change(owner, first, 'edit', { start: 11 })).json()
    await repositories.executions.abandon({
      ...{ executionId, ending: 'error', failure: 'DISK_FULL', step: 'clip 1' },
    })
    expect((await change(owner, first, 'edit', { start: 12 })).statusCode).toBe(202)
    const retried = await post(owner, `/v1/executions/${executionId}/retry`)
    expect(retried.json()).toMatchObject({ status: 409, code: 'CLIP_IN_WORK' })
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
  })
})

describe('a regeneration', () => {
  test('looks for one moment beside all clips and what this one was, by the words of the order', async () => {
    const made = await scene()
    const { owner, first, abouts } = made
    const edited = (await change(owner, first, 'edit', { start: 0, end: 20 })).json()
    await end(made, edited.executionId, { ...abouts[0]!, startSeconds: 0, endSeconds: 20 })

    const response = await change(owner, first, 'regenerate')
    expect(response.statusCode).toBe(202)
    const { executionId, creditsHeld } = response.json()
    expect(creditsHeld).toBe(12)
    const { moment, format, captions } = await wishOf(executionId)
    expect({ format, captions }).toEqual({ format: TALK_WISH.format, captions: TALK_WISH.captions })
    expect(moment).toMatchObject({
      limits: { ...TALK_WISH.limits, count: 1 },
      prompt: TALK_WISH.prompt,
    })
    const taken = 'taken' in moment ? moment.taken : []
    const spans = taken.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])
    const [now, before, second, third] = [
      [0, 20],
      [10, 30],
      [50, 70],
      [90, 110],
    ]
    expect(new Set(spans.map(String))).toEqual(new Set([now, before, second, third].map(String)))
    const execution = (await get(owner, `/v1/executions/${executionId}`)).json()
    expect(execution.steps.map(({ name }: { name: string }) => name)).toContain('score')
  })

  test('is refused while another one of its order is in work: both might choose the same', async () => {
    const made = await scene()
    const { owner, first, clipIds, abouts } = made
    const { executionId } = (await change(owner, first, 'regenerate')).json()
    const refused = await change(owner, clipIds[1]!, 'regenerate')
    expect(refused.json()).toMatchObject({ status: 409, code: 'CLIP_IN_WORK' })
    expect(refused.json().detail).toMatch(/^Another clip of the order/)
    expect(await creditsOf(owner)).toMatchObject({ held: 12 })
    expect((await change(owner, clipIds[2]!, 'edit', { start: 91 })).statusCode).toBe(202)

    await end(made, executionId, { ...abouts[0]!, startSeconds: 200, endSeconds: 220 })
    const next = (await change(owner, clipIds[1]!, 'regenerate')).json()
    const { moment } = await wishOf(next.executionId)
    const taken = 'taken' in moment ? moment.taken : []
    expect(taken).toContainEqual({ startSeconds: 200, endSeconds: 220 })
    // What the third clip is, and what its edit makes of it.
    expect(taken).toContainEqual({ startSeconds: 90, endSeconds: 110 })
    expect(taken).toContainEqual({ startSeconds: 91, endSeconds: 110 })
  })

  test('of an order does not keep those of another one from looking', async () => {
    const one = await scene()
    const other = await madeClips(api, one.owner)
    for (const id of [one.first, other.clipIds[0]!]) {
      expect((await change(one.owner, id, 'regenerate')).statusCode).toBe(202)
    }
  })

  test('may look for something else', async () => {
    const { owner, first } = await scene()
    const body = { prompt: 'the saddest answer' }
    const { executionId } = (await change(owner, first, 'regenerate', body)).json()
    expect((await wishOf(executionId)).moment).toMatchObject({ prompt: 'the saddest answer' })
  })

  test('of nothing at all is refused', async () => {
    const { owner, first } = await scene()
    const response = await change(owner, first, 'regenerate', { prompt: '' })
    expect(response.statusCode).toBe(422)
  })
})

describe('a clip is gone', () => {
  test.each<[string, (made: Scene) => Promise<string>]>([
    [
      'with its video',
      async ({ owner, mediaId }) => (await repositories.media.find(owner.id, mediaId))!.storageKey,
    ],
    ['with its transcript', async ({ transcriptKey }) => transcriptKey],
    [
      'with its own files',
      async ({ executionId }) =>
        (await repositories.executions.findById(executionId))!.outputKeys['about-1']!,
    ],
  ])('%s: changes are a 410, and nothing is held', async (_, keyOf) => {
    const made = await scene()
    await api.dependencies.files.delete(await keyOf(made))
    for (const how of ['edit', 'regenerate'] as const) {
      const response = await change(
        made.owner,
        made.first,
        how,
        how === 'edit' ? { start: 12 } : {},
      )
      expect(response.json()).toMatchObject({ status: 410, code: 'CLIP_GONE' })
    }
    expect(await creditsOf(made.owner)).toMatchObject({ held: 0 })
  })

  test('and the others of its order are still listed', async () => {
    const { owner, executionId, clipIds } = await scene()
    const { outputKeys } = (await repositories.executions.findById(executionId))!
    await api.dependencies.files.delete(outputKeys['about-2']!)
    const listed = (await get(owner, `/v1/clips?executionId=${executionId}`)).json()
    expect(listed.clips.map(({ id }: { id: string }) => id)).toEqual([clipIds[0], clipIds[2]])
  })
})

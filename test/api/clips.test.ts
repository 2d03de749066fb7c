/** Orders of clips: what is refused, and in which words, before anything is held or started. */

import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { newId, newMedium } from '../support/records.ts'
import { orderAt, startWorkerlessApi } from './support/refused-orders.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const equipped = await startWorkerlessApi(connection, temporal, { speech: null, translation: null })
const deaf = await startWorkerlessApi(connection, temporal, {
  speech: 'SPOOL_PYTHON_PATH',
  translation: null,
})

const url = 'https://example.com/talk.mp4'

const order = orderAt('/v1/clips')

describe('an order of clips is refused at its path', () => {
  test.each<[string, object, string]>([
    ['without anything to cut', {}, 'mediaId'],
    ['with two things to cut', { url, mediaId: newId('media') }, 'mediaId'],
    ['of a foreign medium', { mediaId: newId('media') }, 'mediaId'],
    ['of what is no address of the web', { url: 'file:///etc/passwd' }, 'url'],
    ['for no clip at all', { url, count: 0 }, 'count'],
    ['for too many clips', { url, count: 21 }, 'count'],
    ['for clips that are longer than they may be', { url, maxSeconds: 181 }, 'maxSeconds'],
    ['with limits that contradict each other', { url, minSeconds: 61 }, 'minSeconds'],
    ['in an unknown format', { url, format: 'vertical' }, 'format'],
    ['with unknown captions', { url, captions: { preset: 'tictoc' } }, 'captions.preset'],
    ['with captions of another kind', { url, captions: 'tiktok' }, 'captions'],
    ['with an unknown field', { url, clips: 3 }, 'clips'],
  ])('%s', async (_what, payload, path) => {
    const { status, errors } = await order(equipped, payload)
    expect(status).toBe(422)
    expect(errors.map((problem) => problem.path)).toEqual([path])
  })

  test('with words that lead to what was meant', async () => {
    const fixOf = async (payload: object) =>
      (await order(equipped, { url, ...payload })).errors.map(({ fix }) => fix)
    expect(await fixOf({ captions: { preset: 'tictoc' } })).toEqual([
      expect.stringMatching(/^Did you mean tiktok\?/),
    ])
    expect(await fixOf({ captions: 'tiktok' })).toEqual(['Give false or an object.'])
    expect(await fixOf({ mediaId: newId('media') })).toEqual(['Give one of the two.'])
  })

  test('of a song', async () => {
    const customer = await equipped.customer()
    const song = await equipped.repositories.media.insert(newMedium(customer.id, 'song'))
    const refused = await order(equipped, { mediaId: song.id }, customer)
    expect(refused).toMatchObject({ status: 422, code: 'MEDIA_NO_VIDEO' })
  })
})

test('a server without a speech engine says so before any work starts', async () => {
  const refused = await order(deaf, { url })
  expect(refused).toMatchObject({ status: 409, code: 'NOT_CONFIGURED' })
  expect(refused.errors[0]?.message).toContain('SPOOL_PYTHON_PATH')
})

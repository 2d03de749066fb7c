/** Orders of clips: what is refused, and in which words, before anything is held or started. */

import { describe, expect, test } from 'vitest'
import type { ApiSettings } from '../../src/api/dependencies.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import { startApi, type ApiUnderTest } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const start = (missingSettings: ApiSettings['missingSettings']) =>
  startApi({
    connection,
    temporal: temporal.client,
    settings: { missingSettings, admissionTimeoutMs: 300 },
  })
const equipped = await start({ speech: null, translation: null })
const deaf = await start({ speech: 'SPOOL_PYTHON_PATH', translation: null })

const url = 'https://example.com/talk.mp4'

const order = async (api: ApiUnderTest, payload: object) => {
  const customer = await api.customer({ credits: 100 })
  const response = await api.call(customer, { method: 'POST', url: '/v1/clips', payload })
  const body = response.json<{ code: string; errors: { path: string; message: string }[] }>()
  return { status: response.statusCode, ...body }
}

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
    ['with unknown captions', { url, captions: { preset: 'tictoc' } }, 'captions'],
    ['with an unknown field', { url, clips: 3 }, 'clips'],
  ])('%s', async (_what, payload, path) => {
    const { status, errors } = await order(equipped, payload)
    expect(status).toBe(422)
    expect(errors.map((problem) => problem.path)).toEqual([path])
  })

  test('of a song', async () => {
    const customer = await equipped.customer()
    const mediaId = newId('media')
    await equipped.repositories.media.insert({
      id: mediaId,
      accountId: customer.id,
      kind: 'audio',
      storageKey: 'media/song',
      fileName: 'song.mp3',
      contentType: 'audio/mpeg',
      sizeBytes: 1_000,
      durationSeconds: 200,
      streams: [{ kind: 'audio', codec: 'mp3', sampleRateHz: 44_100, channels: 2 }],
    })
    const payload = { mediaId }
    const response = await equipped.call(customer, { method: 'POST', url: '/v1/clips', payload })
    expect(response.statusCode).toBe(422)
    expect(response.json()).toMatchObject({ code: 'MEDIA_NO_VIDEO' })
  })
})

test('a server without a speech engine says so before any work starts', async () => {
  const refused = await order(deaf, { url })
  expect(refused).toMatchObject({ status: 409, code: 'NOT_CONFIGURED' })
  expect(refused.errors[0]?.message).toContain('SPOOL_PYTHON_PATH')
})

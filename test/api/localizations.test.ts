/** Orders of localizations: what is refused, and in which words, before anything is held or started. */

import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { newId, newMedium } from '../support/records.ts'
import { orderAt, startWorkerlessApi } from './support/refused-orders.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const equipped = await startWorkerlessApi(connection, temporal, { speech: null, translation: null })
const mute = await startWorkerlessApi(connection, temporal, {
  speech: null,
  translation: 'SPOOL_TRANSLATOR',
})
const deafMute = await startWorkerlessApi(connection, temporal, {
  speech: 'SPOOL_PYTHON_PATH',
  translation: 'SPOOL_TRANSLATOR_URL',
})

const url = 'https://example.com/film.mp4'

const order = orderAt('/v1/localizations')

describe('what is not configured', () => {
  test('is said before any work starts, with the missing setting', async () => {
    const refused = await order(mute, { url })
    expect(refused).toMatchObject({ status: 409, code: 'NOT_CONFIGURED' })
    expect(refused.errors).toMatchObject([
      { path: 'languages', message: expect.stringContaining('SPOOL_TRANSLATOR') as string },
    ])
  })

  test('is said all at once', async () => {
    const { status, errors } = await order(deafMute, { url })
    expect(status).toBe(409)
    const messages = errors.map(({ message }) => message).join()
    expect(messages).toContain('SPOOL_PYTHON_PATH')
    expect(messages).toContain('SPOOL_TRANSLATOR_URL')
  })

  test('does not matter when it is not needed', async () => {
    // There is no worker to answer: it was taken as far as an order is taken.
    expect(await order(mute, { url, languages: [] })).toMatchObject({ status: 503 })
  })
})

describe('an order is refused at its path', () => {
  test.each<[string, object, string]>([
    ['without anything to work on', {}, 'mediaId'],
    ['with two things to work on', { url, mediaId: newId('media') }, 'mediaId'],
    ['of a foreign medium', { mediaId: newId('media') }, 'mediaId'],
    ['into what is no language', { url, languages: ['es', 'klingon!'] }, 'languages.1'],
    ['into too many languages', { url, languages: Array(21).fill('es') }, 'languages'],
    ['in an unknown format', { url, formats: ['ass'] }, 'formats.0'],
    ['with an unknown field', { url, language: 'es' }, 'language'],
  ])('%s', async (_what, payload, path) => {
    const { status, errors } = await order(equipped, payload)
    expect(status).toBe(422)
    expect(errors.map((problem) => problem.path)).toEqual([path])
  })

  test('of a film without sound', async () => {
    const customer = await equipped.customer()
    const film = await equipped.repositories.media.insert(newMedium(customer.id, 'silent film'))
    const refused = await order(equipped, { mediaId: film.id }, customer)
    expect(refused).toMatchObject({ status: 422, code: 'MEDIA_NO_AUDIO' })
  })
})

test('the API says of itself that it takes localizations', async () => {
  const response = await equipped.call(null, { method: 'GET', url: '/openapi.json' })
  const { paths } = response.json<{ paths: Record<string, object> }>()
  expect(paths['/v1/localizations']).toHaveProperty('post')
})

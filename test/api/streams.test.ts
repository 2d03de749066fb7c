/** Orders of streams, their retries, and playback by signed folders. */

import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createPlaybackToken } from '../../src/adapters/storage/playback-token.ts'
import type { MediaId } from '../../src/domain/ids.ts'
import { streamKeys } from '../../src/domain/storage-keys.ts'
import { testDatabase } from '../support/database.ts'
import { newId, newMedium } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { PRICE_CREDITS, runPipelinesWorker } from './support/pipelines-worker.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase({ poolSizeMax: 20 })
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
await runPipelinesWorker(temporal, api.repositories)
const { get, post, repositories } = api
const { files } = api.dependencies

const film = async (who: Customer): Promise<MediaId> =>
  (await repositories.media.insert(newMedium(who.id, 'silent film'))).id

describe('an order of a stream', () => {
  test('is taken with its credits held, and repeated by its key', async () => {
    const customer = await api.customer({ credits: 100 })
    const mediaId = await film(customer)
    const first = await post(customer, '/v1/streams', { mediaId, renditions: [720] }, 'one')
    expect(first.statusCode).toBe(202)
    const { executionId } = first.json()
    expect(first.json()).toEqual({
      executionId,
      mediaId,
      workflowId: `stream-${executionId}`,
      status: 'pending',
      creditsHeld: PRICE_CREDITS,
    })
    const again = await post(customer, '/v1/streams', { mediaId, renditions: [720] }, 'one')
    expect(again.json()).toEqual(first.json())
    const execution = (await get(customer, `/v1/executions/${executionId}`)).json()
    expect(execution).toMatchObject({ pipeline: 'stream', subjectId: mediaId })
  })

  test('of a URL names the medium that it will become', async () => {
    const customer = await api.customer({ credits: 100 })
    const body = { url: 'https://films.example/film.mp4' }
    const answer = (await post(customer, '/v1/streams', body)).json()
    expect(answer.mediaId).toMatch(/^med_/)
    expect((await get(customer, `/v1/media/${answer.mediaId}`)).statusCode).toBe(404)
  })

  test('of a signed URL leaves nothing of it in the history', async () => {
    const customer = await api.customer({ credits: 100 })
    const body = { url: 'https://films.example/private/film.mp4?X-Amz-Signature=5ecret' }
    const { workflowId } = (await post(customer, '/v1/streams', body)).json()
    const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory()
    const history = JSON.stringify(events, (key, value: unknown) =>
      key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
    )
    expect(history).toContain('sealedUrl')
    expect(history).not.toContain('films.example')
    expect(history).not.toContain('5ecret')
  })

  test('that cannot be paid is a 402 with the figures', async () => {
    const customer = await api.customer({ credits: 1 })
    const answer = await post(customer, '/v1/streams', { mediaId: await film(customer) })
    expect(answer.statusCode).toBe(402)
    expect(answer.json()).toMatchObject({ neededCredits: PRICE_CREDITS, availableCredits: 1 })
  })

  test('is refused by the field that is wrong', async () => {
    const customer = await api.customer({ credits: 100 })
    const stranger = await api.customer({ credits: 100 })
    const mediaId = await film(customer)
    const refusals: readonly (readonly [object, string])[] = [
      [{}, 'mediaId'],
      [{ mediaId, url: 'https://films.example/film.mp4' }, 'mediaId'],
      [{ mediaId: await film(stranger) }, 'mediaId'],
      [{ mediaId: await api.song(customer.id) }, 'mediaId'],
      [{ url: 'file:///etc/passwd' }, 'url'],
      [{ mediaId, renditions: [1] }, 'renditions'],
      [{ mediaId, renditions: [] }, 'renditions'],
      [{ mediaId, language: 'not a language' }, 'language'],
      [{ mediaId, rendition: 720 }, 'rendition'],
    ]
    for (const [body, field] of refusals) {
      const answer = await post(customer, '/v1/streams', body)
      expect(answer.statusCode, JSON.stringify(body)).toBe(422)
      const paths = answer.json().errors.map(({ path }: { path: string }) => path.split(/[.[]/)[0])
      expect(paths, JSON.stringify(body)).toContain(field)
    }
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(0)
  })
})

describe('a retry', () => {
  test('is refused while there is nothing to try again, and costs what is left', async () => {
    const customer = await api.customer({ credits: 100 })
    const accepted = await post(customer, '/v1/streams', { mediaId: await film(customer) })
    const { executionId } = accepted.json()
    const url = `/v1/executions/${executionId}`
    expect((await post(customer, `${url}/retry`)).statusCode).toBe(409)

    // Nobody serves the media queue: the order ends as the last attempt of its steps would end it.
    await temporal.client.workflow.getHandle(`stream-${executionId}`).terminate('for the test')
    await repositories.executions.completeBranches({
      executionId,
      outcome: 'partial',
      step: 'assemble',
      branches: [
        { step: 'poster', outcome: 'completed', failure: null, outputs: { poster: 'a/key' } },
        { step: 'ladder', outcome: 'failed', failure: 'ENCODER_CRASHED', outputs: {} },
      ],
    })
    const partial = (await get(customer, url)).json()
    expect(partial).toMatchObject({
      status: 'partial',
      error: { code: 'ENCODER_CRASHED', step: 'ladder' },
      credits: { held: PRICE_CREDITS, captured: 0, refunded: PRICE_CREDITS },
    })
    const stranger = await api.customer()
    expect((await post(stranger, `${url}/retry`)).statusCode).toBe(404)
    expect((await post(customer, `${url}/cancel`)).statusCode).toBe(409)

    expect((await post(customer, `${url}/retry`)).statusCode).toBe(202)
    const retried = (await get(customer, url)).json()
    expect(retried.credits.held).toBe(2 * PRICE_CREDITS)
    expect((await get(customer, '/v1/account')).json().credits.held).toBe(PRICE_CREDITS)
    expect((await post(customer, `${url}/retry`)).statusCode).toBe(409)
  })
})

describe('playback', () => {
  const published = async () => {
    const customer = await api.customer()
    const mediaId = await film(customer)
    const executionId = newId('execution')
    const { folderKey } = streamKeys({ accountId: customer.id, mediaId, executionId })
    const put = (name: string, text: string, contentType: string) =>
      files.put(`${folderKey}/${name}`, Readable.from([Buffer.from(text)]), { contentType })
    await put('master.m3u8', '#EXTM3U', 'application/vnd.apple.mpegurl')
    await put('v-360/00001.m4s', '0123456789', 'video/iso.segment')
    await repositories.mediaStreams.begin({ accountId: customer.id, mediaId, executionId })
    await repositories.mediaStreams.publish(executionId, folderKey)
    const { stream } = (await get(customer, `/v1/media/${mediaId}`)).json()
    return { customer, mediaId, folderKey, stream, path: new URL(stream.hlsUrl).pathname }
  }
  const anyone = (url: string, headers: Record<string, string> = {}) =>
    api.app.inject({ method: 'GET', url, headers })

  test('begins as soon as a rung is published, and not before', async () => {
    const customer = await api.customer()
    const mediaId = await film(customer)
    expect((await get(customer, `/v1/media/${mediaId}`)).json().stream).toBeNull()
    const { stream } = await published()
    expect(stream).toMatchObject({ status: 'processing', readyToStream: true, posterUrl: null })
  })

  test('needs no key, and a manifest leads to its neighbours', async () => {
    const { path } = await published()
    const manifest = await anyone(path, { origin: 'https://player.example' })
    expect(manifest.statusCode).toBe(200)
    expect(manifest.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
      'cache-control': 'no-cache',
    })
    // Players add parameters of their own.
    expect((await anyone(`${path}?_HLS_skip=YES`)).statusCode).toBe(200)
    const segment = path.replace('master.m3u8', 'v-360/00001.m4s')
    const part = await anyone(segment, { range: 'bytes=2-4' })
    expect([part.statusCode, part.body]).toEqual([206, '234'])
    expect(part.headers['content-range']).toBe('bytes 2-4/10')
    const preflight = await api.app.inject({ method: 'OPTIONS', url: segment })
    expect(preflight.statusCode).toBe(204)
    expect(preflight.headers['access-control-allow-headers']).toContain('range')
  })

  test('ends at the folder, with the time, and with a changed token', async () => {
    const { customer, mediaId, folderKey, path } = await published()
    const original = path.replace('master.m3u8', '..%2f..%2foriginal')
    expect((await anyone(original)).statusCode).toBe(404)
    const token = path.split('/')[2]!
    const other = Buffer.from(JSON.stringify([`media/${customer.id}/${mediaId}`, 9e15]))
    const forged = `${other.toString('base64url')}.${token.split('.')[1]}`
    expect((await anyone(path.replace(token, forged))).statusCode).toBe(403)
    const secret = 's'.repeat(32)
    const expired = createPlaybackToken({ folderKey, expiresAtMs: Date.now() - 1, secret })
    expect((await anyone(path.replace(token, expired))).statusCode).toBe(403)
    expect((await anyone(path.replace(token, 'x'))).statusCode).toBe(403)
    expect((await anyone(path.replace('master', 'other'))).statusCode).toBe(404)
  })

  test('shows a stranger nothing of it', async () => {
    const { mediaId } = await published()
    const stranger = await api.customer()
    expect((await get(stranger, `/v1/media/${mediaId}`)).statusCode).toBe(404)
  })
})

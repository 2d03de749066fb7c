/** What is said about plans before they are paid for. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/domain/generation/finding.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

/** Has one picture, and nothing else. */
const site = createServer((request, response) => {
  const isThere = request.url === '/there.png'
  response.writeHead(isThere ? 206 : 404).end('x')
})
await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
const host = `127.0.0.1:${(site.address() as AddressInfo).port}`

const api = await startApi({
  connection: await testDatabase(),
  temporal: (await testTemporal()).client,
  settings: {
    modelProviders: ['replicate'],
    missingEngines: { speech: 'SPOOL_PYTHON_PATH', translation: null },
    planJobsMax: 3,
  },
  allowPrivateHosts: [host],
})
let customer: Customer
beforeAll(async () => {
  customer = await api.customer({ credits: 100 })
})
afterAll(() => site.close())

const lint = async (payload: unknown) => {
  const request = {
    method: 'POST',
    url: '/v1/generations/lint',
    payload: payload as object,
  } as const
  const response = await api.call(customer, request)
  expect(response.statusCode).toBe(200)
  return response.json<{
    ok: boolean
    findings: Finding[]
    estimate: { lowerCredits: number; upperCredits: number } | null
  }>()
}

const card = { id: 'card', type: 'generateImage', params: { model: 'local/card', prompt: 'Hi' } }
const slideOf = (image: string) => ({
  ...{ id: 'slide', type: 'generate' },
  params: { model: 'local/pan-zoom', image, duration: 10 },
})

describe('a plan is judged before anything is paid', () => {
  test('and is in order', async () => {
    expect(await lint({ jobs: [card, slideOf('_imageJobDependency:card')] })).toEqual({
      ok: true,
      findings: [],
      estimate: {
        ...{ lowerCredits: 3, upperCredits: 3 },
        jobs: [
          { jobId: 'card', lowerCredits: 1, upperCredits: 1 },
          { jobId: 'slide', lowerCredits: 2, upperCredits: 2 },
        ],
      },
    })
    const { credits } = (await api.call(customer, { method: 'GET', url: '/v1/account' })).json<{
      credits: { available: number; held: number }
    }>()
    expect(credits).toMatchObject({ available: 100, held: 0 })
  })

  test('and has findings of what cannot be read and of what can, each at its place', async () => {
    const { ok, findings, estimate } = await lint({
      jobs: [
        { id: 'a', type: 'generateImage', params: { modelId: 'local/crad', prompt: 'Hi' } },
        { id: 'b', type: 'trimm', params: {} },
        {
          id: 'c',
          type: 'generate',
          params: { modelId: 'local/pan-zoom', image_url: '_jobDependency:z' },
        },
      ],
    })
    expect(ok).toBe(false)
    expect(findings).toMatchObject([
      { rule: 'operation-unknown', path: 'jobs.1.type' },
      { rule: 'reference-dangling', path: 'jobs.2.params.image_url' },
      { rule: 'model-unknown', path: 'jobs.0.params.modelId', fix: 'Did you mean local/card?' },
    ])
    expect(estimate).not.toBeNull()
  })

  test('and is answered also where there is no plan at all', async () => {
    for (const body of [{}, [], { jobs: 'none' }]) {
      expect(await lint(body)).toMatchObject({ ok: false, estimate: null })
    }
  })

  test('and has too many jobs', async () => {
    const jobs = [1, 2, 3, 4].map((index) => ({ ...card, id: `card${index}` }))
    expect((await lint({ jobs })).findings).toMatchObject([{ rule: 'too-many-jobs' }])
  })

  test('and wants providers and engines that this server does not have', async () => {
    const heard = {
      id: 't',
      type: 'transcribe',
      params: { model: 'local/speech', video: `http://${host}/there.png` },
    }
    const drawn = {
      id: 'a',
      type: 'generateImage',
      params: { model: 'openai/gpt-image-1', prompt: 'x' },
      fallbacks: [],
    }
    const { findings } = await lint({ jobs: [heard, drawn] })
    const missing = findings.filter(({ rule }) => rule === 'provider-not-configured')
    expect(missing.map(({ message }) => message).join()).toMatch(
      /SPOOL_PYTHON_PATH.*OPENAI_API_KEY/,
    )
  })

  test('and is priced by those whom this server can ask', async () => {
    const banana = { model: 'google/nano-banana', provider: 'fal', prompt: 'x' }
    const fallbacks = [{ model: 'bytedance/seedream-4', provider: 'replicate' }]
    const drawn = { id: 'a', type: 'generateImage', params: banana, fallbacks }
    const { ok, findings, estimate } = await lint({ jobs: [drawn] })
    expect(ok).toBe(true)
    expect(findings).toMatchObject([{ rule: 'provider-not-configured', severity: 'warning' }])
    expect(estimate).toMatchObject({ lowerCredits: 3, upperCredits: 3 })
  })

  test('and costs more than there is', async () => {
    const dear = {
      id: 'v',
      type: 'generate',
      params: { model: 'bytedance/seedance-1-pro', prompt: 'x', duration: 12 },
    }
    expect((await lint({ jobs: [dear], maxCredits: 20 })).findings).toMatchObject([
      { rule: 'cost-over-limit', severity: 'warning' },
      { rule: 'credits-insufficient', severity: 'warning' },
    ])
  })
})

describe('what a plan is made from', () => {
  test('is tried: what is not there, what may not be fetched, and what is in order', async () => {
    const { findings } = await lint({
      jobs: [
        { ...slideOf(`http://${host}/there.png`), id: 'a' },
        { ...slideOf(`http://${host}/gone.png`), id: 'b' },
        { ...slideOf('http://169.254.169.254/latest/meta-data.png'), id: 'c' },
      ],
    })
    expect(findings).toMatchObject([
      {
        ...{ rule: 'source-unreachable', severity: 'error', jobId: 'b' },
        path: 'jobs.1.params.image',
      },
      { rule: 'source-unreachable', severity: 'error', jobId: 'c' },
    ])
  })

  test('is the account’s own', async () => {
    const stranger = await api.customer()
    const mine = await api.song(customer.id)
    const theirs = await api.song(stranger.id)
    const trim = (id: string, url: string) => ({
      id,
      type: 'trim',
      params: { url, start: 1, end: 2 },
    })
    const { findings } = await lint({
      jobs: [trim('a', mine), trim('b', theirs), trim('c', newId('media'))],
    })
    expect(findings).toMatchObject([
      { rule: 'medium-unknown', jobId: 'b' },
      { rule: 'medium-unknown', jobId: 'c' },
    ])
  })
})

describe('what plans can be made of', () => {
  test('is listed with what is usable here, and why not', async () => {
    const answer = await api.call(customer, { method: 'GET', url: '/v1/generations/models' })
    const { models, creditMicroUsd } = answer.json<{
      creditMicroUsd: number
      models: {
        model: string
        usable: boolean
        providers: { provider: string; missingSetting: string | null }[]
      }[]
    }>()
    expect(creditMicroUsd).toBe(10_000)
    const usable = new Map(models.map(({ model, usable: is }) => [model, is]))
    expect(usable.get('local/card')).toBe(true)
    expect(usable.get('google/nano-banana')).toBe(true)
    expect(usable.get('openai/gpt-image-1')).toBe(false)
    expect(usable.get('local/speech')).toBe(false)
    const banana = models.find(({ model }) => model === 'google/nano-banana')
    expect(banana?.providers).toMatchObject([
      { provider: 'replicate', missingSetting: null },
      { provider: 'fal', missingSetting: 'FAL_KEY' },
    ])
  })

  test('is described as a JSON Schema', async () => {
    const answer = await api.call(customer, { method: 'GET', url: '/v1/generations/schema' })
    expect(answer.json()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['jobs'],
    })
  })
})

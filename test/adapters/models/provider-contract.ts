import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  ModelCall,
  ModelJobHandle,
  ModelProvider,
} from '../../../src/adapters/models/model-provider.ts'
import type { FakeProvider, FakeScript } from '../../support/fake-model-desk.ts'
import { closedPort } from '../../support/fake-http-service.ts'

export interface ProviderOptions {
  readonly apiKey: string
  readonly baseUrl: string
  readonly timeoutMs: number
}

/** A provider, its fake, and a call that it takes. */
export interface ProviderSubject {
  readonly start: () => Promise<FakeProvider>
  readonly create: (options: ProviderOptions, fake: FakeProvider) => ModelProvider
  readonly call: Omit<ModelCall, 'reference' | 'webhookUrl'>
  /** `at once`: what was made comes with the answer to the order. */
  readonly answers: 'at once' | 'later'
  /** Whether it says of a failed job that the input was to blame. */
  readonly tellsRejections?: boolean
}

/** Long, because the machine may be busy; nothing here waits for it. */
const TIMEOUT_MS = 30_000
/** For what never comes. */
const SHORT_TIMEOUT_MS = 400

export interface ProviderWorld {
  readonly fake: FakeProvider
  readonly folder: string
  readonly provider: ModelProvider
  readonly impatient: ModelProvider
  readonly call: ModelCall
}

/** A fake and its provider, anew for each test. */
export const providerWorld = (subject: ProviderSubject): (() => ProviderWorld) => {
  let world: ProviderWorld
  beforeEach(async () => {
    const fake = await subject.start()
    const folder = await mkdtemp(join(tmpdir(), 'spool-provider-'))
    const options = { apiKey: fake.apiKey, baseUrl: fake.baseUrl }
    world = {
      fake,
      folder,
      provider: subject.create({ ...options, timeoutMs: TIMEOUT_MS }, fake),
      impatient: subject.create({ ...options, timeoutMs: SHORT_TIMEOUT_MS }, fake),
      call: { ...subject.call, reference: 'exec_1:job a', webhookUrl: null },
    }
  })
  afterEach(async () => {
    await world.fake.close()
    await rm(world.folder, { recursive: true, force: true })
  })
  return () => world
}

export const accept = async ({
  provider,
  call,
  folder,
}: ProviderWorld): Promise<ModelJobHandle> => {
  const submission = await provider.submit(call, { folder })
  if (submission.status !== 'accepted') throw new Error('it answered at once')
  return submission.handle
}

/** What each bad answer to an order means, and whether the provider has it all the same. */
const BAD_ORDERS: readonly [string, FakeScript, Record<string, unknown>, 0 | 1][] = [
  [
    'too many orders',
    { order: 429, retryAfterSeconds: 7 },
    { code: 'PROVIDER_UNAVAILABLE', retryAfterMs: 7_000 },
    0,
  ],
  ['a fault of its own', { order: 500 }, { code: 'PROVIDER_UNAVAILABLE' }, 0],
  ['an overload', { order: 503 }, { code: 'PROVIDER_UNAVAILABLE' }, 0],
  ['a refusal', { order: 422 }, { code: 'PROVIDER_REJECTED' }, 0],
  ['no money', { order: 402 }, { code: 'PROVIDER_REJECTED' }, 0],
  ['a gateway that lost it', { order: 502 }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 0],
  ['a gateway that waited', { order: 504 }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 0],
  ['a page', { order: 'page' }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 1],
  ['JSON that breaks off', { order: 'truncated' }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 1],
  ['an answer without end', { order: 'huge' }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 1],
  ['a connection cut', { order: 'cut' }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 0],
  ['a connection cut when it had it', { order: 'loses' }, { code: 'PROVIDER_OUTCOME_UNKNOWN' }, 1],
]

/** What each bad answer about a job means. */
const BAD_NEWS: readonly [string, FakeScript, Record<string, unknown>][] = [
  [
    'too many questions',
    { asked: 429, retryAfterSeconds: 3 },
    { code: 'PROVIDER_UNAVAILABLE', retryAfterMs: 3_000 },
  ],
  ['a fault of its own', { asked: 500 }, { code: 'PROVIDER_UNAVAILABLE' }],
  ['a connection cut', { asked: 'cut' }, { code: 'PROVIDER_UNAVAILABLE' }],
  ['a page', { asked: 'page' }, { code: 'PROVIDER_OUTPUT_INVALID' }],
  ['JSON that breaks off', { asked: 'truncated' }, { code: 'PROVIDER_OUTPUT_INVALID' }],
  ['an answer without end', { asked: 'huge' }, { code: 'PROVIDER_OUTPUT_INVALID' }],
]

/** What every provider has to guarantee, whoever it is. */
export const provesToBeProvider = (title: string, subject: ProviderSubject): void => {
  describe(`every provider: ${title}`, () => {
    const world = providerWorld(subject)

    it.each(BAD_ORDERS)(
      'that answers an order with %s is asked once, and is understood',
      async (_what, script, expected, taken) => {
        const { fake, provider, call, folder } = world()
        fake.scripts.set('', script)
        await expect(provider.submit(call, { folder })).rejects.toMatchObject(expected)
        expect(fake.requests).toHaveLength(1)
        expect(fake.orders).toHaveLength(taken)
      },
    )

    it('that takes an order and never says so leaves the outcome unknown', async () => {
      const { fake, impatient, call, folder } = world()
      fake.scripts.set('', { order: 'hides' })
      await expect(impatient.submit(call, { folder })).rejects.toMatchObject({
        code: 'PROVIDER_OUTCOME_UNKNOWN',
      })
      expect(fake.orders).toHaveLength(1)
    })

    it('that is not there has surely not taken the order', async () => {
      const { fake, call, folder } = world()
      const baseUrl = `http://127.0.0.1:${await closedPort()}`
      const options = { apiKey: fake.apiKey, baseUrl, timeoutMs: TIMEOUT_MS }
      await expect(subject.create(options, fake).submit(call, { folder })).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      })
    })

    it('that has revoked the key refuses for good, and the key is not told', async () => {
      const { fake, provider, call, folder } = world()
      fake.revokeKey()
      const error: unknown = await provider
        .submit(call, { folder })
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'PROVIDER_REJECTED' })
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(fake.apiKey)
      expect(fake.orders).toEqual([])
    })

    it('is given up when the work is canceled', async () => {
      const { fake, provider, call, folder } = world()
      fake.scripts.set('', { order: 'hides' })
      const canceled = new AbortController()
      const reason = new Error('canceled')
      const submission = provider.submit(call, { folder, signal: canceled.signal })
      await expect.poll(() => fake.orders.length).toBe(1)
      canceled.abort(reason)
      await expect(submission).rejects.toBe(reason)
    })

    if (subject.answers === 'at once') answersAtOnce(world)
    else answersLater(world, subject)
  })
}

const answersAtOnce = (world: () => ProviderWorld): void => {
  it.each([
    ['fails', 'PROVIDER_UNAVAILABLE'],
    ['rejects', 'PROVIDER_REJECTED'],
    ['empty', 'PROVIDER_OUTPUT_INVALID'],
  ] as const)('whose work %s says so, and has it charged once', async (work, code) => {
    const { fake, provider, call, folder } = world()
    fake.scripts.set('', { work })
    await expect(provider.submit(call, { folder })).rejects.toMatchObject({ code })
    expect(fake.orders).toHaveLength(1)
  })

  it('has nothing to stop, and nothing to ask for later', async () => {
    const { provider, folder } = world()
    await provider.cancel({ id: 'nothing' }, {})
    expect(await provider.inspect({ id: 'nothing' }, { folder })).toMatchObject({
      status: 'failed',
      isRejected: false,
    })
  })
}

const answersLater = (world: () => ProviderWorld, { tellsRejections }: ProviderSubject): void => {
  it.each(BAD_NEWS)(
    'that tells of a job by %s is understood, and can be asked again',
    async (_what, script, expected) => {
      const { fake, provider, folder } = world()
      fake.scripts.set('', { ...script, askedTimes: 1 })
      const handle = await accept(world())
      await expect(provider.inspect(handle, { folder })).rejects.toMatchObject(expected)
      expect(await provider.inspect(handle, { folder })).toMatchObject({ status: 'completed' })
    },
  )

  it('that never answers a question is given up', async () => {
    const { fake, impatient, folder } = world()
    fake.scripts.set('', { asked: 'hangs' })
    const handle = await accept(world())
    await expect(impatient.inspect(handle, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
  })

  it('that revokes the key in the middle refuses for good', async () => {
    const { fake, provider, folder } = world()
    const handle = await accept(world())
    fake.revokeKey()
    await expect(provider.inspect(handle, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
    })
  })

  it.each([
    ['fails', false],
    ['rejects', tellsRejections !== false],
    ['empty', false],
  ] as const)('tells of work that %s as a failed job', async (work, isRejected) => {
    const { fake, provider, folder } = world()
    fake.scripts.set('', { work })
    const handle = await accept(world())
    expect(await provider.inspect(handle, { folder })).toMatchObject({
      status: 'failed',
      isRejected,
    })
  })

  it('tells of a job in work, stops it, and leaves alone what is over', async () => {
    const { fake, provider, folder } = world()
    fake.scripts.set('', { work: 'runs' })
    const handle = await accept(world())
    expect((await provider.inspect(handle, { folder })).status).toMatch(/^(?:queued|processing)$/)
    await provider.cancel(handle, {})
    expect(fake.orders[0]).toMatchObject({ status: 'canceled' })
    expect((await provider.inspect(handle, { folder })).status).toMatch(/^(?:canceled|failed)$/)
    await provider.cancel(handle, {})
  })

  it('keeps what is done when it is canceled too late', async () => {
    const { fake, provider, folder } = world()
    const handle = await accept(world())
    await provider.cancel(handle, {})
    expect(fake.orders[0]).toMatchObject({ status: 'completed' })
    expect(await provider.inspect(handle, { folder })).toMatchObject({ status: 'completed' })
  })

  it('tells of a job that it does not know any more as failed', async () => {
    const { provider, folder } = world()
    const { urls, ...handle } = await accept(world())
    const gone = Object.entries(urls ?? {}).map(([name, url]) => [
      name,
      url.replace(handle.id, 'abcdef'),
    ])
    const unknown = { id: 'abcdef', urls: Object.fromEntries(gone) as Record<string, string> }
    expect(await provider.inspect(unknown, { folder })).toMatchObject({ status: 'failed' })
    await provider.cancel(unknown, {})
  })
}

import { afterEach, describe, expect, test } from 'vitest'
import type { Alert } from '../../../src/adapters/notify/alert.ts'
import { createAlerts, type AlertTargetConfig } from '../../../src/adapters/notify/alerts.ts'
import { createSentryAlerter } from '../../../src/adapters/notify/sentry.ts'
import { createSlackAlerter } from '../../../src/adapters/notify/slack.ts'
import { createTelegramAlerter } from '../../../src/adapters/notify/telegram.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
  type RecordedRequest,
} from '../../support/fake-http-service.ts'

const BOT_TOKEN = '123456:AA-secret-bot-token'
const SLACK_PATH = '/services/T000/B000/secret-slack-path'
const ALERT: Alert = {
  title: 'Render failed',
  detail: 'GET https://store.example.com/a.mp4?signature=very-secret&x=1 <!channel> *_[ gave 403',
  severity: 'error',
  executionId: 'exec_1',
  step: 'remoteRender',
  code: 'RENDERER_FAILED',
}

const services: FakeHttpService[] = []
afterEach(() => Promise.all(services.splice(0).map((service) => service.close())))

const serve = async (answer: (request: RecordedRequest) => FakeAnswer | null) => {
  const service = await startFakeHttpService(answer)
  services.push(service)
  return service
}

const telegramOk: FakeAnswer = { body: JSON.stringify({ ok: true, result: { message_id: 1 } }) }
const telegramError = (status: number, description: string, parameters = {}): FakeAnswer => ({
  status,
  body: JSON.stringify({ ok: false, error_code: status, description, parameters }),
})
const telegramAt = (apiBaseUrl: string, onChatMigrated?: (id: string) => void) =>
  createTelegramAlerter(
    { kind: 'telegram', botToken: BOT_TOKEN, chatId: '-100', apiBaseUrl },
    onChatMigrated,
  )
const bodyOf = (request: RecordedRequest | undefined) =>
  JSON.parse(request?.body ?? 'null') as Record<string, unknown>

describe('Telegram', () => {
  test('gets plain text with step, code and execution, and no signed query', async () => {
    const service = await serve(() => telegramOk)
    await telegramAt(service.baseUrl).send(ALERT)
    expect(service.requests[0]).toMatchObject({
      method: 'POST',
      url: `/bot${BOT_TOKEN}/sendMessage`,
    })
    const body = bodyOf(service.requests[0])
    expect(body).not.toHaveProperty('parse_mode')
    expect(body['chat_id']).toBe('-100')
    expect(body['text']).toBe(
      '[error] Render failed\nStep: remoteRender\nCode: RENDERER_FAILED\nExecution: exec_1\n' +
        'GET https://store.example.com/a.mp4?… <!channel> *_[ gave 403',
    )
  })

  test('a long detail is cut to 4096 units, never through a character', async () => {
    const service = await serve(() => telegramOk)
    for (const padding of ['', 'x']) {
      await telegramAt(service.baseUrl).send({ ...ALERT, detail: padding + '🎬'.repeat(3000) })
    }
    for (const request of service.requests) {
      const text = bodyOf(request)['text'] as string
      expect(text.length).toBeLessThanOrEqual(4096)
      expect(text.length).toBeGreaterThan(4090)
      expect(text.isWellFormed()).toBe(true)
      expect(text).toContain('exec_1')
    }
  })

  test('429 is worth a retry after retry_after', async () => {
    const service = await serve(() =>
      telegramError(429, 'Too Many Requests: retry after 34', { retry_after: 34 }),
    )
    await expect(telegramAt(service.baseUrl).send(ALERT)).rejects.toMatchObject({
      code: 'NOTIFICATION_FAILED',
      retryAfterMs: 34_000,
    })
    expect(service.requests).toHaveLength(1)
  })

  test('a group that became a supergroup is followed at once and remembered', async () => {
    const service = await serve((request) =>
      bodyOf(request)['chat_id'] === '-100'
        ? telegramError(400, 'group chat was upgraded', { migrate_to_chat_id: -1001234567890 })
        : telegramOk,
    )
    const migrations: string[] = []
    const telegram = telegramAt(service.baseUrl, (id) => migrations.push(id))
    await telegram.send(ALERT)
    await telegram.send(ALERT)
    const chatIds = service.requests.map((request) => bodyOf(request)['chat_id'])
    expect(chatIds).toEqual(['-100', '-1001234567890', '-1001234567890'])
    expect(migrations).toEqual(['-1001234567890'])
  })

  test('a wrong token is final and in no error', async () => {
    const service = await serve(() => telegramError(401, `Unauthorized ${BOT_TOKEN}`))
    const error = await telegramAt(service.baseUrl)
      .send(ALERT)
      .catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'NOTIFICATION_REJECTED' })
    expect(String(error)).toContain('Unauthorized')
    expect(String(error)).not.toContain(BOT_TOKEN)
  })
})

describe('Slack', () => {
  const slackAt = (baseUrl: string) =>
    createSlackAlerter({ kind: 'slack', webhookUrl: baseUrl + SLACK_PATH })

  test('gets text in which nothing can mention a channel', async () => {
    const service = await serve(() => ({ body: 'ok' }))
    await slackAt(service.baseUrl).send(ALERT)
    expect(service.requests[0]).toMatchObject({ method: 'POST', url: SLACK_PATH })
    const text = bodyOf(service.requests[0])['text'] as string
    expect(text).toContain('&lt;!channel&gt;')
    expect(text).not.toContain('<!channel>')
    expect(text).not.toContain('very-secret')
  })

  test('429 is worth a retry after Retry-After', async () => {
    const service = await serve(() => ({ status: 429, headers: { 'retry-after': '30' } }))
    await expect(slackAt(service.baseUrl).send(ALERT)).rejects.toMatchObject({
      code: 'NOTIFICATION_FAILED',
      retryAfterMs: 30_000,
    })
  })

  test.each([
    [404, 'no_service', 'NOTIFICATION_REJECTED'],
    [400, 'invalid_payload', 'NOTIFICATION_REJECTED'],
    [410, 'channel_is_archived', 'NOTIFICATION_REJECTED'],
    [302, '', 'NOTIFICATION_REJECTED'],
    [500, 'rollup_error', 'NOTIFICATION_FAILED'],
  ])('%i %s is %s', async (status, body, code) => {
    const service = await serve(() => ({ status, body, headers: { location: '/elsewhere' } }))
    const error = await slackAt(service.baseUrl)
      .send(ALERT)
      .catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code })
    expect(String(error)).toContain(body)
    expect(String(error)).not.toContain('secret-slack-path')
    expect(service.requests).toHaveLength(1)
  })
})

describe('Sentry', () => {
  const sentryAt = (port: number) =>
    createSentryAlerter({
      kind: 'sentry',
      dsn: `http://publickey@127.0.0.1:${port}/42`,
      environment: 'production',
      release: 'spool@1.2.3',
    })

  test('gets one event with tags, level and release, and no signed query', async () => {
    const service = await serve(() => ({ body: '{}' }))
    await sentryAt(service.port).send(ALERT)
    const [request] = service.requests
    expect(request?.url).toMatch(/^\/api\/42\/envelope\/\?.*sentry_key=publickey/)
    expect(request?.body).not.toContain('very-secret')
    const [envelope, item, event] = (request?.body ?? '')
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(item).toMatchObject({ type: 'event' })
    expect(event).toMatchObject({
      event_id: envelope?.['event_id'],
      level: 'error',
      message: 'Render failed',
      environment: 'production',
      release: 'spool@1.2.3',
      tags: { step: 'remoteRender', code: 'RENDERER_FAILED', executionId: 'exec_1' },
      extra: { detail: 'GET https://store.example.com/a.mp4?… <!channel> *_[ gave 403' },
    })
  })

  test('an event that Sentry does not take counts as not sent', async () => {
    const busy = await serve(() => ({ status: 429, headers: { 'retry-after': '60' } }))
    await expect(sentryAt(busy.port).send(ALERT)).rejects.toMatchObject({
      code: 'NOTIFICATION_FAILED',
      retryAfterMs: 60_000,
    })
    const refusing = await serve(() => ({ status: 403 }))
    await expect(sentryAt(refusing.port).send(ALERT)).rejects.toMatchObject({
      code: 'NOTIFICATION_REJECTED',
    })
    const broken = createSentryAlerter({ kind: 'sentry', dsn: 'not a dsn' })
    await expect(broken.send(ALERT)).rejects.toMatchObject({ code: 'NOTIFICATION_REJECTED' })
  })
})

describe('alerts', () => {
  test('one failing target keeps no other from being told, and is reported without secrets', async () => {
    const logged: string[] = []
    const log = { warn: (...args: unknown[]) => void logged.push(JSON.stringify(args)) }
    const sentry = await serve(() => ({ body: '{}' }))
    const slack = await serve(() => null)
    const configs: AlertTargetConfig[] = [
      {
        kind: 'telegram',
        botToken: BOT_TOKEN,
        chatId: '1',
        apiBaseUrl: `http://127.0.0.1:${await closedPort()}`,
      },
      { kind: 'slack', webhookUrl: slack.baseUrl + SLACK_PATH },
      { kind: 'sentry', dsn: `http://publickey@127.0.0.1:${sentry.port}/42` },
    ]
    const alerts = createAlerts(configs, log)
    const outcomes = await alerts.send(ALERT)
    expect(alerts.names).toEqual(['telegram', 'slack', 'sentry'])
    expect(outcomes).toMatchObject([
      { name: 'telegram', ok: false, error: expect.stringContaining('ECONNREFUSED') },
      { name: 'slack', ok: false, error: expect.stringContaining('NOTIFICATION_FAILED') },
      { name: 'sentry', ok: true },
    ])
    expect(sentry.requests).toHaveLength(1)
    expect(logged).toHaveLength(2)
    const told = JSON.stringify(outcomes) + logged.join()
    for (const secret of [BOT_TOKEN, 'secret-slack-path', 'very-secret', 'publickey']) {
      expect(told).not.toContain(secret)
    }
  })

  test('an address that is none is reported without being quoted', async () => {
    const log = { warn: () => {} }
    const alerts = createAlerts([{ kind: 'slack', webhookUrl: 'hooks/secret-slack-path' }], log)
    const [outcome] = await alerts.send(ALERT)
    expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('invalid address') })
    expect(JSON.stringify(outcome)).not.toContain('secret-slack-path')
  })

  test('no targets is no failure', async () => {
    expect(await createAlerts([], { warn: () => {} }).send(ALERT)).toEqual([])
  })

  test('a cancel stays a cancel', async () => {
    const slack = await serve(() => ({ body: 'ok' }))
    const alerts = createAlerts([{ kind: 'slack', webhookUrl: slack.baseUrl + SLACK_PATH }], {
      warn: () => {},
    })
    const reason = new Error('canceled by the caller')
    await expect(alerts.send(ALERT, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
